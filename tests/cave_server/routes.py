"""Which path is whose: from a request to its answer, the token checked on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cave_server import materialize, segmentation, services
from tests.cave_server.answers import (
    Answer,
    Refused,
    Request,
    as_json,
    failed,
    missing,
    missing_permission,
    missing_tos,
    unauthorized,
)
from tests.cave_server.build import demo_stack, minnie_stack
from tests.cave_server.materialize import Materialize
from tests.cave_server.queries import Rules
from tests.cave_server.stack import Stack, TruthOfStack

TOKEN = "stand-in-token-of-a-user-who-may"
SECOND_TOKEN = "stand-in-token-of-another-user"
TOKEN_WITHOUT_TERMS = "stand-in-token-terms-not-accepted"
TOKEN_WITHOUT_PERMISSION = "stand-in-token-no-permission"
BAD_TOKEN = "stand-in-token-that-nobody-has"
USERS = {
    TOKEN: "user",
    SECOND_TOKEN: "second user",
    TOKEN_WITHOUT_TERMS: "without terms",
    TOKEN_WITHOUT_PERMISSION: "without permission",
}


@dataclass(frozen=True)
class Options:
    """How the stand-in is started.

    row_limit: QUERY_LIMIT_SIZE of the server. shuffle: each answer in another order of rows, and other rows where they
    are limited. small: about 200 cells a stack instead of the whole column. minnie: folder `minnie65_cells_a` (None:
    synthetic). api_versions: what /materialize/api/versions says.
    """

    row_limit: int = 500_000
    shuffle: bool = False
    small: bool = True
    minnie: Path | None = None
    api_versions: tuple[int, ...] = (2, 3)


class Service:
    """All services of the stand-in on one address."""

    def __init__(self, options: Options) -> None:
        stacks = (demo_stack(options.small), minnie_stack(options.minnie, options.small))
        self.stacks: dict[str, Stack] = {s.name: s for s in stacks}
        self.materialize = Materialize(self.stacks, Rules(options.row_limit, options.shuffle))
        self.address = ""
        self._routes = self._all_routes(options)

    @property
    def truth(self) -> dict[str, TruthOfStack]:
        """What is served, by datastack and version."""
        return {name: TruthOfStack(stack) for name, stack in self.stacks.items()}

    @property
    def terms_form(self) -> str:
        """Where the terms of service are accepted."""
        return f"{self.address}/sticky_auth/api/v1/tos/2/accept"

    def answer(self, request: Request) -> Answer:
        """Answer a request; what the services refuse is an answer too."""
        for method, pattern, public, work in self._routes:
            found = pattern.fullmatch(request.path)
            if found is None or request.method != method:
                continue
            parts = found.groupdict()
            stack = self._stack(parts) if {"ds", "graph"} & set(parts) else None
            refusal = None if public else self.refusal(request, stack)
            if refusal is not None:
                return refusal
            try:
                return work(request, **self._arguments(parts, stack))
            except Refused as refused:
                return refused.answer
            except Exception as error:  # as the query routes trap everything
                return failed(f"{type(error).__name__}: {error}").answer
        return missing(request.path).answer

    def refusal(self, request: Request, stack: Stack | None) -> Answer | None:
        """Why this user gets no answer; None where nothing is wrong."""
        header = request.headers.get("authorization")
        if header is None:
            # Browsers are sent to a login page: so is a client without a token.
            return Answer(302, headers=(("Location", f"{self.address}/sticky_auth/api/v1/authorize"),))
        token = header.removeprefix("Bearer").strip()
        if not token:
            return unauthorized("no_token")
        user = USERS.get(token)
        if user is None:
            return unauthorized("invalid_token")
        if stack is not None and user == "without terms":
            return missing_tos(self.terms_form)
        if stack is not None and user == "without permission":
            return missing_permission(stack.name)
        return None

    def _stack(self, parts: dict[str, str]) -> Stack | None:
        name = parts.get("ds") or parts.get("graph", "").removesuffix("_graph")
        return self.stacks.get(name)

    def _arguments(self, parts: dict[str, str], stack: Stack | None) -> dict[str, Any]:
        if not {"ds", "graph"} & set(parts):
            return parts
        if stack is None:
            raise missing(f"datastack {parts.get('ds') or parts.get('graph')}")
        return {"stack": stack} | {k: v for k, v in parts.items() if k not in ("ds", "graph")}

    def _all_routes(self, options: Options) -> list[tuple[str, re.Pattern[str], bool, Callable[..., Answer]]]:
        mat, graph = self.materialize, segmentation
        v2, v3 = (rf"/materialize/api/{v}/datastack/(?P<ds>\w+)" for v in ("v2", "v3"))
        version, table, view = r"/version/(?P<version>\d+)", r"/table/(?P<table>\w+)", r"/views/(?P<view>\w+)"
        pcg = r"/segmentation/api/v1/table/(?P<graph>\w+)"
        sk = r"/skeletoncache/api/v1/(?P<ds>\w+)"

        def told(value: object) -> Callable[..., Answer]:
            return lambda request: as_json(value)

        login = Answer(200, b"<!doctype html><title>Log in</title>", "text/html; charset=utf-8")
        public: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/sticky_auth/.*", lambda request: login),
            ("GET", r"/info/version", told(services.INFO_VERSION)),
            ("GET", r"/materialize/version", told(materialize.VERSION)),
            ("GET", r"/materialize/api/versions", told(list(options.api_versions))),
            ("GET", r"/segmentation/api/versions", told([0, 1])),
            ("GET", r"/segmentation/api/version", told(segmentation.VERSION)),
            ("GET", r"/schema/versions", told([1, 2])),
            ("GET", r"/skeletoncache/api/version", told(services.SKELETON_VERSION)),
            ("GET", r"/skeletoncache/api/versions", told(services.SKELETON_VERSIONS)),
        ]
        guarded: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/info/api/v2/datastacks", told(list(self.stacks))),
            ("GET", r"/info/api/v2/datastack/full/(?P<ds>\w+)", self._info),
            ("GET", r"/info/api/v2/datastack/(?P<ds>\w+)/image_sources", services.image_sources),
            ("GET", r"/schema/api/v2/type", told(list(services.SCHEMAS))),
            ("GET", r"/schema/api/v2/types_all", told(services.SCHEMAS)),
            ("GET", r"/schema/api/v2/type/(?P<name>\w+)", services.schema),
            ("GET", rf"{v3}/versions", mat.versions),
            ("GET", rf"{v3}/metadata", mat.versions_metadata),
            ("GET", rf"{v3}{version}", mat.version_metadata),
            ("GET", rf"{v2}{version}/tables", mat.tables),
            ("GET", rf"{v2}{version}{table}/count", mat.count),
            ("GET", rf"{v3}{version}/tables/metadata", mat.tables_metadata),
            ("GET", rf"{v3}{version}{table}/metadata", mat.table_metadata),
            ("GET", rf"{v3}{table}/unique_string_values", mat.unique_strings),
            ("GET", rf"{v3}{version}/views", mat.views),
            ("GET", rf"{v3}{version}/views/schemas", mat.view_schemas),
            ("GET", rf"{v3}{version}{view}/metadata", mat.view_metadata),
            ("GET", rf"{v3}{version}{view}/schema", mat.view_schema),
            ("POST", rf"{v3}{version}{table}/query", mat.query_table),
            ("POST", rf"{v3}{version}{view}/query", mat.query_view),
            ("POST", rf"{v3}{version}/query", mat.query_join),
            ("POST", rf"{v3}/query", mat.query_live),
            ("GET", r"/segmentation/table/(?P<graph>\w+)/info", graph.info),
            ("POST", rf"{pcg}/is_latest_roots", graph.is_latest_roots),
            ("POST", rf"{pcg}/root_timestamps", graph.root_timestamps),
            ("POST", rf"{pcg}/roots_binary", graph.roots_binary),
            ("GET", rf"{pcg}/node/(?P<node>\d+)/root", graph.root),
            ("GET", rf"{pcg}/node/(?P<node>\d+)/leaves", graph.leaves),
            ("POST", rf"{pcg}/lineage_graph_multiple", graph.lineage_graph),
            ("GET", rf"{pcg}/past_id_mapping", graph.past_id_mapping),
            ("GET", rf"{pcg}/valid_nodes", graph.valid_nodes),
            ("GET", rf"{pcg}/delta_roots", graph.delta_roots),
            ("GET", rf"{pcg}/oldest_timestamp", graph.oldest_timestamp),
            ("POST", rf"{sk}/bulk/get_cached_skeletons/(?P<version>\d+)/(?P<form>\w+)", services.cached_skeletons),
            ("GET", rf"{sk}/async/get_skeleton/(?P<version>\d+)/(?P<root>\d+)/(?P<form>\w+)", services.one_skeleton),
            ("POST", rf"{sk}/precomputed/skeleton/exists", services.skeletons_exist),
            ("GET", r"/l2cache/api/v1/table_mapping", told({})),
        ]
        # Version 2 of the API has the same calls, but no views.
        guarded += [
            (method, path.replace("/materialize/api/v3/", "/materialize/api/v2/"), work)
            for method, path, work in guarded
            if path.startswith(v3) and "view" not in path and not path.endswith(rf"{v3}/query")
        ]
        return [
            (method, re.compile(path), is_public, work)
            for routes, is_public in ((public, True), (guarded, False))
            for method, path, work in routes
        ]

    def _info(self, request: Request, stack: Stack) -> Answer:
        return services.datastack_info(request, stack, self.address)
