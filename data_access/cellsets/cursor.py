"""Where in a cell set the cursor stands, read leniently: what is before it need be neither whole nor right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from data_access.cellsets.connecting import FOLLOWS, LEAST
from data_access.cellsets.schema import Schema
from data_access.cellsets.tree import Column


@dataclass(frozen=True)
class Token:
    """A piece of the text; kind `open`: a quote that nothing closes, with all that follows it."""

    kind: str
    value: str
    start: int


@dataclass
class Bracket:
    """An open ( or [. `call`: the function or method before it; `column`: that which the list or method is about."""

    opening: str
    call: str = ""
    column: Column | None = None
    values: list[str] = field(default_factory=list)
    filled: bool = False


@dataclass(frozen=True)
class Place:
    """Where the text ends: what may follow, of which column, in which brackets."""

    expects: Literal["condition", "comparison", "value", "values", "joining", "method", "ids", "nothing"]
    column: Column | None = None
    brackets: tuple[Bracket, ...] = ()
    chained: bool = False


_TOKEN = re.compile(
    r"""(?P<blank>[\s\u200b\u2060\ufeff]+)|(?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?P<open>['"`][^\n]*)
    |(?P<set>set:[A-Za-z0-9_-]*)|(?P<number>\.?[0-9][\w.]*)|(?P<name>[^\W\d]\w*)
    |(?P<sign>==|!=|<=|>=|<|>)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_TICKED = re.compile(r"`([^`\n]+)`")
TAIL = re.compile(r"\w*")


def tokens_of(text: str) -> list[Token]:
    """The pieces of a text, whatever it holds, without the blanks."""
    found, at = list[Token](), 0
    while at < len(text):
        match = _TICKED.match(text, at)
        if match is not None:
            found.append(Token("ticked", match[1], at))
        else:
            match = _TOKEN.match(text, at)
            assert match is not None
            if match.lastgroup != "blank":
                found.append(Token(str(match.lastgroup), match[0], at))
        at = match.end()
    return found


def is_typed(token: Token, at: int) -> bool:
    """Whether the cursor stands in or behind the token so that it is still being typed."""
    if token.kind == "open":
        return True
    half = token.kind in ("name", "set", "number", "sign") or token.value in ("=", "!")
    return half and token.start + len(token.value) == at


def behind_quote(text: str, at: int, end: int, word: Token) -> int:
    """Past the rest of the text in quotes in which the cursor stands, if it ends on this line before anything else."""
    if word.kind != "open":
        return end
    quote = word.value[0]
    rest = re.compile(rf"[^{quote}\n,\[\]()=<>]*{quote}").match(text, at)
    return rest.end() if rest else end


def needle_of(word: Token) -> str:
    """What suggestions must contain."""
    if word.kind == "open":
        return word.value[1:]
    return word.value


def place_of(tokens: Iterable[Token], schema: Schema) -> Place:
    """What may follow these pieces."""
    reader = _Reader(schema)
    for token in tokens:
        reader.read(token)
    return reader.place()


class _Reader:
    """Follows what is written, token by token, as far as it must be known to say what comes next."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.brackets: list[Bracket] = []
        self.expects: str = "condition"
        self.column: Column | None = None
        self.method = ""
        self.function = ""
        self.minus = ""

    def place(self) -> Place:
        return Place(self.expects, self.column, tuple(self.brackets), bool(self.method))  # type: ignore[arg-type]

    def read(self, token: Token) -> None:
        kind, value = token.kind, token.value
        if kind in ("name", "ticked"):
            self.name(value, kind == "ticked")
        elif kind in ("string", "number", "set"):
            self.value(value)
        elif kind == "sign":
            self.expects = "value" if self.column is not None else "nothing"
        elif value in "([":
            self.opened(value)
        elif value in ")]":
            self.closed()
        elif value == ",":
            self.comma()
        elif value == ".":
            self.expects = "method" if self.column is not None or self.method else "nothing"
        elif value in "&|~":
            self.joined()
        elif value == "-" and self.expects in ("value", "values"):
            self.minus = "-"
        elif value in "+-*/":
            self.expects = "nothing"

    def name(self, word: str, ticked: bool) -> None:
        if self.expects == "method":
            self.method = f"{self.method}.{word}".lstrip(".")
            return
        if not ticked and word in ("and", "or", "not"):
            if word == "not" and self.expects == "comparison":
                return
            self.joined()
        elif not ticked and word == "in":
            self.expects = "value"
        elif not ticked and word in FOLLOWS:
            self.function, self.expects = word, "nothing"
        elif not ticked and word == LEAST:
            self.expects = "nothing"
        elif self.expects in ("value", "values") or self.in_list():
            self.value(word)
        elif (column := self.schema.find(word)) is not None:
            self.column = column
            self.expects = "joining" if column.kind == "boolean" else "comparison"
        else:
            self.value(word)

    def in_list(self) -> bool:
        return bool(self.brackets) and self.brackets[-1].opening == "["

    def value(self, text: str) -> None:
        if self.brackets and self.brackets[-1].column is not None:
            self.brackets[-1].values.append(self.minus + text.strip("'\""))
            self.minus = ""
            self.expects = "nothing"
        elif self.in_list():
            self.expects = "nothing"
        else:
            self.expects = "joining"

    def joined(self) -> None:
        self.expects, self.column, self.method, self.function = "condition", None, "", ""

    def opened(self, opening: str) -> None:
        about = self.column if self.expects == "value" or (self.method and opening == "(") else None
        call = self.function or self.method
        if self.brackets and opening == "[" and self.brackets[-1].column is not None:
            about = self.brackets[-1].column  # the list inside .isin([
            call = self.brackets[-1].call
        self.brackets.append(Bracket(opening, call, about))
        self.function, self.method = "", ""
        self.expects = "values" if about is not None else "condition"
        if about is None:
            self.column = None

    def closed(self) -> None:
        if self.brackets:
            self.brackets.pop()
        self.expects, self.column, self.method = "joining", None, ""

    def comma(self) -> None:
        inner = self.brackets[-1] if self.brackets else None
        if inner is not None and inner.column is not None:
            self.expects = "values"
        elif inner is not None and inner.call in FOLLOWS:
            self.expects, self.column = "condition", None
            inner.filled = True
        else:
            self.expects, self.column = "ids", None
