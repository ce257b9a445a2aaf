"""What a table route is: its view, the function that makes it, and its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from data_access.dataset import Dataset
from views.result import TableResult
from views.tables import Resolve


@dataclass(frozen=True)
class Column:
    """A column of a table: an id is text in JSON and int64 (or text) elsewhere; nullable = may be missing."""

    name: str
    kind: Literal["id", "text", "integer", "number", "boolean"]
    meaning: str
    example: object
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table route. `unused`: parameters that are accepted, as a page's address holds them, and do nothing.

    `depends`: what the answer depends on beside the dataset and the view, as a text that changes with it. A table that
    `views.long_run.LONG` names may be answered by a job.
    """

    name: str
    view: type[Any]
    make: Callable[[Dataset, Any, Resolve], TableResult]
    summary: str
    columns: tuple[Column, ...]
    more: str = ""
    unused: tuple[str, ...] = ()
    depends: Callable[[Dataset], str] = lambda dataset: ""
