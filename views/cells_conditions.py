"""Conditions and-ed to a filter by a click on a bar or a brushed range, and found again in its text.

A filter is a row of parts joined by `and`. The parts that a panel writes have a fixed form (`column == 'a'`,
`column in ['a', 'b']`, `column.isna()`, `column >= 1 and column < 2`), so that a panel knows its own, takes them out
and puts others in; all other parts stay as they were written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from data_access import cellsets

_QUOTED = r"'(?:[^'\\]|\\.)*'"
_NUMBER = r"-?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_LISTED = re.compile(r"[^=<>()\[\]]*\s[^=<>()\[\]]*")  # ids with blanks between them
_WORD = re.compile(r"\b(?:and|or)\b|[&|,]")


def parts(text: str) -> list[str]:
    """The conditions that a filter and-s together; one of any other form is one part, in parentheses if it must be."""
    text = text.strip()
    if not text:
        return []
    found, start, depth, at = [], 0, 0, 0
    while at < len(text):
        ch = text[at]
        if ch in "'\"`":
            at = _after_quote(text, at)
            continue
        depth += (ch in "([") - (ch in ")]")
        word = _WORD.match(text, at) if depth == 0 else None
        if word is None:
            at += 1
        elif word.group() == "and":
            found.append(text[start:at].strip())
            at = start = word.end()
        else:
            return [f"({text})"]
    last = text[start:].strip()
    return [*found, f"({last})" if not found and _LISTED.fullmatch(last) else last]


def _after_quote(text: str, at: int) -> int:
    mark, at = text[at], at + 1
    while at < len(text) and text[at] != mark:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def joined(conditions: list[str]) -> str:
    """The filter that holds all the conditions; one alone loses the parentheses around it."""
    if len(conditions) == 1 and _is_wrapped(conditions[0]):
        return conditions[0][1:-1].strip()
    return " and ".join(conditions)


def _is_wrapped(text: str) -> bool:
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth, at = 0, 0
    while at < len(text):
        if text[at] in "'\"`":
            at = _after_quote(text, at)
            continue
        depth += (text[at] in "([") - (text[at] in ")]")
        at += 1
        if depth == 0 and at < len(text):
            return False
    return True


def name(column: str) -> str:
    """A column as a filter names it."""
    return cellsets.column_name(column)


def quoted(value: str) -> str:
    """A text as a filter writes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True)
class Kinds:
    """A filter without what it says of a column's kinds, and the kinds it lets pass (None = missing); () = any."""

    others: str
    chosen: tuple[str | None, ...]


def kinds(text: str, column: str) -> Kinds:
    """What a filter says of a column in the forms that `with_kinds` writes."""
    others, chosen = [], None
    for part in parts(text):
        found = _kinds(part, column)
        if found is None or chosen is not None:
            others.append(part)
        else:
            chosen = found
    return Kinds(joined(others), chosen or ())


def _kinds(part: str, column: str) -> tuple[str | None, ...] | None:
    col, value = re.escape(name(column)), rf"(?:{_QUOTED}|True|False)"
    some = rf"{col} == ({value})|{col} in \[({value}(?:, {value})*)\]"
    if part == f"{name(column)}.isna()":
        return (None,)
    missing = re.fullmatch(rf"\({col}\.isna\(\) or (.*)\)", part, re.DOTALL)
    match = re.fullmatch(some, missing.group(1) if missing else part)
    if match is None:
        return None
    values = tuple(_unquoted(v) for v in re.findall(value, match.group(1) or match.group(2)))
    return (None, *values) if missing else values


def _unquoted(value: str) -> str:
    if value in ("True", "False"):
        return value.lower()
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)


def with_kinds(others: str, column: str, chosen: tuple[str | None, ...], truth: bool = False) -> str:
    """A filter and-ed with the kinds of a column that pass; truth: the column holds yes and no, not texts."""
    values = [v.capitalize() if truth else quoted(v) for v in chosen if v is not None]
    col = name(column)
    condition = f"{col} == {values[0]}" if len(values) == 1 else f"{col} in [{', '.join(values)}]"
    if None in chosen:
        condition = f"({col}.isna() or {condition})" if values else f"{col}.isna()"
    return joined([*parts(others), condition]) if chosen else others


@dataclass(frozen=True)
class Range:
    """A filter without the limits it sets to a column, and those: low <= value < high (None = no limit)."""

    others: str
    low: float | None
    high: float | None


def limits(text: str, column: str) -> Range:
    """The limits that a filter sets to a column in the form that `with_limits` writes."""
    others, low, high = [], None, None
    pattern = re.compile(rf"{re.escape(name(column))} (>=|<) ({_NUMBER})")
    for part in parts(text):
        match = pattern.fullmatch(part)
        if match and match.group(1) == ">=" and low is None:
            low = float(match.group(2))
        elif match and match.group(1) == "<" and high is None:
            high = float(match.group(2))
        else:
            others.append(part)
    return Range(joined(others), low, high)


def with_limits(others: str, column: str, low: float | None, high: float | None) -> str:
    """A filter and-ed with limits of a column."""
    col = name(column)
    ends = [f"{col} {sign} {number(v)}" for sign, v in ((">=", low), ("<", high)) if v is not None]
    return joined([*parts(others), *ends])


def number(value: float) -> str:
    """A number as short as it can be read back."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
