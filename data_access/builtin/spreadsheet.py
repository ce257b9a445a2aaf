"""Cells of an .xlsx sheet, read with the standard library alone.

An .xlsx file is a zip of XML. We read the plain values of two published workbooks whose bytes are pinned by
hash, so the few lines below stand in for a spreadsheet package. Formulas give the value that was stored
with them; dates, formats and merged ranges are not looked at.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

from data_access.errors import InputError, did_you_mean

Sheet = dict[tuple[int, int], str | float]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"([A-Z]+)([0-9]+)")


def read_sheets(workbook: bytes, names: tuple[str, ...]) -> tuple[Sheet, ...]:
    """The named sheets of a workbook, each as {(row, column): text or number} from (1, 1); no empty cells.

    Raises InputError for bytes that are no workbook and for a sheet that is not in it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as book:
            parts = _sheet_parts(book)
            unknown = [name for name in names if name not in parts]
            if unknown:
                raise InputError(f"the workbook has no sheet '{unknown[0]}'", did_you_mean(unknown[0], parts))
            texts = _shared_texts(book)
            return tuple(_values(book.read(parts[name]), texts) for name in names)
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError) as error:
        raise InputError(f"not a readable .xlsx workbook: {error}") from error


def _sheet_parts(book: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> its file inside the zip."""
    relations = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.attrib["Id"]: relation.attrib["Target"] for relation in relations}
    sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")
    return {s.attrib["name"]: "xl/" + targets[s.attrib[_RELATION]].removeprefix("/xl/") for s in sheets}


def _shared_texts(book: zipfile.ZipFile) -> list[str]:
    """Texts are stored once a workbook and referred to by number; one may come in several formatted runs."""
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    items = ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{_MAIN}si")
    return ["".join(run.text or "" for run in item.iter(f"{_MAIN}t")) for item in items]


def _values(xml: bytes, texts: list[str]) -> Sheet:
    sheet: Sheet = {}
    for cell in ElementTree.fromstring(xml).iter(f"{_MAIN}c"):
        value = cell.findtext(f"{_MAIN}v")
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            sheet[_place(cell.attrib["r"])] = "".join(run.text or "" for run in cell.iter(f"{_MAIN}t"))
        elif value is not None:
            plain: str | float = texts[int(value)] if kind == "s" else float(value) if kind == "n" else value
            sheet[_place(cell.attrib["r"])] = plain
    return sheet


def _place(reference: str) -> tuple[int, int]:
    """'AB12' -> (12, 28)."""
    match = _PLACE.fullmatch(reference)
    if match is None:
        raise InputError(f"a cell of the workbook has no place: {reference!r}")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), column
