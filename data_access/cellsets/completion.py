"""What may stand where the cursor is: columns, comparisons, values, operators, stored sets, ids.

A lenient reading of the text before the cursor: what is there need not be whole, nor right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from data_access.cellsets.connecting import FOLLOWS, LEAST
from data_access.cellsets.cursor import (
    TAIL,
    Bracket,
    Place,
    Token,
    behind_quote,
    is_typed,
    needle_of,
    place_of,
    tokens_of,
)
from data_access.cellsets.schema import Schema
from data_access.cellsets.tree import Column
from data_access.cellsets.writing import column_name, quoted

ItemKind = Literal["column", "value", "operator", "function", "set", "id"]
MOST = 40
LONGEST = 20_000


@dataclass(frozen=True)
class Item:
    """A suggestion. `text` takes the place of what is being typed; `label` is shown, `detail` beside it."""

    text: str
    label: str
    kind: ItemKind
    detail: str = ""


@dataclass(frozen=True)
class Completion:
    """Suggestions for the characters start:end of the text, the best first; `total`: without the limit."""

    start: int
    end: int
    items: tuple[Item, ...] = ()
    total: int = 0


class Words(Protocol):
    """What a table has to offer."""

    @property
    def schema(self) -> Schema:
        """Names and kinds of its columns."""

    def meaning(self, column: str) -> str:
        """What a column holds."""

    def values(self, column: str) -> Sequence[tuple[str, int]]:
        """The distinct values of a column, the most frequent first, and how many rows have each; may be none."""

    def sets(self) -> Sequence[tuple[str, str]]:
        """Stored sets with a name: what follows `set:`, and the name."""

    def ids(self, start: str, most: int) -> Sequence[str]:
        """Up to `most` ids that are names and begin so, in any case."""


_SIGNS = {"text": ("==", "!="), "id": ("==", "!="), "number": ("==", "!=", "<", "<=", ">", ">="), "boolean": ()}
_SAID = {"==": "is", "!=": "is not", "<": "below", "<=": "at most", ">": "above", ">=": "at least"}
_METHODS: dict[str, tuple[tuple[str, str], ...]] = {
    "text": (
        ("str.startswith('", "begins with"),
        ("str.contains('", "contains"),
        ("str.endswith('", "ends with"),
        ("isna()", "is missing"),
        ("notna()", "is given"),
    ),
    "number": (("between(", "from … to …"), ("isna()", "is missing"), ("notna()", "is given")),
    "boolean": (("isna()", "is missing"), ("notna()", "is given")),
    "id": (),
}
_FOLLOWED = {
    "inputs_of": "cells that send to …",
    "outputs_of": "cells that receive from …",
    "reciprocal_with": "cells connected both ways with …",
}


def complete(text: str, at: int, words: Words) -> Completion:
    """Suggestions at character `at` (0-based, between characters) of a text; none in one that is too long."""
    at = max(0, min(at, len(text)))
    if len(text) > LONGEST:
        return Completion(at, at)
    tokens = tokens_of(text[:at])
    word = tokens.pop() if tokens and is_typed(tokens[-1], at) else Token("name", "", at)
    place = place_of(tokens, words.schema)
    end = at + len(TAIL.match(text, at)[0])  # type: ignore[index]
    if word.kind in ("open", "string") or place.expects in ("value", "values"):
        end = behind_quote(text, at, end, word)
    found = _ranked(_choices(place, word, words), needle_of(word))
    if len(found) == 1 and found[0].text.strip() == text[word.start : end]:
        return Completion(word.start, end)
    return Completion(word.start, end, tuple(found[:MOST]), len(found))


def _choices(place: Place, word: Token, words: Words) -> Iterable[Item]:
    if word.kind == "set":
        return _sets(words)
    quoting = word.value[0] if word.kind == "open" else ""
    if quoting == "`":
        return _columns(words)
    inner = place.brackets[-1] if place.brackets else None
    if place.expects == "values" and inner is not None and inner.column is not None:
        return _values(inner.column, words, word, inner)
    if place.expects == "value" and place.column is not None:
        return _values(place.column, words, word, None)
    if quoting or place.expects == "ids":
        return _ids(word, words, quoting)
    return _unquoted(place, word, words, inner)


def _unquoted(place: Place, word: Token, words: Words, inner: Bracket | None) -> Iterable[Item]:
    closing = _closing(place)
    if place.expects == "condition":
        if inner is not None and inner.call in FOLLOWS and inner.filled:
            yield Item(f"{LEAST}=", LEAST, "operator", "at least so many synapses a connection")
        yield from _columns(words)
        yield Item("not ", "not", "operator", "the condition that follows does not hold")
        if words.schema.connected:
            for name in FOLLOWS:
                yield Item(f"{name}(", f"{name}(…)", "function", _FOLLOWED[name])
        yield from _sets(words)
        yield from _ids(word, words, "")
    elif place.expects == "comparison" and place.column is not None:
        yield from _comparisons(place.column)
    elif place.expects == "method" and place.column is not None:
        yield from _methods(place)
    elif place.expects == "joining":
        if place.column is not None and place.column.kind == "boolean":
            yield Item("== False", "== False", "operator", "is false, and not missing")
        yield Item("and ", "and", "operator", "both hold")
        yield Item("or ", "or", "operator", "one of both holds")
        yield from closing
        if inner is not None and inner.call in FOLLOWS:
            yield Item(f", {LEAST}=", LEAST, "operator", "at least so many synapses a connection")
    elif place.expects == "nothing" and not word.value:
        if inner is not None and inner.column is not None and inner.values:
            yield Item(", ", ",", "operator", "another value")
        yield from closing


def _closing(place: Place) -> list[Item]:
    if not place.brackets:
        return []
    mark = ")" if place.brackets[-1].opening == "(" else "]"
    return [Item(mark, mark, "operator", "closes the list" if mark == "]" else "closes the parenthesis")]


def _columns(words: Words) -> Iterable[Item]:
    for name in words.schema.names():
        column = words.schema.find(name)
        if column is not None:
            detail = words.meaning(column.name) or column.kind
            detail = detail if name == column.name else f"= {column.name}"
            yield Item(column_name(name) + " ", name, "column", detail)


def _comparisons(column: Column) -> Iterable[Item]:
    for sign in _SIGNS[column.kind]:
        yield Item(f"{sign} ", sign, "operator", _SAID[sign])
    if column.kind in ("text", "id"):
        yield Item("in [", "in […]", "operator", "is one of")
        yield Item("not in [", "not in […]", "operator", "is none of")
    for method, said in _METHODS[column.kind]:
        yield Item(f".{method}", f".{method.rstrip('(').rstrip(chr(39)).rstrip('(')}", "operator", said)


def _methods(place: Place) -> Iterable[Item]:
    assert place.column is not None
    for method, said in _METHODS[place.column.kind]:
        if not place.chained or method.startswith("str."):
            text = method.removeprefix("str.") if place.chained else method
            yield Item(text, text.rstrip("'").rstrip("("), "operator", said)


def _values(column: Column, words: Words, word: Token, inner: Bracket | None) -> Iterable[Item]:
    quoting = word.value[0] if word.kind == "open" else ""
    if column.kind == "id":
        return _ids(word, words, quoting or "'")
    if column.kind == "boolean":
        return [Item(word, word, "value") for word in ("True", "False")]
    chosen = set(inner.values) if inner is not None else set[str]()
    part = inner is not None and inner.call.startswith("str.")
    found = list[Item]()
    for value, n in words.values(column.name):
        if value not in chosen:
            text = value if column.kind == "number" else _quoted(value, quoting, part)
            found.append(Item(text, value, "value", f"{n:,}"))
    return found


def _quoted(value: str, quoting: str, part: bool) -> str:
    return quoted(value) + ")" * part if quoting != '"' or '"' in value or "\\" in value else f'"{value}"' + ")" * part


def _sets(words: Words) -> Iterable[Item]:
    for name, title in words.sets():
        yield Item(f"set:{name}", title, "set", f"set:{name[:8]}…")


def _ids(word: Token, words: Words, quoting: str) -> Iterable[Item]:
    start = needle_of(word)
    if not words.schema.ids_are_text or not start:
        return
    for cell in words.ids(start, MOST):
        plain = re.fullmatch(r"\w+", cell) and words.schema.find(cell) is None
        yield Item(cell if plain and not quoting else quoted(cell), cell, "id", "cell")


def _ranked(items: Iterable[Item], needle: str) -> list[Item]:
    """Those in which the needle stands, in any case: at the start, at the start of a word, anywhere."""
    low = needle.casefold()
    if not low:
        return list(items)
    ranked = [(rank, item) for item in items if (rank := _rank(item, low)) is not None]
    ranked.sort(key=lambda pair: pair[0])
    return [item for _, item in ranked]


def _rank(item: Item, low: str) -> int | None:
    for text in (item.label.casefold(), item.text.casefold()):
        if text.startswith(low):
            return 0
    at = item.label.casefold().find(low)
    if at < 0:
        return None
    return 1 if not item.label[at - 1].isalnum() else 2
