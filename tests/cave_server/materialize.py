"""The materialization service: versions, tables, views, queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.cave_server.answers import Answer, Refused, Request, as_json, bad_request, failed, missing, trapped
from tests.cave_server.history import History
from tests.cave_server.queries import Rules, Selection, answer, joined, single
from tests.cave_server.stack import Stack, Version
from tests.cave_server.tables import Table

VERSION = "5.26.4"


@dataclass
class Materialize:
    """The service over some datastacks. expired: (datastack, version) pairs that expired since the start."""

    stacks: dict[str, Stack]
    rules: Rules
    expired: set[tuple[str, int]] = field(default_factory=set)

    def versions(self, request: Request, stack: Stack) -> Answer:
        """GET versions: numbers, in no order."""
        shown = request.flag("expired")
        return as_json([v.number for v in stack.versions if shown or not self._is_expired(stack, v)])

    def versions_metadata(self, request: Request, stack: Stack) -> Answer:
        """GET metadata: what is said of each version."""
        shown = request.flag("expired")
        return as_json([self._told(stack, v) for v in stack.versions if shown or not self._is_expired(stack, v)])

    def version_metadata(self, request: Request, stack: Stack, version: str) -> Answer:
        """GET version/V: of an expired one as well."""
        return as_json(self._told(stack, self._known(stack, version)))

    def tables(self, request: Request, stack: Stack, version: str) -> Answer:
        """GET (v2) tables: their names."""
        return as_json(list(stack.tables_in(self._live(stack, version).state, "table")))

    def count(self, request: Request, stack: Stack, version: str, table: str) -> Answer:
        """GET (v2) table/T/count."""
        found = self._live(stack, version)
        self._table(stack, found, table)
        return as_json(len(stack.frame(table, found.state)))

    def tables_metadata(self, request: Request, stack: Stack, version: str) -> Answer:
        """GET tables/metadata: of all tables."""
        found = self._live(stack, version)
        return as_json([_about(stack, t) for t in stack.tables_in(found.state, "table").values()])

    def table_metadata(self, request: Request, stack: Stack, version: str, table: str) -> Answer:
        """GET table/T/metadata; its notice comes as a Warning too."""
        found = self._table(stack, self._live(stack, version), table)
        return as_json(_about(stack, found), headers=tuple(("Warning", n) for n in _notices(found)))

    def views(self, request: Request, stack: Stack, version: str) -> Answer:
        """GET views: what is said of each, by name."""
        found = self._live(stack, version)
        return as_json({n: _about_view(stack, t) for n, t in stack.tables_in(found.state, "view").items()})

    def view_metadata(self, request: Request, stack: Stack, version: str, view: str) -> Answer:
        """GET views/N/metadata."""
        return as_json(_about_view(stack, self._table(stack, self._live(stack, version), view, "view")))

    def view_schema(self, request: Request, stack: Stack, version: str, view: str) -> Answer:
        """GET views/N/schema: type of each column."""
        return as_json(_view_schema(self._table(stack, self._live(stack, version), view, "view")))

    def view_schemas(self, request: Request, stack: Stack, version: str) -> Answer:
        """GET views/schemas: of all views."""
        found = self._live(stack, version)
        return as_json({n: _view_schema(t) for n, t in stack.tables_in(found.state, "view").items()})

    def unique_strings(self, request: Request, stack: Stack, table: str) -> Answer:
        """GET table/T/unique_string_values, of the newest version."""
        newest = max((v for v in stack.versions if not self._is_expired(stack, v)), key=lambda v: v.number)
        data = stack.frame(self._table(stack, newest, table).name, newest.state).data
        return as_json({c: sorted(data[c].dropna().unique()) for c in data if str(data[c].dtype) == "string"})

    def query_table(self, request: Request, stack: Stack, version: str, table: str) -> Answer:
        """POST table/T/query."""
        found = self._queried(stack, version)
        selection = self._single(stack, found, table, "table", request)
        return answer(selection, request.json(), request, self.rules, request.flag("count"))

    def query_view(self, request: Request, stack: Stack, version: str, view: str) -> Answer:
        """POST views/N/query."""
        found = self._queried(stack, version)
        selection = self._single(stack, found, view, "view", request)
        return answer(selection, request.json(), request, self.rules, request.flag("count"))

    def query_join(self, request: Request, stack: Stack, version: str) -> Answer:
        """POST query: two tables joined. A request for the count is not heard: the rows come."""
        found = self._queried(stack, version)
        body = request.json()
        named = body.get("tables") or []
        if len(named) != 2 or any(len(pair) != 2 for pair in named):
            raise bad_request("tables must be two pairs of table and column")
        request.table = " + ".join(name for name, _ in named)
        tables = [self._table_of_query(stack, found, name, "table") for name, _ in named]
        warnings = tuple(notice for t in tables for notice in _notices(t))
        suffixes = body.get("suffix_map") or dict(
            zip([t.name for t in tables], body.get("suffixes") or ("", ""), strict=False)
        )
        left, right = ((t.name, c, stack.frame(t.name, found.state)) for t, (_, c) in zip(tables, named, strict=True))
        return answer(joined(left, right, suffixes, warnings), body, request, self.rules, count=False)

    def query_live(self, request: Request, stack: Stack) -> Answer:
        """POST query with a timestamp: tables as of that time, roots looked up then."""
        body = request.json()
        stamp = body.get("timestamp")
        if stamp is None or "table" not in body:
            raise bad_request("table and timestamp are required")
        when = datetime.fromisoformat(stamp)
        state = stack.history.state_at(when)
        found = Version(0, state, when, when)
        _refuse_other_roots(stack.history, state, body, request.flag("allow_invalid_root_ids"))
        joins = body.get("join_tables") or []
        if joins:
            (left_name, left_column, right_name, right_column), *_ = joins
            pair = [(left_name, left_column), (right_name, right_column)]
            tables = [self._table_of_query(stack, found, name, "table") for name, _ in pair]
            left, right = ((t.name, c, stack.frame(t.name, state)) for t, (_, c) in zip(tables, pair, strict=True))
            selection = joined(left, right, body.get("suffixes") or {}, ())
            request.table = f"{left_name} + {right_name}"
        else:
            selection = self._single(stack, found, body["table"], "table", request)
        if isinstance(body.get("select_columns"), dict):
            body["select_column_map"] = body.pop("select_columns")
        return answer(selection, body, request, self.rules, count=False, live=True)

    def _is_expired(self, stack: Stack, version: Version) -> bool:
        return version.expired or (stack.name, version.number) in self.expired

    def _told(self, stack: Stack, version: Version) -> dict[str, Any]:
        return {
            "id": 100 + version.number,
            "version": version.number,
            "datastack": stack.name,
            "valid": not self._is_expired(stack, version),
            "status": "EXPIRED" if self._is_expired(stack, version) else "AVAILABLE",
            "is_merged": True,
            "parent_version": None,
            "time_stamp": _naive(version.time_stamp),
            "expires_on": _naive(version.expires_on),
        }

    def _known(self, stack: Stack, version: str) -> Version:
        found = stack.version(int(version))
        if found is None:
            raise missing(f"version {version}")
        return found

    def _live(self, stack: Stack, version: str) -> Version:
        found = self._known(stack, version)
        if self._is_expired(stack, found):
            raise missing(f"version {version}")
        return found

    def _queried(self, stack: Stack, version: str) -> Version:
        found = stack.version(int(version))
        if found is None or self._is_expired(stack, found):
            raise trapped(404, f"Analysis version {version} not found")
        return found

    def _table(self, stack: Stack, version: Version, name: str, kind: str = "table") -> Table:
        found = stack.tables_in(version.state, kind).get(name)
        if found is None:
            raise missing(f"{kind} {name}")
        return found

    def _table_of_query(self, stack: Stack, version: Version, name: str, kind: str) -> Table:
        try:
            found = self._table(stack, version, name, kind)
        except Refused:
            text = f"analysis table {name} not found for version {version.number} in datastack {stack.name}"
            raise trapped(404, text) from None
        return found

    def _single(self, stack: Stack, version: Version, name: str, kind: str, request: Request) -> Selection:
        request.table = name
        table = self._table_of_query(stack, version, name, kind)
        return single(name, stack.frame(name, version.state), tuple(_notices(table)))


def _refuse_other_roots(history: History, state: int, body: dict[str, Any], allowed: bool) -> None:
    """A live query by a root that is none at its time fails, unless that was allowed."""
    for key in ("filter_in_dict", "filter_equal_dict"):
        for columns in (body.get(key) or {}).values():
            for column, value in columns.items():
                if not column.endswith("root_id") or allowed:
                    continue
                ids = value if isinstance(value, list) else [value]
                bad = [one for one in ids if one and not history.exists(int(one), state)]
                if bad:
                    raise failed(f"Timestamp incompatible with IDs: {bad} are not valid at this time")


def _naive(when: datetime) -> str:
    """UTC without saying so, always with a fraction of a second."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _notices(table: Table) -> list[str]:
    return [f"Table Owner Notice on {table.name}: {table.notice}"] if table.notice else []


