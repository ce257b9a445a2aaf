"""'Connect a source': the versions of a datastack with age and expiry, and the tables of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.format import counted
from data_access.adapters.cave.described import TableInfo
from data_access.adapters.cave.looking import Tables
from data_access.adapters.cave.versions import Version

SOON_DAYS = 7
EXPIRED_SHOWN = 5


def choice(versions: Sequence[Version], wanted: int | None) -> str:
    """The version to begin with: the wanted one if it can be had, else the newest; "" where there is none."""
    there = [v.version for v in versions if not v.expired]
    return str(wanted if wanted in there else there[0]) if there else ""


def table(versions: Sequence[Version]) -> list[Component]:
    """The versions to choose from, newest first; after them the last ones that have expired, which cannot be chosen."""
    there = [v for v in versions if not v.expired]
    gone = [v for v in versions if v.expired]
    if not there:
        return [html.P("This datastack has no version that can be asked now.", className="note")]
    head = html.Tr([html.Th(text, scope="col") for text in ("Version", "State of", "Age", "Kept by the server")])
    rows = [_row(v) for v in (*there, *gone[:EXPIRED_SHOWN])]
    more = len(gone) - EXPIRED_SHOWN
    older = f"and {counted(more, 'older version')} that expired" if more > 0 else ""
    return [
        html.Div(html.Table([html.Thead(head), html.Tbody(rows)], className="versions"), className="wide"),
        html.P(older, className="hint", hidden=not older),
    ]


def _row(version: Version) -> html.Tr:
    days = version.days_left
    soon = not version.expired and days is not None and days <= SOON_DAYS
    name = dmc.Radio(value=str(version.version), label=str(version.version), disabled=version.expired, size="xs")
    return html.Tr(
        [
            html.Td(name),
            html.Td(html.Time(f"{version.time_stamp:%Y-%m-%d}", dateTime=version.time_stamp.isoformat())),
            html.Td(age(version.age_days)),
            html.Td(kept(version), className="soon" if soon else None),
        ],
        className="expired" if version.expired else None,
    )


def age(days: float) -> str:
    """3.2 -> '3 days old', 24 -> '3 weeks old', 480 -> '16 months old', 900 -> '2.5 years old'."""
    if days < 1:
        return "new today"
    if days < 14:
        return f"{counted(int(days), 'day')} old"
    if days < 60:
        return f"{int(days // 7)} weeks old"
    if days < 730:
        return f"{int(days // 30.4)} months old"
    return f"{days / 365.25:.1f} years old"


def kept(version: Version) -> str:
    """'until 2027-01-02', with the days where these are few; 'expired'; 'no end known'."""
    if version.expired:
        return "expired"
    if version.expires_on is None:
        return "no end known"
    until = f"until {version.expires_on:%Y-%m-%d}"
    left = (version.expires_on.date() - datetime.now(UTC).date()).days
    if left > SOON_DAYS:
        return until
    return f"{until}, today" if left < 1 else f"{until}, in {counted(left, 'day')}"


def used(found: Tables, version: int) -> list[Component]:
    """What a pull of this version reads, with the words of the owners; open where they warn of something."""
    if not found.used:
        text = "Nothing tells where the cells of this datastack are: choose a table below."
        return [html.P(text, className="note", role="status")]
    notices = sum(1 for u in found.used if u.table.notice)
    said = f", {counted(notices, 'notice')} of their owners" if notices else ""
    purposes: dict[str, list[str]] = {}
    for one in found.used:
        purposes.setdefault(one.table.name, []).append(one.purpose.replace("_", " "))
    tables = {one.table.name: one.table for one in found.used}
    rows = [_used(table, ", ".join(purposes[name])) for name, table in tables.items()]
    notes = [html.P(note[:1].upper() + note[1:], className="hint") for note in found.notes]
    guessed = [] if found.described else [html.P(GUESSED, className="note")]
    summary = html.Summary(f"{counted(len(tables), 'table')} of version {version} are read{said}")
    listed = html.Dl(rows, className="tables", tabIndex="0")
    return [*guessed, html.Details([summary, listed, *notes], className="used-tables")]


def _used(table: TableInfo, purposes: str) -> html.Div:
    notice = html.P(table.notice, className="notice") if table.notice else None
    name = [html.Code(table.name), html.Span(purposes, className="purpose")]
    return html.Div([html.Dt(name), html.Dd([notice, table.description or None])])


GUESSED = (
    "Nobody has described this datastack to Synaptoscope yet: what its tables are was guessed from their own words. "
    "Look at the tables below, and choose others where the guess is wrong."
)


def table_choices(found: Tables) -> list[dict[str, str]]:
    """The tables that cells may come from, with what each probably is."""
    likely = [c for c in found.choices if c.role in ("cells", "nuclei", "cell types")]
    return [{"value": c.name, "label": f"{c.name} ({c.role})"} for c in likely or found.choices]


def column_choices(found: Tables, cell_table: str) -> list[str]:
    """The columns of the chosen table, or of the guessed one, that may hold the types."""
    return [name for c in found.choices if c.name == (cell_table or found.cells) for name in c.type_columns]
