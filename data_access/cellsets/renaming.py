"""A cell set with other ids in it, and nothing else changed: for a version of the dataset that renamed its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from data_access.cellsets.idlist import read_ids
from data_access.cellsets.lexer import Scanner
from data_access.cellsets.schema import Schema
from data_access.errors import InputError
from data_access.ids import SAFE_INTEGER

NewIds = Callable[[list[str]], list[str]]


@dataclass(frozen=True)
class _Change:
    start: int
    end: int
    text: str


def with_ids(text: str, schema: Schema, new_ids: NewIds, new_set: Callable[[str], str]) -> str:
    """The text with its ids replaced: a list of ids as a whole, an expression token by token.

    `new_ids`: from ids to those that stand for them in their place, in order; where none is left, or where one id
    outside of a list would become several, the old ones stay. `new_set`: from the name of a stored set to another.
    In an expression a whole number up to 2**53 is a value to compare with and stays. A text that cannot be read comes
    back as it is.
    """
    try:
        listed = read_ids(text, schema)
        if listed is not None:
            old = list(listed.ids)
            new = list(dict.fromkeys(new_ids(old)))
            return ", ".join(new) if new and new != old else text
        changes = list(_changes(text, new_ids, new_set))
    except InputError:
        return text
    for change in reversed(changes):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def _changes(text: str, new_ids: NewIds, new_set: Callable[[str], str]) -> Iterator[_Change]:
    scanner = Scanner(text)
    while (token := scanner.peek).kind != "end":
        if token.kind == "symbol" and token.value in ("[", "(") and (plain := scanner.plain_list()) is not None:
            kind, values = plain
            new = _renamed(values, new_ids)
            if new and new != values:
                quote = "'" if kind == "text" else ""
                inside = ", ".join(f"{quote}{value}{quote}" for value in new)
                closing = "]" if token.value == "[" else ",)" if len(new) == 1 else ")"
                yield _Change(token.start, scanner.last_end, token.value + inside + closing)
            continue
        if scanner.keyword() is not None:
            continue
        scanner.advance()
        if token.kind == "set":
            yield _Change(token.start, token.end, f"set:{new_set(token.value)}")
        elif token.kind in ("number", "string"):
            new = _renamed([token.value], new_ids)
            if len(new) == 1 and new != [token.value]:
                quote = text[token.start] if token.kind == "string" else ""
                yield _Change(token.start, token.end, f"{quote}{new[0]}{quote}")


def _renamed(values: list[str], new_ids: NewIds) -> list[str]:
    """The values of one list or token, ids among them replaced where they stand; each id once."""
    new: list[str] = []
    for value in values:
        is_id = value.isascii() and value.isdecimal() and int(value[:20]) > SAFE_INTEGER
        new += new_ids([value]) if is_id else [value]
    return list(dict.fromkeys(new)) if new != values else values
