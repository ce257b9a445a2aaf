"""Pasted lists of ids in whatever form: with commas, blanks, lines, quotes, brackets, as printed arrays."""

from __future__ import annotations

import re
from dataclasses import replace

from data_access import neuroglancer_read
from data_access.cellsets.lexer import BLANK, KEYWORDS, plain_quotes, split_plain
from data_access.cellsets.problems import MAX_IDS, CellSetError, shorten, shown, suggestion
from data_access.cellsets.schema import Schema
from data_access.cellsets.tree import Ids

# Words of other query languages. Whole-number ids they cannot be, so the text is an expression gone wrong.
_FOREIGN_WORDS = frozenset(["is", "like", "between", "where", "null", "none", "true", "false"])

_SEPARATOR = rf"[,;{BLANK}]"
# A bare id has no blanks, separators, quotes, brackets, comparison signs, control or direction marks.
_BARE = rf"[^,;{BLANK}\"'`\\=<>!&|~()\[\]{{}}\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_WHOLE_NUMBERS = re.compile(rf"[0-9,;{BLANK}]++")
_LIST = re.compile(rf"""(?:(?:"[^"\\\n]*+"|'[^'\\\n]*+'|{_BARE}++)(?:{_SEPARATOR}++|\Z))++""")
_ITEM = re.compile(rf""""([^"\\\n]*+)"|'([^'\\\n]*+)'|({_BARE}++)""")
_HEADING = re.compile(r"[^\W\d][\w .-]{0,60}")
_UNDER_HEADING = re.compile(rf"[0-9\"',;{BLANK}]++")
_INTEGER = re.compile(r"-?[0-9]++")
_NUMPY_INTEGER = re.compile(r"np\.u?int(?:64|32)\((-?[0-9]++)\)")
_ARRAY_START = re.compile(r"(?:np\.|pd\.)?(?:array|Index|Int64Index)\((?=[\[])")
_ARRAY_END = re.compile(r"\](?:,\s*dtype=[^\[\]()]{1,30})?\)$")
_OPERATORS = frozenset(["and", "or", "not", "in"])
_FIRST_NAME = re.compile(r"\W")
_ROUNDED = re.compile(r"[0-9]+\.[0-9]*(?:[eE]\+?[0-9]+)?|[0-9]+[eE]\+?[0-9]+")
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_LAYERS = 2
_EDGES = " \t\r\n\f\v\u00a0,;\u200b\u2060\ufeff"


def read_ids(text: str, schema: Schema) -> Ids | None:
    """The ids if `text` is nothing but a list of ids, else None: then it is an expression.

    A word that is a column is no id unless quoted; a heading with the name of the id column is passed over. A pasted
    Neuroglancer link means the segments that it shows.
    """
    if neuroglancer_read.is_link(text):
        pasted = neuroglancer_read.read(text)
        return replace(id_node(list(pasted.ids), schema), source=pasted.in_words())
    text = _unwrapped(text)
    if _WHOLE_NUMBERS.fullmatch(text):
        return id_node(split_plain(text), schema)
    text, column = plain_quotes(text), schema.id_column
    if column is None or not _LIST.fullmatch(text):
        return None
    items: list[tuple[str, str, str]] = _ITEM.findall(text)
    source = ""
    if len(items) > 1 and (heading := schema.find("".join(items[0]))) and heading.name == column:
        items = items[1:]
    elif heading_of_others := _foreign_heading(text, items, schema):
        items, source = items[1:], f"under the heading {shorten(heading_of_others)}"
    bare = {item[2] for item in items if item[2]}
    if _belong_to_expression(bare, schema):
        return None
    if not schema.ids_are_text and len(items) == 1 and not _INTEGER.fullmatch("".join(items[0])):
        return None
    ids = id_node(["".join(item) for item in items], schema, bare_word=len(items) == 1 and len(bare) == 1)
    return replace(ids, source=source) if source else ids


def id_node(ids: list[str], schema: Schema, bare_word: bool = False, position: int | None = None) -> Ids:
    """The condition that names these ids; CellSetError where one cannot be an id of this table."""
    if schema.id_column is None:
        hint = "write a condition on its columns, such as size > 100; text to compare with goes in quotes"
        raise CellSetError("the rows of this table cannot be named by cell id", hint, position)
    if not ids:
        raise CellSetError("an empty list names no cells", "leave the set empty for all cells", position)
    if len(ids) > MAX_IDS:
        raise CellSetError(f"{len(ids):,} ids: a cell set may name at most {MAX_IDS:,}")
    if not schema.ids_are_text:
        _refuse_names(ids, position)
    like = suggestion(ids[0], schema.names()) if bare_word and schema.ids_are_text else ""
    return Ids(tuple(ids), schema.id_column, schema.ids_are_text, bare_word and schema.ids_are_text, like)


def _foreign_heading(text: str, items: list[tuple[str, str, str]], schema: Schema) -> str:
    """The name over a pasted column of whole-number ids if it stands in a line of its own and is no column here."""
    word = "".join(items[0])
    if schema.ids_are_text or len(items) < 2 or not _HEADING.fullmatch(word):
        return ""
    if word in KEYWORDS or word.casefold() in _OPERATORS | _FOREIGN_WORDS or schema.find(word) is not None:
        return ""
    first, _, rest = text.strip(_EDGES).partition("\n")
    alone = first.strip(_EDGES + "\"'") == word
    return word if alone and _UNDER_HEADING.fullmatch(rest) else ""


def _refuse_names(ids: list[str], position: int | None) -> None:
    for word in ids:
        if word.isdecimal() and word.isascii():
            continue
        if _ROUNDED.fullmatch(word):
            hint = "a spreadsheet or a float column rounded it; export the ids as text"
            raise CellSetError(f"{shown(word)} is no exact cell id", hint, position)
        if word in ("...", "…"):
            hint = "the list was shortened when it was printed: copy all of it"
            raise CellSetError(f"{word} stands for ids that are missing here", hint, position)
        if not _INTEGER.fullmatch(word):
            hint = f"text goes in quotes behind a column: cell_type in [{shown(word)}]"
            raise CellSetError(f"{shown(word)} is no cell id: ids here are whole numbers", hint, position)


def _unwrapped(text: str) -> str:
    if "np." in text:
        text = _NUMPY_INTEGER.sub(r"\1", text)
    text = text.strip(_EDGES)
    if (start := _ARRAY_START.match(text)) and (end := _ARRAY_END.search(text, max(0, len(text) - 60))):
        text = text[start.end() : end.start() + 1]
    for _ in range(_LAYERS):
        if len(text) > 1 and _BRACKETS.get(text[0]) == text[-1]:
            text = text[1:-1].strip(_EDGES)
    return text


def _belong_to_expression(bare: set[str], schema: Schema) -> bool:
    reserved = KEYWORDS | set(schema.names())
    if not bare.isdisjoint(reserved):
        return True
    foreign = _OPERATORS if schema.ids_are_text else _OPERATORS | _FOREIGN_WORDS
    if len(bare) > 1 and any(word.casefold() in foreign for word in bare if len(word) < 8):
        return True
    names = [word for word in bare if not word.isdecimal()]
    # A stored set, or a column with something attached: cell_type.str, x_nm/1000.
    return any(word.startswith("set:") or _FIRST_NAME.split(word, maxsplit=1)[0] in reserved for word in names)
