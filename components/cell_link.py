"""Links to the page of a cell, and cell sets that name a cell."""

from __future__ import annotations

from urllib.parse import quote

from components import url_state
from data_access import cellsets
from data_access.dataset import Dataset


def href(ds: str, cell_id: str) -> str:
    """Address of the page of a cell; an id may hold any character."""
    return url_state.href(f"/cell/{quote(cell_id, safe='')}", ds=ds)


def quoted(dataset: Dataset, cell_id: str) -> str:
    """An id as a cell set; text ids in quotes, since a bare word may be a column."""
    if not dataset.index.is_text:
        return cell_id
    return cellsets.quoted(cell_id)
