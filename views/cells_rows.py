"""The table of /cells: rows of the cells shown, sorted and paged, each with whether it is selected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from data_access.dataset import Dataset
from data_access.ids import id_columns
from views import cells_page, schema, tables
from views.cells_page import CellsPage
from views.result import Omitted, TableResult, ledger_of

FIRST = ("cell_type", "broad_type", "out_synapses", "in_synapses", "depth_um", "layer", "status_axon", "strategy_axon")
MOST_FIRST = 7
UNITS_HIDDEN = ("x_nm", "y_nm", "z_nm")
LARGEST_PAGE = 1_000


@dataclass(frozen=True)
class RowsView(CellsPage):
    """Parameters of the rows of /cells."""

    limit: int = schema.whole(100, "rows", low=0, high=LARGEST_PAGE)
    offset: int = schema.whole(0, "rows to skip", low=0)


def columns(dataset: Dataset) -> list[str]:
    """All columns that the table can show, cell_id first; positions in um, not also in nm."""
    known = [n for n in dataset.columns if n != "cell_id"]
    hidden = {n for n in UNITS_HIDDEN if n.replace("_nm", "_um") in dataset.columns}
    return ["cell_id", *(n for n in known if n not in hidden)]


def first_columns(dataset: Dataset) -> list[str]:
    """The columns that a table starts with."""
    have = [n for n in FIRST if n in dataset.columns and dataset.column(n).notna().any()]
    return ["cell_id", *have[:MOST_FIRST]]


def shown_columns(dataset: Dataset, cols: str) -> list[str]:
    """The columns that an address asks for, in its order; unknown ones are left out. cell_id is always there."""
    known = columns(dataset)
    wanted = [dataset.meta.aliases.get(n.strip(), n.strip()) for n in cols.split(",") if n.strip()]
    wanted = list(dict.fromkeys(n for n in wanted if n in known))
    if not wanted:
        return first_columns(dataset)
    return wanted if "cell_id" in wanted else ["cell_id", *wanted]


def rows(dataset: Dataset, view: RowsView) -> TableResult:
    """One page of the table: all columns and `selected`, sorted by a column and, where that is equal, by id."""
    found = cells_page.chosen(dataset, view)
    codes = _ordered(dataset, view.cells, view.sort)
    page = codes[view.offset : view.offset + view.limit]
    names = columns(dataset)
    arrays = [
        dataset.index.arrow(page) if n == "cell_id" else tables.arrow_column(dataset.column(n).iloc[page])
        for n in names
    ]
    arrays.append(pa.array(np.isin(page, found.selected.codes)))
    table = pa.Table.from_arrays(arrays, names=[*names, "selected"])
    left = [
        Omitted("outside the filter", cells=dataset.n_cells - len(codes)),
        Omitted("on other pages of the table", cells=len(codes) - len(page)),
    ]
    ledger = ledger_of(
        dataset.meta, "cells", dataset.n_cells, len(page), left_out=tuple(o for o in left if o.cells),
        limit=view.limit, total=len(codes), notes=(found.shown.echo,),
    )  # fmt: skip
    return tables.in_memory(table, ledger, schema.encode(view), ("cell_id", *id_columns(table)))


@lru_cache(maxsize=24)
def _ordered(dataset: Dataset, cells: str, sort: str) -> np.ndarray:
    """Codes of a filter in the order of the table; kept, since a table asks for page after page."""
    return tables.in_order(dataset, cells_page.select(dataset, cells).codes, sort)
