"""The methods of columns: a fixed table, with pandas' names, defaults and meaning.

Regular expressions (`.str.contains` by default, `.str.match`, `.str.fullmatch`) are those of RE2, whose time
grows linearly with the text: no look-around, no back-references; \\d, \\w and \\b know ASCII only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from data_access.cellsets.pieces import Piece, ValueList
from data_access.cellsets.problems import MAX_PATTERN, CellSetError, joined_hints, shorten, shown, suggestion
from data_access.cellsets.semantics import Semantics
from data_access.cellsets.tree import (
    And,
    Arithmetic,
    CaseChanged,
    Column,
    Expr,
    IsMissing,
    Not,
    Operand,
    Text,
    TextTest,
    TextTestName,
    Truth,
)

_PLAIN_PATTERN = re.compile(r"[^\\.^$*+?{}\[\]()|]*+")


@dataclass(frozen=True)
class Call:
    """A method behind an operand, with its arguments."""

    semantics: Semantics
    name: str
    subject: Piece
    positional: list[Piece]
    named: dict[str, Piece]

    def argument(self, index: int, name: str) -> Piece | None:
        """An argument by place or by name."""
        return self.positional[index] if index < len(self.positional) else self.named.get(name)

    def required(self, index: int, name: str) -> Piece:
        """An argument that must be there."""
        piece = self.argument(index, name)
        if piece is None:
            raise CellSetError(f".{self.name}(...) needs {name}", position=self.subject.end + 1)
        return piece

    def truth(self, index: int, name: str, default: bool) -> bool:
        """An argument that is True or False."""
        piece = self.argument(index, name)
        if piece is None:
            return default
        if not isinstance(piece.node, Truth):
            raise CellSetError(f"{name} is True or False", position=piece.position)
        return piece.node.value

    def takes(self, *names: str) -> None:
        """Refuse arguments beyond these."""
        if len(self.positional) > len(names):
            extra = self.positional[len(names)]
            raise CellSetError(f".{self.name}(...) takes at most {len(names)} values", position=extra.position)
        free = names[len(self.positional) :]
        for name, piece in self.named.items():
            if name not in free:
                hint = f"it takes {', '.join(names)}" if names else ""
                raise CellSetError(f".{self.name}(...) takes no {shorten(name)} here", hint, piece.position)


def refuse_unavailable(name: str, position: int) -> None:
    """CellSetError for a method that the language does not have."""
    if name in _METHODS:
        return
    hint = f"write .str.{name}(...)" if f"str.{name}" in _METHODS else suggestion(name, _METHODS)
    available = "available: " + ", ".join(f".{known}" for known in _METHODS)
    raise CellSetError(f"there is no method .{shorten(name)}", joined_hints(hint, available), position)


def build(call: Call) -> Operand | Expr:
    """What the call means."""
    return _METHODS[call.name](call)


def _subject(call: Call) -> Operand:
    node = call.subject.node
    call.semantics.kind(call.subject)
    if not isinstance(node, Column | Arithmetic | CaseChanged):
        source = call.semantics.source(call.subject)
        raise CellSetError(f".{call.name} stands behind a column, not behind {source}", position=call.subject.position)
    return node


def _text_subject(call: Call) -> Column | CaseChanged:
    node = _subject(call)
    kind = call.semantics.kind(call.subject)
    numeric_id = kind == "id" and call.semantics.schema.id_column is not None and not call.semantics.schema.ids_are_text
    if not isinstance(node, Column | CaseChanged) or kind in ("number", "boolean") or numeric_id:
        source = call.semantics.source(call.subject)
        what = "whole-number ids" if kind == "id" else kind
        raise CellSetError(f".{call.name} is for text, {source} is {what}", position=call.subject.position)
    call.semantics.text_test()
    return node


def _is_missing(call: Call) -> Expr:
    call.takes()
    return IsMissing(_subject(call))


def _is_given(call: Call) -> Expr:
    return Not(_is_missing(call))


def _is_in(call: Call) -> Expr:
    call.takes("values")
    values = call.required(0, "values")
    if not isinstance(values.node, ValueList):
        raise CellSetError(".isin(...) takes a list", "such as .isin(['a', 'b'])", values.position)
    return call.semantics.membership(call.subject, values, negated=False)


def _between(call: Call) -> Expr:
    call.takes("left", "right", "inclusive")
    low, high = call.required(0, "left"), call.required(1, "right")
    inclusive = call.argument(2, "inclusive")
    bounds = "both"
    if inclusive is not None:
        bounds = inclusive.node.value if isinstance(inclusive.node, Text) else ""
        if bounds not in ("both", "neither", "left", "right"):
            raise CellSetError("inclusive is 'both', 'neither', 'left' or 'right'", position=inclusive.position)
    above = ">=" if bounds in ("both", "left") else ">"
    below = "<=" if bounds in ("both", "right") else "<"
    compare = call.semantics.comparison
    return And((compare(above, call.subject, low), compare(below, call.subject, high)))


def _changes_case(to: Literal["lower", "upper"]) -> Callable[[Call], Operand]:
    def build_case(call: Call) -> Operand:
        call.takes()
        subject = _text_subject(call)
        if isinstance(subject, CaseChanged):
            return CaseChanged(subject.column, to)
        return CaseChanged(subject, to)

    return build_case


def _begins_or_ends(test: Literal["startswith", "endswith"]) -> Callable[[Call], Expr]:
    def build_test(call: Call) -> Expr:
        call.takes("pat", "na")
        subject = _text_subject(call)
        _refuse_na(call, 1)
        piece = call.required(0, "pat")
        values = piece.node
        if isinstance(values, ValueList) and values.kinds == {"text"}:
            patterns = values.texts
        else:
            patterns = (_pattern(call, piece),)
        call.semantics.text_test(len(patterns))
        return TextTest(subject, test, patterns)

    return build_test


def _contains(call: Call) -> Expr:
    call.takes("pat", "case", "flags", "na", "regex")
    subject = _text_subject(call)
    _refuse_na(call, 3)
    if (flags := call.argument(2, "flags")) is not None:
        raise CellSetError("flags are not available", "write case=False to ignore case", flags.position)
    return _matching(call, "contains", subject, call.truth(1, "case", True), call.truth(4, "regex", True))


def _matches(test: Literal["match", "fullmatch"]) -> Callable[[Call], Expr]:
    def build_match(call: Call) -> Expr:
        call.takes("pat", "case")
        return _matching(call, test, _text_subject(call), call.truth(1, "case", True), True)

    return build_match


def _matching(call: Call, test: TextTestName, subject: Column | CaseChanged, case: bool, regex: bool) -> Expr:
    piece = call.required(0, "pat")
    pattern = _pattern(call, piece)
    # Text without special characters means the same either way, and is found faster as plain text.
    regex = regex and not (test == "contains" and is_plain(pattern))
    if regex:
        _refuse_bad_regex(pattern, piece.position)
    return TextTest(subject, test, (pattern,), regex, not case)


def is_plain(pattern: str) -> bool:
    """Whether a regular expression of these characters stands for nothing but them."""
    return _PLAIN_PATTERN.fullmatch(pattern) is not None


def _pattern(call: Call, piece: Piece) -> str:
    if not isinstance(piece.node, Text):
        raise CellSetError(f".{call.name}(...) takes text in quotes", position=piece.position)
    if len(piece.node.value) > MAX_PATTERN:
        raise CellSetError(f"a pattern may have at most {MAX_PATTERN} characters", position=piece.position)
    return piece.node.value


def _refuse_na(call: Call, index: int) -> None:
    if call.truth(index, "na", False):
        raise CellSetError(
            "na=True is not available: a missing text matches nothing", "write `or COLUMN.isna()` behind it"
        )


def _refuse_bad_regex(pattern: str, position: int) -> None:
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        reason = str(error).split(":", 1)[-1].strip()
        hint = "look-around and back-references are not available; regex=False looks for plain text"
        raise CellSetError(
            f"{shown(pattern)} is no regular expression: {shorten(reason, 80)}", hint, position
        ) from None


_METHODS: dict[str, Callable[[Call], Operand | Expr]] = {
    "isna": _is_missing,
    "isnull": _is_missing,
    "notna": _is_given,
    "notnull": _is_given,
    "isin": _is_in,
    "between": _between,
    "str.startswith": _begins_or_ends("startswith"),
    "str.endswith": _begins_or_ends("endswith"),
    "str.contains": _contains,
    "str.match": _matches("match"),
    "str.fullmatch": _matches("fullmatch"),
    "str.lower": _changes_case("lower"),
    "str.upper": _changes_case("upper"),
}
