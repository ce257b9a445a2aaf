"""Cells and types of a dataset, found by what a person types or pastes: an id, a part of one, a name, a type."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

from data_access.cellsets.writing import column_name, quoted
from data_access.dataset import Dataset
from data_access.ids import INT64
from views.search_words import EXACT, PART, START, Ranked, Words

UNTYPED = "untyped"
_AROUND = " \t\r\n,;'\"`()[]{}<>#\u00a0\u200b\ufeff"
_ID = re.compile(r"([0-9]{0,19})(?:(?:\u2026|\.{2,3}|\*)([0-9]{0,18}))?", re.ASCII)
_NAME = re.compile(r"(^|_)(names?|instance|label|alias|nickname|synonyms?|symbol)$")
_DISTINCT = 0.8  # a text column of which so much is distinct names cells; with fewer values it groups them
_DIGITS = 19


@dataclass(frozen=True)
class Kind:
    """A value of a text column and how many cells have it; value None: those without one."""

    column: str
    value: str | None
    n_cells: int

    @property
    def title(self) -> str:
        """As it stands on screen."""
        return UNTYPED if self.value is None else self.value

    @property
    def cell_set(self) -> str:
        """The cells of it, as a cell set."""
        name = column_name(self.column)
        return f"{name}.isna()" if self.value is None else f"{name} == {quoted(self.value)}"


class Searchable:
    """What of a dataset can be found by words: names of cells, and types. Made once a generation."""

    def __init__(self, dataset: Dataset) -> None:
        self.names = _names(dataset)
        self.kinds = _kinds(dataset)
        self.kind_words = Words([kind.title for kind in self.kinds])


_made: WeakKeyDictionary[Dataset, Searchable] = WeakKeyDictionary()
_lock = threading.Lock()


def searchable(dataset: Dataset) -> Searchable:
    """The words of an open dataset, kept as long as that is."""
    with _lock:
        if dataset not in _made:
            _made[dataset] = Searchable(dataset)
        return _made[dataset]


def _text_columns(dataset: Dataset) -> list[str]:
    """Text columns, those that say a type before others."""
    found = [name for name, column in dataset.columns.items() if column.kind == "text" and name != "cell_id"]
    return sorted(found, key=lambda name: (name != "cell_type", "type" not in name))


def _names(dataset: Dataset) -> Words:
    """Names of cells, each owned by the code of its cell: text ids, and columns that name cells."""
    texts = [pa.array(dataset.index.text(), pa.string())] if dataset.index.is_text else []
    codes = [np.arange(len(dataset.index))] if dataset.index.is_text else []
    for column in _text_columns(dataset):
        values = dataset.column(column)
        if _is_name(column, values):
            at = np.flatnonzero(values.notna().to_numpy())
            texts.append(pa.array(values.cat.categories, pa.string()).take(pa.array(values.cat.codes.to_numpy()[at])))
            codes.append(at)
    return Words(pa.concat_arrays(texts), np.concatenate(codes)) if texts else Words([])


def _is_name(column: str, values: pd.Series) -> bool:
    if column == "cell_type":
        return False
    n = int(values.notna().sum())
    return n > 0 and (_NAME.search(column) is not None or (n > 1 and len(values.cat.categories) >= _DISTINCT * n))


def _kinds(dataset: Dataset) -> list[Kind]:
    """The values of columns that group cells, those of cell_type first, the largest first; fragments uncounted."""
    found: list[Kind] = []
    cells = dataset.is_cell
    for column in _text_columns(dataset):
        values = dataset.column(column)
        if _is_name(column, values):
            continue
        counts = values[cells].value_counts()
        found += [Kind(column, str(value), int(n)) for value, n in counts.items() if n]
        missing = int(values[cells].isna().sum())
        if column == "cell_type" and missing and counts.any():
            found.append(Kind(column, None, missing))
    return found


def cleaned(text: str) -> str:
    """Without what a paste brings along at the ends: blanks, quotes, brackets, commas."""
    return text.strip(_AROUND)


def whole_number(text: str) -> int | None:
    """The id that is spelled out, None for anything else."""
    text = cleaned(text)
    value = int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None
    return value if value is not None and value <= INT64.max else None


@dataclass(frozen=True)
class Found:
    """A cell that was found: its code, how well it matches, and the name that does ("" for its id)."""

    code: int
    tier: int
    name: str = ""


def cells(dataset: Dataset, text: str, limit: int) -> tuple[list[Found], int]:
    """The best `limit` cells by id (whole, its beginning, or shortened in the middle) and by name; how many match."""
    names, text = searchable(dataset).names, cleaned(text)
    by_name, by_id = names.ranked(text), _by_id(dataset, text)
    named = [Found(code, tier, names.texts[entry].as_py()) for code, tier, entry in by_name.first(limit)]
    best: dict[int, Found] = {}
    for found in sorted([*by_id.found(limit), *named], key=lambda found: found.tier):
        best.setdefault(found.code, found)
    return list(best.values())[:limit], len(by_id) + int((~by_id.holds(by_name.owners)).sum())


def kinds(dataset: Dataset, text: str) -> tuple[list[Kind], Ranked]:
    """Types whose name matches, and how well."""
    words = searchable(dataset)
    ranked = words.kind_words.ranked(cleaned(text))
    return words.kinds, ranked


@dataclass(frozen=True, eq=False)
class _ById:
    """Cells whose id is of a form: ranges of codes, of which only the ids with these last digits count; and nuclei."""

    ids: np.ndarray
    is_cell: np.ndarray
    head: str = ""
    tail: str | None = None
    places: tuple[tuple[int, int], ...] = ()
    nuclei: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.nuclei) + sum(int(self._matching(lo, hi).sum()) for lo, hi in self.places)

    def _matching(self, lo: int, hi: int) -> np.ndarray:
        ids = self.ids[lo:hi]
        return ids % 10 ** len(self.tail) == int(self.tail) if self.tail else np.ones(len(ids), dtype=bool)

    def holds(self, codes: np.ndarray) -> np.ndarray:
        """Which of these codes are among them."""
        held = np.isin(codes, np.array(self.nuclei, dtype=np.int64))
        for lo, hi in self.places:
            inside = np.flatnonzero((codes >= lo) & (codes < hi))
            held[inside] |= self._matching(lo, hi)[codes[inside] - lo]
        return held

    def found(self, limit: int) -> list[Found]:
        """The first of them: the whole id or the cell of the nucleus of that number, then cells, then fragments."""
        codes = [code for lo, hi in self.places for code in self._cells_first(lo, hi, limit)][:limit]
        if self.tail is not None:
            alone = self.tail and len(codes) == 1
            return [Found(code, EXACT if alone else START if self.head else PART) for code in codes]
        nuclei = [Found(code, EXACT, f"nucleus {self.head}") for code in self.nuclei]
        return nuclei + [Found(code, EXACT if int(self.ids[code]) == int(self.head) else START) for code in codes]

    def _cells_first(self, lo: int, hi: int, limit: int) -> list[int]:
        cell, matching = self.is_cell[lo:hi], self._matching(lo, hi)
        found = np.flatnonzero(cell & matching)[:limit]
        if len(found) < limit:
            found = np.append(found, np.flatnonzero(~cell & matching)[: limit - len(found)])
        codes: list[int] = (found + lo).tolist()
        return codes


def _by_id(dataset: Dataset, text: str) -> _ById:
    match = _ID.fullmatch(text)
    ids, is_cell = dataset.index.ids, dataset.is_cell
    if dataset.index.is_text or match is None or not (match[1] or match[2]):
        return _ById(ids, is_cell)
    head, tail = match[1], match[2]
    places = tuple(_places(ids, head, tail or ""))
    nuclei = _of_nucleus(dataset, int(head)) if tail is None else []
    outside = tuple(code for code in nuclei if not any(lo <= code < hi for lo, hi in places))
    return _ById(ids, is_cell, head, tail, places, outside)


def _places(ids: np.ndarray, head: str, tail: str) -> list[tuple[int, int]]:
    """Ranges of codes whose ids begin with these digits and have at least the digits of both; the whole id first."""
    if head.startswith("0"):
        ranges = [(0, 1)] if head == "0" and not tail else []
    elif not head:
        ranges = [(0, INT64.max + 1)]
    else:
        more = range(len(tail), _DIGITS - len(head) + 1)
        ranges = [(int(head) * 10**k, (int(head) + 1) * 10**k) for k in more]
    found = []
    for low, high in ranges:
        if low <= INT64.max:
            lo = int(np.searchsorted(ids, low))
            hi = len(ids) if high > INT64.max else int(np.searchsorted(ids, high))
            if lo < hi:
                found.append((lo, hi))
    return found


def _of_nucleus(dataset: Dataset, number: int) -> list[int]:
    """Codes of the cells that have the nucleus of this number."""
    column = dataset.columns.get("nucleus_id")
    if column is None or column.kind not in ("number", "id") or number > INT64.max:
        return []
    at = np.flatnonzero((dataset.column("nucleus_id") == number).to_numpy(dtype=bool, na_value=False))
    codes: list[int] = at.tolist()
    return codes
