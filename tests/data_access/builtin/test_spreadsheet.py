"""Plain values out of .xlsx workbooks."""

from __future__ import annotations

import io
import zipfile

import pytest

from data_access.builtin.spreadsheet import read_sheets
from data_access.errors import InputError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(rows: str, shared: str = "") -> bytes:
    def sheet(content: str) -> str:
        return f'<worksheet xmlns="{MAIN}"><sheetData>{content}</sheetData></worksheet>'

    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="First" sheetId="1" r:id="rId7"/><sheet name="Second" sheetId="2" r:id="rId8"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        '<Relationship Id="rId7" Target="worksheets/a.xml"/>'
        '<Relationship Id="rId8" Target="/xl/worksheets/b.xml"/></Relationships>',
        "xl/worksheets/a.xml": sheet(rows),
        "xl/worksheets/b.xml": sheet('<row><c r="B2"><v>2</v></c></row>'),
    }
    if shared:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return packed.getvalue()


def test_numbers_texts_and_formulas_come_with_their_places() -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>0</v></c><c r="C1"/></row>'
        '<row r="2"><c r="A2"><v>3.5</v></c><c r="AB2" t="inlineStr"><is><t>in</t><t>line</t></is></c>'
        '<c r="Z2" t="str"><f>A1</f><v>told</v></c><c r="AAA2"><f>1+1</f><v>2</v></c></row>'
    )
    shared = "<si><t>plain</t></si><si><r><t>two </t></r><r><t>runs</t></r></si>"
    (sheet,) = read_sheets(workbook(rows, shared), ("First",))
    assert sheet == {
        (1, 1): "two runs",
        (1, 2): "plain",
        (2, 1): 3.5,
        (2, 28): "inline",
        (2, 26): "told",
        (2, 703): 2.0,
    }


def test_sheets_come_in_the_order_asked_for() -> None:
    second, first = read_sheets(workbook('<row><c r="A1"><v>1</v></c></row>'), ("Second", "First"))
    assert (second, first) == ({(2, 2): 2.0}, {(1, 1): 1.0})


def test_a_missing_sheet_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="no sheet 'Frist'") as error:
        read_sheets(workbook(""), ("Frist",))
    assert "First" in error.value.hint


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"a,b\n1,2\n"])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match=r"not a readable \.xlsx workbook"):
        read_sheets(content, ("First",))
