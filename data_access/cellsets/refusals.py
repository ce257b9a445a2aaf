"""What to say where the grammar breaks off: what was expected, and what the writer may have meant."""

from __future__ import annotations

from typing import NoReturn, get_args

from data_access.cellsets.lexer import KEYWORDS, Scanner, Token
from data_access.cellsets.pieces import Node
from data_access.cellsets.problems import CellSetError, shorten, shown
from data_access.cellsets.tree import Column, Follow
from data_access.errors import nearest

VALUE_OF = {"text": "text", "number": "a number", "boolean": "true or false", "id": "an id"}
COLUMN_OF = {
    "text": "a text column",
    "number": "a number column",
    "boolean": "a boolean column",
    "id": "an id column",
}
_METHODS_STAND = "methods stand behind a column: cell_type.isin(['a', 'b']), cell_type.str.startswith('a')"
_FOREIGN = {
    "and": "write 'and' in lower case",
    "or": "write 'or' in lower case",
    "not": "write 'not' in lower case",
    "in": "write 'in' in lower case",
    "is": "write == to compare, COLUMN.isna() for missing values",
    "like": "write COLUMN.str.contains('...') or COLUMN.str.startswith('...')",
    "contains": "write COLUMN.str.contains('...')",
    "startswith": "write COLUMN.str.startswith('...')",
    "between": "write COLUMN.between(low, high)",
    "equals": "write ==",
    "if": "a cell set is one condition, without if",
    "for": "a cell set is one condition, without for",
}


def refuse(scanner: Scanner, expected: str) -> NoReturn:
    """CellSetError: the token in view is not what was expected."""
    token = scanner.peek
    if token.kind == "end":
        raise CellSetError(f"expected {expected}, and the text ends", position=token.position)
    hint = ""
    if token.kind == "name" and token.value not in KEYWORDS:
        hint = _FOREIGN.get(token.value.casefold(), "")
    elif token.kind == "symbol" and token.value == ",":
        hint = "beside conditions, ids go in brackets: [1, 2] or ...; a word that is a column is no id"
    found = shown(token.value) if token.kind in ("name", "string") else shorten(scanner.text[token.start : token.end])
    raise CellSetError(f"expected {expected}, found {found}", hint, token.position)


def refuse_function(name: Token) -> NoReturn:
    """CellSetError: there is no such function."""
    alike = nearest(name.value.casefold()[:40], get_args(Follow))
    hint = f"did you mean {alike[0]}(...)?" if alike else _METHODS_STAND
    raise CellSetError(f"there is no function {shown(name.value)}", hint, name.position)


def mismatch(
    operator: str, sources: tuple[str, str], kinds: tuple[str, str], left: Node, right: Node, position: int
) -> CellSetError:
    """Two sides of a comparison whose kinds do not go together."""
    (ours, theirs), nodes = sources, (left, right)
    what = [(COLUMN_OF if isinstance(n, Column) else VALUE_OF)[kind] for n, kind in zip(nodes, kinds, strict=True)]
    hint = ""
    if kinds == ("text", "number"):
        hint = f"text goes in quotes: {ours} {operator} '{theirs}'"
    elif kinds == ("number", "text"):
        hint = "numbers stand without quotes"
    elif kinds[0] == "boolean" and isinstance(left, Column):
        hint = f"write {ours} or not {ours}"
    return CellSetError(f"{ours} is {what[0]}, {theirs} is {what[1]}", hint, position)


def wrong_values(source: str, kind: str, wrong: frozenset[str], position: int) -> CellSetError:
    """A list with values that are not of the kind that its column is."""
    if kind == "text":
        message, hint = "text, and not every value of the list is", "text goes in quotes: ['a', 'b']"
    elif kind == "number":
        message = "a number, its list may hold only numbers"
        hint = "numbers stand without quotes" if "text" in wrong else ""
    else:
        message, hint = "boolean, its list may hold only True or False", ""
    return CellSetError(f"{source} is {message}", hint, position)
