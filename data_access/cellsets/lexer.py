"""Cell-set text to tokens, one at a time: a hostile text costs no more than what precedes its first error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from data_access.cellsets.problems import MAX_NAME, MAX_STRING, MAX_TOKENS, CellSetError, shown

TokenKind = Literal["name", "column", "number", "string", "set", "symbol", "end"]

KEYWORDS = frozenset(["and", "or", "not", "in", "True", "False"])
# Invisible characters that come along when text is copied from documents and chat programs.
BLANK = r"\s\u200b\u2060\ufeff"
DOUBLE_QUOTES = '"“”„‟″'
SINGLE_QUOTES = "'‘’‚‛′"
_OPENING = re.compile(rf"[{DOUBLE_QUOTES[1:]}{SINGLE_QUOTES[1:]}]")

_PREFIXES = frozenset(["f", "b", "u", "t", "fr", "rf", "br", "rb"])
_BLANKS = re.compile(rf"[{BLANK}]*+")
_NUMBER = re.compile(r"(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+")
_NAME = re.compile(r"[^\W\d]\w*+")
_SET = re.compile(r"set:([A-Za-z0-9_-]*+)")
_BACKTICKS = re.compile(r"`([^`\n]++)`")
_SYMBOL = re.compile(r"==|!=|<=|>=|[<>()\[\],.&|~+\-*/]")
_WORD = re.compile(r"[\w.]*+")


def _typographic(quotes: str) -> re.Pattern[str]:
    return re.compile(rf"[{quotes}]((?:[^{quotes}\\\n]|\\.)*+)[{quotes}]")


# A string ends with the quote it began with; one that began with a typographic quote, with any of its family.
_STRINGS = {
    '"': re.compile(r'"((?:[^"\\\n]|\\.)*+)"'),
    "'": re.compile(r"'((?:[^'\\\n]|\\.)*+)'"),
    **dict.fromkeys(DOUBLE_QUOTES[1:], _typographic(DOUBLE_QUOTES)),
    **dict.fromkeys(SINGLE_QUOTES[1:], _typographic(SINGLE_QUOTES)),
}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}

# Long lists of plain values inside an expression, read in one stroke: [1, 2 3], ('a', "b").
_WHOLE_NUMBERS = re.compile(rf"\[([0-9,{BLANK}]*+)\]|\(([{BLANK}]*+[0-9]++[{BLANK}]*+,[0-9,{BLANK}]*+)\)")
_QUOTED = r"""(?:'[^'\\\n]*+'|"[^"\\\n]*+")"""
_QUOTED_LIST = rf"[{BLANK}]*+{_QUOTED}[{BLANK}]*+(?:,[{BLANK}]*+{_QUOTED}[{BLANK}]*+)*+,?+[{BLANK}]*+"
_STRINGS_IN_LIST = re.compile(rf"\[({_QUOTED_LIST})\]|\((?=[{BLANK}]*+{_QUOTED}[{BLANK}]*+,)({_QUOTED_LIST})\)")
_ONE_QUOTED = re.compile(r"""'([^'\\\n]*+)'|"([^"\\\n]*+)\"""")

_MISTAKES = (
    (re.compile(r"&&"), "write 'and'"),
    (re.compile(r"\|\|"), "write 'or'"),
    (re.compile(r"<>|=!|≠"), "write !="),
    (re.compile(r"=<|≤"), "write <="),
    (re.compile(r"=>|≥"), "write >="),
    (re.compile(r"===|=~|=|:="), "to compare, write =="),
    (re.compile(r"!"), "write 'not' before a condition, != between values"),
    (re.compile(r"\*\*|//|%|\^"), "the arithmetic here is + - * /"),
    (re.compile(r"@"), "@variables are not available: write the value itself"),
    (re.compile(r":"), "to compare, write ==; a stored set is set:NAME"),
    (re.compile(r"[{}]"), "a list stands in [ ] or ( )"),
    (re.compile(r"[;#]"), "join conditions with 'and' or 'or'"),
)


@dataclass(frozen=True)
class Token:
    """A piece of the text. `value`: the name, the string without quotes, the digits, or the symbol."""

    kind: TokenKind
    value: str
    start: int
    end: int

    @property
    def position(self) -> int:
        """The 1-based character at which it begins."""
        return self.start + 1


