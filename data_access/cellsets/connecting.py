"""The operators that follow connections: inputs_of(...), outputs_of(...), reciprocal_with(...)."""

from __future__ import annotations

from typing import get_args

from data_access.cellsets.idlist import id_node, read_ids
from data_access.cellsets.lexer import Token
from data_access.cellsets.pieces import Bare, Piece
from data_access.cellsets.problems import MAX_FOLLOWS, Budget, CellSetError, shorten
from data_access.cellsets.refusals import refuse_function
from data_access.cellsets.schema import Schema
from data_access.cellsets.semantics import Semantics
from data_access.cellsets.tree import Expr, Follow, Number, Text

FOLLOWS: dict[str, Follow] = {name: name for name in get_args(Follow)}
LEAST = "min_synapses"


def operator(name: Token, schema: Schema, budget: Budget) -> Follow:
    """The operator that is called; CellSetError where there is none of that name, or no connections to follow."""
    if name.value not in FOLLOWS:
        refuse_function(name)
    if not schema.connected:
        hint = "use it on a dataset, once its connections are imported or pulled"
        raise CellSetError(f"{name.value}(...) needs connections, and this table has none", hint, name.position)
    budget.operator()
    budget.spend("inputs_of, outputs_of and reciprocal_with", MAX_FOLLOWS)
    return FOLLOWS[name.value]


def listed(text: str, opening: Token, schema: Schema) -> Piece | None:
    """The ids between the parentheses where nothing else stands there, in any pasted form; None for an expression."""
    inside = text[opening.end : text.find(")", opening.end)]
    if "(" in inside:
        return None
    if "=" in inside:
        inside = inside[: inside.index("=")].rstrip()
        if not inside.endswith(LEAST):
            return None
        inside = inside.removesuffix(LEAST)
    ids = read_ids(inside, schema) if inside.strip() else None
    return Piece(ids, opening.end, opening.end + len(inside)) if ids is not None else None


def least(keyword: str, piece: Piece) -> int:
    """The value of min_synapses; CellSetError for another argument or value."""
    if keyword != LEAST:
        raise CellSetError(f"there is no argument {shorten(keyword)}", f"it takes {LEAST}", piece.position)
    value = piece.node.value if isinstance(piece.node, Number) else None
    if not isinstance(value, int) or value < 1:
        raise CellSetError(f"{LEAST} is a whole number of at least 1", f"such as {LEAST}=3", piece.position)
    return value


def cells(name: str, pieces: list[Piece], semantics: Semantics, position: int) -> Expr:
    """The condition that the arguments name: one of them, or several ids."""
    if not pieces:
        hint = f"such as {name}(cell_type == 'MC') or {name}(864691135341362885)"
        raise CellSetError(f"{name}() needs cells, and there are none between the parentheses", hint, position)
    if len(pieces) == 1:
        return semantics.condition(pieces[0])
    for piece in pieces:
        if not isinstance(piece.node, Number | Text | Bare):
            last = pieces[-1].node
            hint = f"write {LEAST}={last.value}" if isinstance(last, Number) else "join conditions with and or or"
            raise CellSetError(f"{name}(...) takes one condition, or ids", hint, pieces[1].position)
    ids = [p.node.word if isinstance(p.node, Bare) else semantics.literal(p) for p in pieces]
    return id_node(ids, semantics.schema, position=pieces[0].position)