def _about(stack: Stack, table: Table) -> dict[str, Any]:
    x, y, z = table.voxel_nm
    return {
        "id": 1 + list(stack.tables).index(table.name),
        "annotation_table": table.name,
        "table_name": table.name,
        "schema": table.schema_type,
        "schema_type": table.schema_type,
        "valid": True,
        "created": "2020-11-04T08:13:21.412337",
        "deleted": None,
        "user_id": "56",
        "description": table.description,
        "notice_text": table.notice,
        "reference_table": table.reference_table,
        "flat_segmentation_source": None,
        "write_permission": "PRIVATE",
        "read_permission": "PUBLIC",
        "last_modified": "2024-01-15T20:11:03.190417",
        "segmentation_source": stack.segmentation,
        "pcg_table_name": stack.segmentation,
        "last_updated": None,
        "annotation_table_name": table.name,
        "aligned_volume": f"{stack.name}_volume",
        "voxel_resolution_x": x,
        "voxel_resolution_y": y,
        "voxel_resolution_z": z,
    }


def _about_view(stack: Stack, view: Table) -> dict[str, Any]:
    x, y, z = view.voxel_nm
    return {
        "id": 1 + list(stack.tables).index(view.name),
        "table_name": view.name,
        "description": view.description,
        "notice_text": view.notice,
        "datastack_name": stack.name,
        "live_compatible": False,
        "created": "2023-01-24T00:00:00.000001",
        "last_modified": "2023-01-24T00:00:00.000001",
        "voxel_resolution_x": x,
        "voxel_resolution_y": y,
        "voxel_resolution_z": z,
    }


def _view_schema(view: Table) -> dict[str, dict[str, str]]:
    return {column: {"type": kind} for column, kind in view.column_types().items()}
