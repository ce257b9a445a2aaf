"""Links to the page of a pair."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from components import url_state


def href(ds: str, a: str, b: str, **query: Any) -> str:
    """Address of the page of two cells; ids may hold any character. query: what else is kept, such as a ranking."""
    return url_state.href(f"/pair/{quote(a, safe='')}/{quote(b, safe='')}", ds=ds, **query)
