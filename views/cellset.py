"""What the query box shows while a cell set is written: how many cells, what is wrong, which ids are not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from data_access import carry, cellsets, set_names
from data_access.cellsets import form as forms
from data_access.cellsets.completion import Completion, complete
from data_access.cellsets.form import Form
from data_access.cellsets.tree import AllCells, Expr
from data_access.cellsets.writing import column_name
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError, SynaptoscopeError

Resolve = Callable[[str], str]
FEW_VALUES = 60
MAX_VALUES = 5_000
SHOWN_UNKNOWN = 500


@dataclass(frozen=True)
class Check:
    """A cell set as far as it is written. `n` is None where it is wrong; then `message`, `hint` and `position` say why.

    `ids`: where ids are repeated or unknown. `renamed`: how many of the unknown ones are cells of another version that
    this dataset has under another id. `form`: the same as rows of a form, None where it needs more.
    """

    text: str
    of: int
    n: int | None = None
    echo: str = ""
    message: str = ""
    hint: str = ""
    position: int | None = None
    ids: cellsets.IdReport | None = None
    renamed: int = 0
    form: Form | None = None


def check(dataset: Dataset, text: str, resolve: Resolve | None = None) -> Check:
    """What a text means on a dataset, or what is wrong with it; never raises for the text."""
    found = Check(text, dataset.n_cells)
    try:
        tree = dataset.set_tree(text, resolve)
    except InputError as error:
        return _wrong(found, error)
    found = replace(found, form=forms.form_of(tree, dataset.set_schema), ids=_told(tree, dataset))
    try:
        chosen = dataset.select("") if isinstance(tree, AllCells) else dataset.selected(text, tree)
    except SynaptoscopeError as error:
        new = new_ids(dataset, found.ids.unknown) if found.ids is not None else {}
        return replace(_wrong(found, error), renamed=len(new))
    return replace(found, n=len(chosen), echo=chosen.echo)


def _wrong(found: Check, error: SynaptoscopeError) -> Check:
    position = error.position if isinstance(error, cellsets.CellSetError) else None
    return replace(found, message=error.message, hint=error.hint, position=position)


def _told(tree: Expr, dataset: Dataset) -> cellsets.IdReport | None:
    report = cellsets.report(tree, dataset.codes_of)
    return report if report.unknown or report.n_repeated else None


def known_only(dataset: Dataset, text: str, carried: bool = False, resolve: Resolve | None = None) -> str:
    """The text without the ids that the dataset does not have; `carried`: those of other versions under their new ids.

    Raises InputError where no id would be left in some place, or the text is wrong in another way.
    """
    tree = dataset.set_tree(text, resolve)
    report = cellsets.report(tree, dataset.codes_of)
    if not report.unknown:
        return text
    if carried:
        report = cellsets.report(tree, dataset.codes_of, new_ids(dataset, report.unknown))
    if report.left is None:
        raise InputError("none of the ids in one of its lists is in this dataset", "ids belong to one version")
    return cellsets.write(report.left, dataset.set_schema)


def new_ids(dataset: Dataset, unknown: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Of ids that the dataset lacks: those that are cells of another version of it, with their ids here."""
    if dataset.index.is_text or carry.family(dataset.meta) is None:
        return {}
    left, found = list(unknown), dict[str, tuple[str, ...]]()
    for meta in carry.siblings(dataset.data_dir, dataset.meta):
        if not left:
            break
        other = open_dataset(dataset.data_dir, meta.id)
        codes = other.codes_of(left)
        theirs = [int(i) for i, code in zip(left, codes.tolist(), strict=True) if code >= 0]
        if not theirs:
            continue
        for row in carry.carry(other, dataset, theirs).rows:
            if row.new_id is not None:
                old = str(row.old_id)
                found[old] = tuple(dict.fromkeys([*found.get(old, ()), str(row.new_id)]))
        left = [i for i in left if i not in found]
    return found


def from_form(dataset: Dataset, content: Mapping[str, Any]) -> str:
    """The text that a form means (JSON, see data_access/cellsets/form.py); InputError for a row that is wrong."""
    return forms.text_of(forms.read(content), dataset.set_schema)


def form_choices(dataset: Dataset) -> dict[str, Any]:
    """What a form can be made of: the columns with kind and meaning, the tests of each kind, how cells connect."""
    words = DatasetWords(dataset)
    names = [n for n in dataset.columns if words.schema.find(n) is not None]
    columns = [
        {"name": name, "written": column_name(name), "kind": dataset.columns[name].kind, "meaning": words.meaning(name)}
        for name in names
        if dataset.columns[name].kind != "id" or name == words.schema.id_column
    ]
    return {"columns": columns, "tests": forms.TESTS, "towards": forms.TOWARDS}


def suggest(dataset: Dataset, text: str, at: int) -> Completion:
    """What may stand at character `at` of the text."""
    return complete(text, at, DatasetWords(dataset))


@dataclass(frozen=True)
class DatasetWords:
    """What a dataset has to offer for completion."""

    dataset: Dataset

    @cached_property
    def schema(self) -> cellsets.Schema:
        """Names and kinds of its columns."""
        return self.dataset.set_schema

    def meaning(self, column: str) -> str:
        """What a column holds."""
        described = self.dataset.columns.get(column)
        return described.meaning if described is not None else ""

    def values(self, column: str) -> Sequence[tuple[str, int]]:
        """Distinct values of a text column, of one of few whole numbers; the most frequent text first."""
        return _values(self.dataset, column)

    def sets(self) -> Sequence[tuple[str, str]]:
        """The named sets of the dataset."""
        return [(s.set, s.name) for s in set_names.listed(self.dataset.data_dir, self.dataset.meta.id)]

    def ids(self, start: str, most: int) -> Sequence[str]:
        """Ids that are names and begin so."""
        low = start.casefold()
        found: list[str] = []
        for cell in self.dataset.index.ids:
            if str(cell).casefold().startswith(low):
                found.append(str(cell))
                if len(found) == most:
                    break
        return found


@lru_cache(maxsize=64)
def _values(dataset: Dataset, column: str) -> tuple[tuple[str, int], ...]:
    kind = dataset.set_schema.find(column)
    if kind is None or kind.kind in ("boolean", "id"):
        return ()
    values = dataset.column(column)
    if kind.kind == "text":
        counts = values.value_counts(dropna=True)
        return tuple((str(value), int(n)) for value, n in counts.head(MAX_VALUES).items() if n)
    distinct, n = np.unique(pd.to_numeric(values.dropna()).to_numpy(), return_counts=True)
    if len(distinct) > FEW_VALUES or (distinct != np.floor(distinct)).any():
        return ()
    return tuple((f"{value:.15g}", int(count)) for value, count in zip(distinct.tolist(), n.tolist(), strict=True))