class Scanner:
    """Walks along the text with one token in view."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.last_end = 0
        self._count = 0
        self.peek = self._read(0)

    def advance(self) -> Token:
        """The token in view; the next comes into view."""
        token = self.peek
        self._count += 1
        if self._count > MAX_TOKENS:
            hint = "list many values as [1, 2, 3] or ['a', 'b'], without escapes in the quotes"
            raise CellSetError(f"a cell set may hold at most {MAX_TOKENS:,} words and symbols", hint)
        self.last_end = token.end
        self.peek = self._read(token.end)
        return token

    def keyword(self) -> str | None:
        """The name in view if a single = follows it, as in na=False; then both are passed."""
        at = _skip_blanks(self.text, self.peek.end)
        if self.peek.kind != "name" or self.text[at : at + 1] != "=" or self.text[at + 1 : at + 2] == "=":
            return None
        name = self.peek.value
        self.peek = self._read(at + 1)
        return name

    def plain_list(self) -> tuple[Literal["number", "text"], list[str]] | None:
        """The values of the list that opens here if all are digits, or all are quoted; then it is passed."""
        start = self.peek.start
        if match := _WHOLE_NUMBERS.match(self.text, start):
            kind, values = "number", split_plain(match[1] if match[1] is not None else match[2])
        elif match := _STRINGS_IN_LIST.match(self.text, start):
            kind, values = "text", [a or b for a, b in _ONE_QUOTED.findall(self.text, start, match.end())]
        else:
            return None
        self.last_end = match.end()
        self.peek = self._read(match.end())
        return ("number" if kind == "number" else "text"), values

    def skip(self, end: int) -> None:
        """Come to stand behind character `end`, after what a reader of its own took."""
        self.last_end = end
        self.peek = self._read(end)

    def _read(self, at: int) -> Token:
        text = self.text
        at = _skip_blanks(text, at)
        if at == len(text):
            return Token("end", "", at, at)
        first = text[at]
        if first in _STRINGS:
            return self._string(at, raw=False)
        if first.isascii() and (first.isdigit() or first == ".") and (match := _NUMBER.match(text, at)):
            self._refuse_tail(match)
            return Token("number", match[0], at, match.end())
        if match := _SET.match(text, at):
            if not match[1]:
                raise CellSetError("set: needs the name of a stored set", "such as set:3f9a01", at + 1)
            if len(match[1]) > MAX_NAME:
                raise CellSetError(f"the name of a set has at most {MAX_NAME} characters", position=at + 1)
            return Token("set", match[1], at, match.end())
        if match := _NAME.match(text, at):
            return self._name(match)
        if match := _BACKTICKS.match(text, at):
            return Token("column", match[1], at, match.end())
        for pattern, hint in _MISTAKES:
            if wrong := pattern.match(text, at):
                symbol = _SYMBOL.match(text, at)
                if symbol is None or len(symbol[0]) < len(wrong[0]):
                    raise CellSetError(f"{wrong[0]} is not an operator here", hint, at + 1)
        if match := _SYMBOL.match(text, at):
            return Token("symbol", match[0], at, match.end())
        if first == "`":
            raise CellSetError("the backtick that opens here is not closed", position=at + 1)
        raise CellSetError(f"unexpected character {shown(first)}", position=at + 1)

    def _name(self, match: re.Match[str]) -> Token:
        after = self.text[match.end() : match.end() + 1]
        if after and after in "\"'" and match[0] not in KEYWORDS:
            if match[0] in ("r", "R"):
                return self._string(match.start(), raw=True)
            prefix = match[0].casefold() in _PREFIXES
            hint = f"{match[0]}-strings are not available" if prefix else "an operator is missing between them"
            raise CellSetError(f"a quote follows {shown(match[0])} directly", hint, match.end() + 1)
        return Token("name", match[0], match.start(), match.end())

    def _string(self, at: int, raw: bool) -> Token:
        start = at + raw
        match = _STRINGS[self.text[start]].match(self.text, start)
        if match is None:
            raise CellSetError(f"the quote {self.text[start]} that opens here is not closed", position=start + 1)
        if match.end() - at > MAX_STRING:
            raise CellSetError(f"a text may have at most {MAX_STRING:,} characters", position=start + 1)
        return Token("string", match[1] if raw else self._unescaped(match), at, match.end())

    def _unescaped(self, match: re.Match[str]) -> str:
        if "\\" not in match[1]:
            return match[1]

        def replaced(escape: re.Match[str]) -> str:
            code = escape[1]
            if len(code) == 1:
                # As in Python an unknown escape keeps its backslash: '\d' reaches a regular expression.
                quote = code in DOUBLE_QUOTES or code in SINGLE_QUOTES
                return code if quote else _ESCAPED.get(code, "\\" + code)
            number = int(code[1:], 16)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
                position = match.start(1) + escape.start() + 1
                raise CellSetError(f"{shown(escape[0])} is no character", position=position)
            return chr(number)

        return _ESCAPE.sub(replaced, match[1])

    def _refuse_tail(self, match: re.Match[str]) -> None:
        tail = _WORD.match(self.text, match.end())
        if tail and tail[0] and (tail[0][0] == "_" or tail[0][0].isalnum()):
            word = match[0] + tail[0]
            hint = "an id or a text that begins with a digit goes in quotes"
            raise CellSetError(f"{shown(word)} is neither a number nor a name", hint, match.start() + 1)


def split_plain(text: str) -> list[str]:
    """The words of a text in which blanks and commas only separate."""
    for separator in ",;\u200b\u2060\ufeff":
        if separator in text:
            text = text.replace(separator, " ")
    return text.split()


def plain_quotes(text: str) -> str:
    """Typographic quotes as plain ones."""
    if not _OPENING.search(text):
        return text
    return text.translate({**{ord(c): '"' for c in DOUBLE_QUOTES}, **{ord(c): "'" for c in SINGLE_QUOTES}})


def _skip_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    assert match is not None
    return match.end()
