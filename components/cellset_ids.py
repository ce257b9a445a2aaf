"""Unknown ids under a box: use the known ones with a click, see and copy the others."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from components.format import counted, thousands
from data_access.cellsets import IdReport

LISTED = 500


def about_ids(report: IdReport, elsewhere: bool = False) -> Component:
    """How many ids are known and not, with what can be done; assets/cellset_live.js makes the same while one types.

    `elsewhere`: some of the unknown ones are cells of another version.
    """
    n_unknown = len(report.unknown)
    parts: list[Component | str] = [html.Span(counts(report), className="id-counts")]
    if report.left is not None and report.n_known:
        word = f"Use the {thousands(report.n_known)} known" if report.n_known > 1 else "Use the known one"
        parts.append(html.Button(word, type="button", className="quiet", **{"data-known-only": "drop"}))
    if elsewhere:
        title = "Cells of another version, under the ids that they have in this one; the others are left out"
        carry = {"data-known-only": "carry"}
        parts.append(
            html.Button("Use them under their new ids", type="button", className="quiet", title=title, **carry)
        )
    listed = "\n".join(report.unknown[:LISTED])
    more = f"\n… and {thousands(n_unknown - LISTED)} more" if n_unknown > LISTED else ""
    shown = html.Details(
        [
            html.Summary(f"List the {thousands(n_unknown)} unknown" if n_unknown > 1 else "Show the unknown one"),
            html.Pre(listed + more, tabIndex="0"),
            html.Button("Copy them", type="button", className="quiet",
                        **{"data-copy": listed, "data-copy-what": counted(min(n_unknown, LISTED), "unknown id")}),
        ],
        className="unknown-ids",
    )  # fmt: skip
    return html.Span([*parts, shown], className="about-ids")


def counts(report: IdReport) -> str:
    """'12 ids given: 9 known, 2 unknown, 1 repeated'."""
    words = [f"{thousands(report.n_known)} known", f"{thousands(len(report.unknown))} unknown"]
    if report.n_repeated:
        words.append(f"{thousands(report.n_repeated)} repeated")
    return f"{counted(report.n_given, 'id')} given: {', '.join(words)}."
