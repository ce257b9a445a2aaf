"""What the search in the bar finds: cells, types, cell sets, pages, datasets, examples and jobs, the best first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from data_access import carry, cellsets
from data_access.cellsets.tree import Ids
from data_access.dataset import Dataset
from data_access.errors import SynaptoscopeError
from data_access.jobs import Job
from data_access.metadata import DatasetMeta
from views import examples, schema, search_cells
from views.examples import Page
from views.search_cells import Found, Kind
from views.search_words import EXACT, LETTERS, NONE, Ranked, Words

GROUPS = ("cells", "types", "sets", "pages", "datasets", "examples", "jobs")
LONGEST = 3_000  # characters of a text that is taken for a cell set: its link must fit into a request line
OLD_IDS = 6  # digits from which a number that is no cell here is looked for in other versions
_SIGNS = frozenset("=<>(,'\"`\n\t ")


@dataclass(frozen=True)
class SearchView:
    """What was typed, and where."""

    ds: str = schema.text("", "dataset whose cells and types are searched; empty = the first one")
    q: str = schema.text("", "what to look for; empty = where one can go")
    limit: int = schema.whole(6, "at most so many of each group", low=1, high=50)


@dataclass(frozen=True)
class Way:
    """Another way to look at what was found."""

    title: str
    path: str
    query: Mapping[str, str]


@dataclass(frozen=True)
class Hit:
    """One thing found and where it is shown: a path of the app and its query. `dataset`: it is that dataset."""

    title: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    is_id: bool = False
    dataset: str = ""
    lacks: str = ""
    tier: int = EXACT
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Group:
    """The hits of one kind, the best first; `total`: how many there are without the limit."""

    name: str
    hits: tuple[Hit, ...]
    total: int

    @property
    def tier(self) -> int:
        """How good its best hit is."""
        return min((hit.tier for hit in self.hits), default=NONE)


@dataclass(frozen=True)
class SavedSet:
    """A cell set that was kept: its text in an address (set:...), and its name."""

    text: str
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Place:
    """Where the search looks: the dataset in use (None without one), and everything else that has a name."""

    dataset: Dataset | None
    datasets: Sequence[DatasetMeta] = ()
    pages: Sequence[Page] = ()
    sets: Sequence[SavedSet] = ()
    jobs: Sequence[Job] = ()
    resolve: Callable[[str], str] | None = None


def search(place: Place, view: SearchView) -> list[Group]:
    """Groups with at least one hit: those with the best hits first, else in the order of GROUPS.

    Of an empty text: pages, datasets, examples and jobs that run. Never raises for what was typed.
    """
    text = _printable(view.q)
    if place.dataset is not None:
        search_cells.searchable(place.dataset)  # while nothing is typed yet: then the first letter need not wait for it
    groups = [find(place, text, view.limit) for find in (_cells, _types, _sets, _pages, _datasets, _examples, _jobs)]
    found = [group for group in groups if group.hits]
    best = min((group.tier for group in found), default=NONE)
    return sorted((g for g in found if best == LETTERS or g.tier < LETTERS), key=lambda group: group.tier)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t\r" else " " for c in text).strip()


def _picked(name: str, hits: Sequence[Hit], ranked: Ranked, limit: int) -> Group:
    return Group(name, tuple(replace(hits[i], tier=tier) for i, tier, _ in ranked.first(limit)), len(ranked))


def _named(name: str, hits: Sequence[Hit], words: Sequence[Sequence[str]], text: str, limit: int) -> Group:
    """The hits that one of their words names; all of them where nothing was typed."""
    if not text:
        return Group(name, tuple(hits[:limit]), len(hits))
    texts = [word for of_one in words for word in of_one]
    owners = [i for i, of_one in enumerate(words) for _ in of_one]
    return _picked(name, hits, Words(texts, owners).ranked(text), limit)


# ---- of the dataset in use


def _cells(place: Place, text: str, limit: int) -> Group:
    dataset = place.dataset
    if dataset is None or not text:
        return Group("cells", (), 0)
    found, total = search_cells.cells(dataset, text, limit)
    if not found:
        elsewhere = _elsewhere(dataset, text)
        return Group("cells", elsewhere[:limit], len(elsewhere))
    codes = [cell.code for cell in found]
    ids, details = dataset.index.text(codes), _about(dataset, codes)
    hits = [_cell(dataset, *one) for one in zip(found, ids, details, strict=True)]
    return Group("cells", tuple(hits), total)


def _cell(dataset: Dataset, found: Found, cell: str, about: str) -> Hit:
    """A cell under its name, if it was found by that, else under its id."""
    named = bool(found.name) and found.name != cell
    title, detail = (found.name, f"{cell} · {about}") if named else (cell, about)
    return Hit(title, _cell_path(cell), {"ds": dataset.meta.id}, detail, not named, tier=found.tier)


def _cell_path(cell: str) -> str:
    return f"/cell/{quote(cell, safe='')}"


def _about(dataset: Dataset, codes: Sequence[int]) -> list[str]:
    """Of each cell its type and how many partners it has."""
    kinds = dataset.column("cell_type").iloc[list(codes)].astype(object).tolist()
    out, into = dataset.graph.out.indptr, dataset.graph.into.indptr
    found = []
    for code, kind in zip(codes, kinds, strict=True):
        said = kind if isinstance(kind, str) else search_cells.UNTYPED if dataset.is_cell[code] else "fragment"
        n_in, n_out = (int(indptr[code + 1] - indptr[code]) for indptr in (into, out))
        found.append(f"{said} · hears from {n_in:,}, sends to {n_out:,}")
    return found


def _elsewhere(dataset: Dataset, text: str) -> tuple[Hit, ...]:
    """Cells here of an id from another version; where there is none, the dataset in which it can be looked at."""
    number = search_cells.whole_number(text)
    if number is None or len(str(number)) < OLD_IDS:
        return ()
    try:
        known = carry.where_is(dataset.data_dir, dataset, str(number))
    except SynaptoscopeError:  # a damaged sibling is no reason to find nothing
        return ()
    if known is None:
        return ()
    said, here = known.told()[0], [str(row.new_id) for row in known.rows if row.new_id is not None]
    if known.rows[0].what != "same" and here:
        return tuple(Hit(cell, _cell_path(cell), {"ds": dataset.meta.id}, said, True) for cell in here)
    if not known.known_in:
        return ()
    return (Hit(str(number), _cell_path(str(number)), {"ds": known.known_in}, said, True),)


def _types(place: Place, text: str, limit: int) -> Group:
    if place.dataset is None or not text:
        return Group("types", (), 0)
    kinds, ranked = search_cells.kinds(place.dataset, text)
    hits = [_kind(place.dataset.meta.id, kinds[i], tier) for i, tier, _ in ranked.first(limit)]
    return Group("types", tuple(hits), len(ranked))


def _kind(ds: str, kind: Kind, tier: int) -> Hit:
    detail = f"{kind.column} · {kind.n_cells:,} {'cell' if kind.n_cells == 1 else 'cells'}"
    cells = {"ds": ds, "cells": kind.cell_set}
    return Hit(kind.title, "/cells", cells, detail, tier=tier, ways=(_as_matrix(ds, kind.cell_set),))


def _as_matrix(ds: str, cells: str) -> Way:
    return Way("as matrix", "/matrix", {"ds": ds, "pre": cells, "post": cells})


def _sets(place: Place, text: str, limit: int) -> Group:
    """What was typed, if it is a cell set; then sets that were saved."""
    if place.dataset is None:
        return Group("sets", (), 0)
    ds = place.dataset.meta.id
    typed = _typed_set(place.dataset, text, place.resolve)
    saved = [
        Hit(s.name, "/cells", {"ds": ds, "cells": s.text}, s.detail, ways=(_as_matrix(ds, s.text),))
        for s in place.sets
    ]  # fmt: skip
    named = _named("sets", saved, [(s.name, s.text) for s in place.sets], text, limit)
    return Group("sets", (*typed, *named.hits)[:limit], named.total + len(typed))


def _typed_set(dataset: Dataset, text: str, resolve: Callable[[str], str] | None) -> tuple[Hit, ...]:
    if not (text.startswith("set:") or not _SIGNS.isdisjoint(text)) or len(quote(text)) > LONGEST:
        return ()
    try:
        tree = cellsets.parse(text, dataset.set_schema, resolve)
    except (SynaptoscopeError, RecursionError):
        return ()
    detail, title = "", cellsets.describe(tree, dataset.set_schema)
    if isinstance(tree, Ids) and not text.startswith("set:"):
        here = int((dataset.codes_of(tree.ids) >= 0).sum())
        if len(tree.ids) < 2 or not here:
            return ()
        title, detail = f"{len(tree.ids):,} cells by id", f"{here:,} of them in this dataset"
    ds = dataset.meta.id
    return (Hit(title[:160], "/cells", {"ds": ds, "cells": text}, detail, ways=(_as_matrix(ds, text),)),)


# ---- of the app


def _pages(place: Place, text: str, limit: int) -> Group:
    ds = {"ds": place.dataset.meta.id} if place.dataset else {}
    have = place.dataset.meta.capabilities if place.dataset else ()
    lacks = ["" if page.served(have) or not place.dataset else page.reason for page in place.pages]
    hits = [Hit(page.label, page.path, ds, lacks=lack) for page, lack in zip(place.pages, lacks, strict=True)]
    return _named("pages", hits, [(page.label, page.path.strip("/")) for page in place.pages], text, limit)


def _datasets(place: Place, text: str, limit: int) -> Group:
    hits, words = [], []
    for meta in place.datasets:
        marks = [mark for mark in ("synthetic", "partial") if getattr(meta, mark)]
        detail = " · ".join(part for part in (meta.version, f"{meta.n_cells:,} cells", *marks) if part)
        hits.append(Hit(meta.title or meta.id, "/matrix", {"ds": meta.id}, detail, dataset=meta.id))
        words.append((meta.title or meta.id, meta.id, f"{meta.title} {meta.version}"))
    return _named("datasets", hits, words, text, limit)


def _examples(place: Place, text: str, limit: int) -> Group:
    made = examples.of(place.dataset.meta, {page.path for page in place.pages}) if place.dataset else []
    hits = [Hit(e.title, e.path, e.query, e.detail) for e in made]
    return _named("examples", hits, [(e.title,) for e in made], text, limit)


def _jobs(place: Place, text: str, limit: int) -> Group:
    jobs = [job for job in place.jobs if text or job.alive]
    hits = [Hit(job.title, "/jobs", {"job": job.id}, job.state) for job in jobs]
    return _named("jobs", hits, [(job.title, job.id, job.dataset) for job in jobs], text, limit)
