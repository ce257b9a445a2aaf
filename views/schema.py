"""URL parameters and frozen view dataclasses: one table of fields a view, both ways.

A view's fields carry what they are as dataclass metadata. That one table parses URLs and API requests, encodes
links and snippets (defaults omitted), validates, documents the API, and makes the cache key.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from data_access.errors import InputError, did_you_mean

Kind = Literal["text", "choice", "int", "float"]
V = TypeVar("V")
MAX_TEXT = 5_000_000


@dataclass(frozen=True)
class Param:
    """One field of a view: its URL key (the attribute's name), kind, default and meaning."""

    key: str
    kind: Kind
    default: Any
    doc: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False


def text(default: str = "", doc: str = "") -> Any:
    """A free text, such as a cell set or a column name."""
    return _field("text", default, doc)


def choice(choices: tuple[str, ...], doc: str = "") -> Any:
    """One of a list; the first is the default."""
    return _field("choice", choices[0], doc, choices=choices)


def whole(default: int | None, doc: str = "", low: float | None = None, high: float | None = None) -> Any:
    """A whole number; None as default makes it optional."""
    return _field("int", default, doc, low=low, high=high)


def number(default: float | None, doc: str = "", low: float | None = None, high: float | None = None) -> Any:
    """A finite number; None as default makes it optional."""
    return _field("float", default, doc, low=low, high=high)


def _field(kind: Kind, default: Any, doc: str, **limits: Any) -> Any:
    return dataclasses.field(default=default, metadata={"kind": kind, "doc": doc, **limits})


def params(view: type) -> tuple[Param, ...]:
    """The field table of a view class."""
    return tuple(
        Param(f.name, default=f.default, optional=f.default is None, **f.metadata)
        for f in dataclasses.fields(view)
        if "kind" in f.metadata
    )


def parse(view: type[V], given: Mapping[str, str], strict: bool = False) -> V:
    """The view that URL parameters describe; an empty value is the default.

    Unknown keys are ignored, or refused when `strict` (the API). Raises InputError that names the key, the value and
    what was expected.
    """
    table = {p.key: p for p in params(view)}
    if strict:
        for key in given:
            if key not in table:
                raise InputError(f"unknown parameter '{key[:60]}'", did_you_mean(key, table))
    return view(**{key: _value(p, given[key]) for key, p in table.items() if given.get(key, "") != ""})


def _value(param: Param, raw: str) -> Any:
    if param.kind == "text":
        if len(raw) > MAX_TEXT:
            raise InputError(f"{param.key} is longer than {MAX_TEXT:,} characters")
        return raw
    if param.kind == "choice":
        if raw not in param.choices:
            raise InputError(f"{param.key}={raw[:60]} is not known", did_you_mean(raw, param.choices))
        return raw
    return _number(param, raw)


def _number(param: Param, raw: str) -> int | float:
    expected = "a whole number" if param.kind == "int" else "a number"
    try:
        value = int(raw) if param.kind == "int" else float(raw)
    except ValueError:
        raise InputError(f"{param.key}={raw[:60]} is not {expected}") from None
    if (isinstance(value, float) and not math.isfinite(value)) or abs(value) > 2**53:
        raise InputError(f"{param.key}={raw[:60]} is not {expected} of a sane size")
    if param.low is not None and value < param.low:
        raise InputError(f"{param.key}={raw[:60]} is below {param.low:g}, the smallest that makes sense")
    if param.high is not None and value > param.high:
        raise InputError(f"{param.key}={raw[:60]} is above {param.high:g}, the largest that is served")
    return value


def encode(view: Any, without: tuple[str, ...] = ()) -> dict[str, str]:
    """The URL parameters of a view, in table order, defaults omitted."""
    found = {}
    for param in params(type(view)):
        value = getattr(view, param.key)
        if value != param.default and param.key not in without:
            found[param.key] = repr(value) if isinstance(value, float) else str(value)
    return found


def query(view: Any, without: tuple[str, ...] = ()) -> str:
    """The query string of a view, without the question mark; empty when all is default."""
    return urlencode(encode(view, without))


def cache_key(view: Any, without: tuple[str, ...] = ()) -> str:
    """A text that is equal for equal views only."""
    return f"{type(view).__name__}?{query(view, without)}"
