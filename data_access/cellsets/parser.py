"""Cell-set text to a tree, by precedence climbing: or, and, not, comparisons, + -, * /, unary - ~, methods.

`&` and `|` bind as `and` and `or` do, as in DataFrame.query; `~` binds tighter than a comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from data_access.cellsets import connecting, methods
from data_access.cellsets.idlist import read_ids
from data_access.cellsets.lexer import Scanner, Token
from data_access.cellsets.pieces import Bare, Piece, ValueList
from data_access.cellsets.problems import (
    MAX_CHARACTERS,
    Budget,
    CellSetError,
    shown,
    suggestion,
)
from data_access.cellsets.refusals import refuse
from data_access.cellsets.schema import Schema
from data_access.cellsets.semantics import Semantics
from data_access.cellsets.stored import StoredSets
from data_access.cellsets.tree import AllCells, And, Connected, Expr, Not, Number, Or, Text, Truth

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT = 1, 2, 3, 4, 5, 6
_BINDING = {"or": _OR, "|": _OR, "and": _AND, "&": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_BINDING |= dict.fromkeys(["==", "!=", "<", "<=", ">", ">=", "in", "not"], _COMPARISON)


def parse(text: str, schema: Schema, resolve_set: Callable[[str], str] | None = None) -> Expr:
    """Parse a cell set to its tree.

    `text`: an expression in the syntax of DataFrame.query, a list of ids in any pasted form, `set:NAME`, or
    blank for all cells. `resolve_set`: from NAME to the text stored under it. Nothing of it is ever run.
    Column names and types are checked here; values and ids against a table in evaluate(). Raises InputError
    (CellSetError, with the 1-based position where there is one) for a text that is wrong, longer than 5 MB,
    nested deeper than 50 levels, or with more than 2,000 operators or 1,000,000 ids.
    """
    return Reading(schema, resolve_set).read(text)


class Reading:
    """One call of parse: the text, the texts stored under names in it, and one budget for all of them."""

    def __init__(self, schema: Schema, resolve_set: Callable[[str], str] | None) -> None:
        self.schema = schema
        self.budget = Budget()
        self.stored = StoredSets(resolve_set, self.budget)

    def read(self, text: str) -> Expr:
        """The tree of one text, the outermost or a stored one."""
        if len(text) > MAX_CHARACTERS:
            raise CellSetError(f"{len(text):,} characters: a cell set may have at most {MAX_CHARACTERS:,}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise CellSetError("half of a character (a lone surrogate)", position=error.start + 1) from None
        if (ids := read_ids(text, self.schema)) is not None:
            return ids
        return _Parser(text, self).whole()


class _Parser:
    """Reads one text from left to right; every method leaves the scanner behind what it has read."""

    def __init__(self, text: str, reading: Reading) -> None:
        self.reading = reading
        self.scanner = Scanner(text)
        self.semantics = Semantics(text, reading.schema, reading.budget)

    def whole(self) -> Expr:
        if self.scanner.peek.kind == "end":
            return AllCells()
        piece = self.expression(0)
        if self.scanner.peek.kind != "end":
            refuse(self.scanner, "an operator such as ==, in, and, or")
        return self.semantics.condition(piece)

    def expression(self, lowest: int) -> Piece:
        """An operand and all operators behind it that bind tighter than `lowest`."""
        left = self.operand(lowest)
        while (binding := self.binding()) > lowest:
            if binding in (_OR, _AND):
                left = self.joined(left, binding)
            elif binding == _COMPARISON:
                left = self.compared(left)
            else:
                operator = self.scanner.advance().value
                right = self.expression(binding)
                for sign in ("+", "-", "*", "/"):
                    if operator == sign:
                        left = self.semantics.arithmetic(sign, left, right)
        return left

    def binding(self) -> int:
        """How tightly the operator in view binds, 0 where there is none."""
        token = self.scanner.peek
        return _BINDING.get(token.value, 0) if token.kind in ("symbol", "name") else 0

    def joined(self, left: Piece, binding: int) -> Piece:
        """a and b and c, or a or b or c."""
        parts = [self.semantics.condition(left)]
        end = left.end
        while self.binding() == binding:
            self.reading.budget.operator()
            self.scanner.advance()
            right = self.expression(binding)
            parts.append(self.semantics.condition(right))
            end = right.end
        return Piece(And(tuple(parts)) if binding == _AND else Or(tuple(parts)), left.start, end)

    def compared(self, left: Piece) -> Piece:
        """a < b, also in a chain (a < b < c means a < b and b < c), and a in [...]."""
        start, parts = left.start, list[Expr]()
        while self.binding() == _COMPARISON:
            token = self.scanner.advance()
            if token.value in ("in", "not"):
                if token.value == "not":
                    if not self.is_name("in"):
                        refuse(self.scanner, "'in' after 'not' (a condition is negated in front: not a == b)")
                    self.scanner.advance()
                right = self.expression(_COMPARISON)
                parts.append(self.semantics.membership(left, right, negated=token.value == "not"))
                if self.binding() == _COMPARISON:
                    raise CellSetError("'in' cannot stand in a chain", "join with and", self.scanner.peek.position)
            else:
                right = self.expression(_COMPARISON)
                parts.append(self.semantics.comparison(token.value, left, right))
            left = right
        return Piece(parts[0] if len(parts) == 1 else And(tuple(parts)), start, left.end)

    def operand(self, lowest: int) -> Piece:
        """One operand with its signs and methods, or a negated condition."""
        token = self.scanner.peek
        if token.kind == "name" and token.value == "not":
            if lowest >= _COMPARISON:
                refuse(self.scanner, "a value ('not' belongs in parentheses here)")
            return self.negated(_NOT)
        if token.kind == "symbol" and token.value == "~":
            return self.negated(None)
        if token.kind == "symbol" and token.value in ("+", "-"):
            self.scanner.advance()
            self.reading.budget.enter(token.position)
            piece = self.operand(_PRODUCT)
            self.reading.budget.leave()
            return self.semantics.signed("-" if token.value == "-" else "+", piece, token.start)
        piece = self.atom()
        while self.is_symbol("."):
            piece = self.method(piece)
        return piece

    def negated(self, lowest: int | None) -> Piece:
        """`not` and all that binds tighter, or ~ and one operand."""
        token = self.scanner.advance()
        self.reading.budget.operator()
        self.reading.budget.enter(token.position)
        piece = self.operand(_PRODUCT) if lowest is None else self.expression(lowest)
        self.reading.budget.leave()
        if lowest is None and self.binding() == _COMPARISON and self.semantics.kind(piece) != "boolean":
            hint = "~ binds tighter than a comparison: write ~(...) or not"
            raise CellSetError(f"~ needs a condition, not {self.semantics.source(piece)}", hint, token.position)
        return Piece(Not(self.semantics.condition(piece)), token.start, piece.end)

    def atom(self) -> Piece:
        """A column, a value, a list, something in parentheses, or a stored set."""
        token = self.scanner.peek
        if token.kind == "symbol" and token.value in ("(", "["):
            return self.bracketed(token)
        if token.kind in ("end", "symbol") or (token.kind == "name" and token.value in ("and", "or", "in")):
            refuse(self.scanner, "a column, a value or a condition")
        self.scanner.advance()
        if token.kind == "name" and self.is_symbol("("):
            return self.connected(token)
        if token.kind == "set":
            found = self.reading.stored.read(token.value, token.position, self.reading.read)
            return Piece(found, token.start, token.end)
        return self.plain(token)

    def connected(self, name: Token) -> Piece:
        """inputs_of(cells, min_synapses=N) and its like; ids inside stand in any pasted form."""
        follow = connecting.operator(name, self.reading.schema, self.reading.budget)
        opening = self.scanner.peek
        self.reading.budget.enter(opening.position)
        cells, least = list[Piece](), 1
        if (listed := connecting.listed(self.scanner.text, opening, self.reading.schema)) is not None:
            cells.append(listed)
            self.scanner.skip(listed.end)
        else:
            self.scanner.advance()
        while not self.is_symbol(")"):
            if (keyword := self.scanner.keyword()) is not None:
                least = connecting.least(keyword, self.expression(0))
            else:
                cells.append(self.expression(0))
            if not self.is_symbol(","):
                break
            self.scanner.advance()
        end = self.closed(opening, ")")
        self.reading.budget.leave()
        chosen = connecting.cells(follow, cells, self.semantics, name.position)
        return Piece(Connected(follow, chosen, least), name.start, end)

    def plain(self, token: Token) -> Piece:
        """A column or a value that is one token."""
        if token.kind == "number":
            return Piece(Number(self.semantics.number(token.value, token.position)), token.start, token.end)
        if token.kind == "string":
            return Piece(Text(token.value), token.start, token.end)
        if token.kind == "name" and token.value in ("True", "False"):
            return Piece(Truth(token.value == "True"), token.start, token.end)
        column = self.reading.schema.find(token.value)
        if column is None and token.kind == "column":
            hint = suggestion(token.value, self.reading.schema.names())
            raise CellSetError(f"no column {shown(token.value)}", hint, token.position)
        return Piece(column or Bare(token.value), token.start, token.end)

    def bracketed(self, opening: Token) -> Piece:
        """( condition ), ( operand ), or a list in ( ) or [ ]."""
        if (plain := self.scanner.plain_list()) is not None:
            kind, values = plain
            kinds = frozenset([kind]) if values else frozenset[str]()
            return Piece(ValueList(tuple(values), kinds), opening.start, self.scanner.last_end)
        self.scanner.advance()
        self.reading.budget.enter(opening.position)
        closing = ")" if opening.value == "(" else "]"
        if opening.value == "(" and not self.is_symbol(")"):
            inner = self.expression(0)
            if not self.is_symbol(","):
                end = self.closed(opening, closing)
                self.reading.budget.leave()
                return Piece(inner.node, opening.start, end)
            texts, kinds_found = self.elements(inner)
        else:
            texts, kinds_found = self.elements(None)
        end = self.closed(opening, closing)
        self.reading.budget.leave()
        return Piece(ValueList(tuple(texts), frozenset(kinds_found)), opening.start, end)

    def elements(self, first: Piece | None) -> tuple[list[str], set[str]]:
        """The values of a list up to its closing bracket; `first` was read already."""
        texts, kinds = list[str](), set[str]()
        piece = first
        while piece is not None or not (self.is_symbol("]") or self.is_symbol(")")):
            if piece is None:
                piece = self.operand(_PRODUCT)
            text, kind = self.element(piece)
            texts.append(text)
            kinds.add(kind)
            piece = None
            if not self.is_symbol(","):
                break
            self.scanner.advance()
        return texts, kinds

    def element(self, piece: Piece) -> tuple[str, Literal["number", "text", "boolean", "bare"]]:
        """A value of a list, as text, and its kind."""
        node = piece.node
        if isinstance(node, Text):
            return node.value, "text"
        if isinstance(node, Bare):
            return node.word, "bare"
        if isinstance(node, Number):
            return self.semantics.digits(piece), "number"
        if isinstance(node, Truth):
            return str(node.value), "boolean"
        hint = "a word that is a column is one; as a value or an id it goes in quotes"
        raise CellSetError(f"a list holds plain values, not {self.semantics.source(piece)}", hint, piece.position)

    def closed(self, opening: Token, closing: str) -> int:
        """Pass the closing bracket; its end."""
        if not self.is_symbol(closing):
            if self.scanner.peek.kind == "end":
                raise CellSetError(f"the {opening.value} that opens here is not closed", position=opening.position)
            refuse(self.scanner, f"{closing} or an operator" if closing == ")" else ", or ]")
        return self.scanner.advance().end

    def method(self, piece: Piece) -> Piece:
        """.isna(), .str.contains(...) and so on, behind an operand."""
        position = self.scanner.advance().position
        name = self.method_name()
        if name == "str" and self.is_symbol("."):
            self.scanner.advance()
            name = f"str.{self.method_name()}"
        self.reading.budget.operator()
        methods.refuse_unavailable(name, position)
        if not self.is_symbol("("):
            raise CellSetError(f".{name} is called with parentheses", f"write .{name}(...)", position)
        opening = self.scanner.advance()
        self.reading.budget.enter(opening.position)
        positional, named = list[Piece](), dict[str, Piece]()
        while not self.is_symbol(")"):
            if (keyword := self.scanner.keyword()) is not None:
                named[keyword] = self.expression(0)
            else:
                positional.append(self.expression(0))
            if not self.is_symbol(","):
                break
            self.scanner.advance()
        end = self.closed(opening, ")")
        self.reading.budget.leave()
        call = methods.Call(self.semantics, name, piece, positional, named)
        return Piece(methods.build(call), piece.start, end)

    def method_name(self) -> str:
        token = self.scanner.peek
        if token.kind != "name":
            refuse(self.scanner, "the name of a method, such as isna or str")
        return self.scanner.advance().value

    def is_symbol(self, value: str) -> bool:
        token = self.scanner.peek
        return token.kind == "symbol" and token.value == value

    def is_name(self, value: str) -> bool:
        token = self.scanner.peek
        return token.kind == "name" and token.value == value
