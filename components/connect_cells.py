"""'Connect a source': which cells. What a text means, by the cell table that is here; nothing is asked of a service."""

from __future__ import annotations

from pathlib import Path

from dash import html
from dash.development.base_component import Component

from components.connect_form import Form, whole_text
from components.format import counted, thousands
from components.icons import icon
from data_access import cellsets
from data_access.adapters.cave import local, stacks
from data_access.adapters.cave.asked import CellRows
from data_access.adapters.cave.local import Seen
from data_access.errors import SynaptoscopeError

PLACEHOLDER = "cell_type == 'BC', or status_axon == 'true', or ids"
PROOFREAD = "status_axon == 'true' and not outdated"
MOST_TYPES = 4


def rows_of(data_dir: Path, form: Form) -> CellRows | None:
    """The cell table of the form's source, where it is here."""
    return local.cell_rows(data_dir, form.source, form.dataset) if form.source else None


def echo(rows: CellRows | None, form: Form) -> tuple[list[Component | str], bool]:
    """What stands under the box, and whether the box is wrong."""
    if rows is None:
        return [_no_table(form)], False
    if not form.cells:
        return [f"{thousands(len(rows.ids))} rows in the cell table of version {form.version}."], False
    try:
        asked = local.chosen(rows, whole_text(form.cells))
    except SynaptoscopeError as error:
        hint = f" {error.hint[:1].upper()}{error.hint[1:]}" if error.hint else ""
        end = "" if error.message.endswith((".", ")", "?")) else "."
        return [html.Span([icon("warning"), html.Span(error.message + end + hint)], className="wrong")], True
    found = f"{counted(len(asked.ids), 'cell')}: {_short(asked.echo)}"
    if len(asked.strangers):
        found += f"; {thousands(len(asked.strangers))} of them not in the cell table"
    return [html.Strong(counted(len(asked.ids), "cell")), found.removeprefix(counted(len(asked.ids), "cell"))], False


def _no_table(form: Form) -> str:
    if form.version is None:
        return "Choose a version first: a cell is chosen from the cell table of a version."
    return (
        "The cell table of this version is not here yet. The estimate fetches it, which may take a minute; "
        "then this line counts the cells."
    )


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"


def examples(rows: CellRows | None, form: Form) -> list[Component]:
    """Sets to begin with, each put into the box by a click."""
    config = stacks.load(form.datastack) if form.datastack else None
    seen = {column.name: column for column in local.columns(rows)} if rows else {}
    proofread = "true" in seen["status_axon"].values if "status_axon" in seen else bool(config and config.proofreading)
    types = seen["cell_type"].values[:MOST_TYPES] if "cell_type" in seen else ()
    found = [_fill("proofread axons", PROOFREAD)] if proofread else []
    return found + [_fill(value, f"cell_type == {cellsets.quoted(value)}") for value in types]


def _fill(words: str, cells: str) -> html.Button:
    return fill("connect-cells", words, cells, f"Choose {words}: {cells}")


def fill(control: str, words: str, value: str, label: str) -> html.Button:
    """A button that puts a value into a control of the form."""
    marks = {"data-connect-fill": value, "data-connect-to": control, "aria-label": label}
    return html.Button(words, type="button", className="quiet", title=value, **marks)


def columns(rows: CellRows | None) -> list[Component]:
    """The columns that a set may name, with their values."""
    if rows is None:
        return []
    found = local.columns(rows)
    summary = html.Summary(f"{counted(len(found), 'column')} to choose by")
    total = len(rows.ids)
    listed = html.Dl([_column(c, total) for c in found], className="tables columns", tabIndex="0")
    return [html.Details([summary, listed])]


def _column(column: Seen, total: int) -> html.Div:
    missing = f", {thousands(total - column.n)} rows without" if column.n < total else ""
    if column.kind == "number":
        said = f"{' to '.join(column.values)}{missing}"
    else:
        more = column.n_values - len(column.values)
        said = ", ".join(column.values) + (f" and {thousands(more)} more" if more > 0 else "") + missing
    return html.Div([html.Dt([html.Code(column.name), html.Span(column.kind, className="purpose")]), html.Dd(said)])
