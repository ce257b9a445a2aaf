"""GET /search: what can be gone to from what was typed; the palette of the pages asks here."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from api import params
from api.openapi_parts import COUNT, FLAG, TEXT, Json
from components import datasets, palette
from data_access import set_names, stored_sets
from data_access.dataset import open_dataset
from data_access.jobs import Jobs
from data_access.metadata import DatasetMeta
from settings import Settings
from views import schema, search
from views.search import GROUPS, Group, Hit, Place, SavedSet, SearchView

LINK = TEXT | {"format": "uri-reference"}
SCHEMA: Json = {
    "type": "object",
    "required": ["data", "groups", "view", "milliseconds"],
    "additionalProperties": False,
    "properties": {
        "data": {
            "type": "array",
            "description": "hits, group by group: the group with the best hit first, and in each the best first",
            "items": {
                "type": "object",
                "required": ["group", "title", "detail", "href", "is_id", "dataset", "lacks", "ways"],
                "additionalProperties": False,
                "properties": {
                    "group": {"type": "string", "enum": list(GROUPS)},
                    "title": TEXT,
                    "detail": TEXT,
                    "href": LINK | {"description": "the page that shows it"},
                    "is_id": FLAG | {"description": "the title is a cell id"},
                    "dataset": TEXT | {"description": "id of the dataset that it is; empty for anything else"},
                    "lacks": TEXT | {"description": "why the page cannot show the dataset in use; empty where it can"},
                    "ways": {
                        "type": "array",
                        "description": "other pages that show it",
                        "items": {
                            "type": "object",
                            "required": ["title", "href"],
                            "properties": {"title": TEXT, "href": LINK},
                        },
                    },
                },
            },
        },
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["group", "shown", "total"],
                "properties": {
                    "group": TEXT,
                    "shown": COUNT,
                    "total": COUNT | {"description": "hits without the limit"},
                },
            },
        },
        "view": {"$ref": "#/components/schemas/view"},
        "milliseconds": {"type": "number"},
    },
}
EXAMPLE: Json = {
    "data": [{
        "group": "types", "title": "BC", "detail": "cell_type · 210 cells",
        "href": "/cells?ds=minnie&cells=cell_type+%3D%3D+%27BC%27", "is_id": False, "dataset": "", "lacks": "",
        "ways": [{"title": "as matrix", "href": "/matrix?ds=minnie&pre=cell_type+%3D%3D+%27BC%27"}],
    }],
    "groups": [{"group": "types", "shown": 1, "total": 1}],
    "view": {"ds": "minnie", "q": "bc"}, "milliseconds": 4.1,
}  # fmt: skip


def answer(settings: Settings) -> dict[str, Any]:
    """The hits of a request. Raises InputError for a wrong parameter, NotFoundError for an unknown dataset."""
    view = schema.parse(SearchView, params.query(), strict=True)
    started = time.perf_counter()
    groups = search.search(_place(settings, view), view)
    return {
        "data": [_hit(group, hit, settings.url_prefix) for group in groups for hit in group.hits],
        "groups": [{"group": group.name, "shown": len(group.hits), "total": group.total} for group in groups],
        "view": schema.encode(view),
        "milliseconds": round(1000 * (time.perf_counter() - started), 2),
    }


def _place(settings: Settings, view: SearchView) -> Place:
    known = [meta for meta in datasets.listed(settings.data) if isinstance(meta, DatasetMeta)]
    ds = view.ds or datasets.default_id(known)
    opened = open_dataset(settings.data, ds) if ds else None
    named = set_names.listed(settings.data, ds) if ds else []
    saved = [SavedSet(f"set:{s.set}", s.name, f"{s.n:,} {'cell' if s.n == 1 else 'cells'}") for s in named]
    jobs, resolve = Jobs(settings.data).all(), stored_sets.resolver(settings.data)
    return Place(opened, known, palette.pages(), saved, jobs, resolve)


def _hit(group: Group, hit: Hit, prefix: str) -> dict[str, Any]:
    return {
        "group": group.name, "title": hit.title, "detail": hit.detail, "href": _href(prefix, hit.path, hit.query),
        "is_id": hit.is_id, "dataset": hit.dataset, "lacks": hit.lacks,
        "ways": [{"title": way.title, "href": _href(prefix, way.path, way.query)} for way in hit.ways],
    }  # fmt: skip


def _href(prefix: str, path: str, query: Any) -> str:
    return prefix + path.removeprefix("/") + ("?" + urlencode(query) if query else "")
