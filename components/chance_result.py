"""What chance would make: the observed number of reciprocal pairs beside those of the sampled graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.format import counted, percent, thousands
from components.reciprocal_drawing import Json, drawing
from components.reciprocal_words import put
from views import null_models
from views.reciprocity import ReciprocityView
from views.result import TableResult

BINS = 40
ALPHA = 0.05
UNTYPED = "untyped"
MEANINGS = {
    "ratio": "observed over expected",
    "to 95 % of samples": "the observed number over the ends of the middle 95 % of the sampled ones",
    "excess, 95 % interval": "how many times more often cells connect both ways than two independent directions "
    "would, estimated from the observed numbers; not the ratio, whose expectation holds the reciprocal connections too",
}


@dataclass(frozen=True)
class Row:
    """One row of the table `reciprocity`; None = missing. The groups of the first row, all pairs, are empty."""

    group_a: str
    group_b: str
    n_tested: int
    n_connections: int
    observed: int
    expected: float
    sd: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    z: float | None
    p: float
    p_adjusted: float | None

    @property
    def differs(self) -> bool:
        """Whether it differs from chance after correction for the number of comparisons."""
        return self.p_adjusted is not None and self.p_adjusted <= ALPHA


@dataclass(frozen=True, eq=False)
class Rows:
    """A result as it is shown: all pairs, a row for each pair of types, what is told of the samples and the mixing."""

    overall: Row
    types: tuple[Row, ...]
    samples: dict[str, Any]
    mixing: dict[str, Any] | None

    def place(self, one: str, other: str) -> int | None:
        """Place of a pair of types, in either order."""
        there = [i for i, row in enumerate(self.types) if sorted((row.group_a, row.group_b)) == sorted((one, other))]
        return there[0] if there else None


def rows_of(result: TableResult) -> Rows:
    """The rows of a result with words for what is missing."""
    names = [f.name for f in fields(Row)]
    first, *rest = result.table().select(names).to_pylist()
    types = [Row(**row | {g: UNTYPED if row[g] is None else row[g] for g in ("group_a", "group_b")}) for row in rest]
    overall = Row(**first | {"group_a": "", "group_b": ""})
    return Rows(overall, tuple(types), result.extra["samples"], result.extra.get("mixing"))


def sentence(found: Rows, view: ReciprocityView) -> str:
    """'4,733 reciprocal pairs; 558 ± 21 expected when degrees are held: 8.5 times as many.'"""
    row = found.overall
    expected = f"{amount(row.expected)} ± {amount(row.sd)} expected"
    text = f"{counted(row.observed, 'reciprocal pair')} of {thousands(row.n_tested)} tested; {expected}"
    text += f" under the null model '{null_models.title(view.null).lower()}'"
    if row.ratio is not None:
        text += f": {amount(row.ratio)} times as many"
    verdict = "more than chance makes" if row.observed > row.expected else "fewer than chance makes"
    return f"{text}, {verdict if row.p <= ALPHA else 'within what chance makes'}."


def amount(value: float | None) -> str:
    """A number that was estimated: three digits worth reading."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def facts(row: Row, found: Rows, view: ReciprocityView, place: int = 0) -> Component:
    """Everything about one row of the result; place: its number, 0 for all pairs."""
    quantiles = found.samples["rows"][place]
    excess = "not under this null"
    if row.ratio_low is not None:
        excess = f"{amount(row.ratio_low)} to {'∞' if row.ratio_high is None else amount(row.ratio_high)}"
    parts: list[tuple[str, str]] = [
        ("tested pairs", thousands(row.n_tested)),
        ("connections", thousands(row.n_connections)),
        ("observed", thousands(row.observed)),
        ("expected ± sd", f"{amount(row.expected)} ± {amount(row.sd)}"),
        ("ratio", amount(row.ratio)),
        ("to 95 % of samples", against(row, quantiles)),
        ("excess, 95 % interval", excess),
        ("z", amount(row.z)),
        ("p, two-sided", p_value(row.p, found)),
    ]
    if row.p_adjusted is not None:
        parts.append(("p, adjusted", amount(row.p_adjusted)))
    parts += [("samples", thousands(view.samples)), ("seed", str(view.seed))]
    items = [part for name, value in parts for part in (html.Dt(name, title=MEANINGS.get(name)), html.Dd(value))]
    return html.Dl(items, className="facts chance-facts")


def against(row: Row, quantiles: Sequence[float]) -> str:
    """The observed number over the ends of the middle 95 % of samples."""
    low, high = quantiles[0], quantiles[-1]
    if high == 0:
        return "–"
    return f"{amount(row.observed / high)} to {amount(row.observed / low) if low else '∞'}"


def p_value(p: float, found: Rows) -> str:
    """p, with a mark where it is the smallest that so many samples can give."""
    least = p <= found.samples["smallest_p"] * (1 + 1e-9)
    return f"{amount(p)}{' (the least)' if least else ''}"


def distribution(found: Rows) -> Json:
    """The sampled numbers of pairs as bars, and the observed one."""
    values = [(int(value), int(n)) for value, n in found.samples["histogram"]]
    low, high = values[0][0], values[-1][0]
    step = max(1, -(-(high - low + 1) // BINS))
    bins: dict[int, int] = {}
    for value, n in values:
        start = low + (value - low) // step * step
        bins[start] = bins.get(start, 0) + n
    observed = found.overall.observed
    ends = min(low, observed) - 0.5 * step, max(high, observed) + step
    pad = 0.03 * (ends[1] - ends[0])
    middle = found.samples["rows"][0]
    return {
        "kind": "distribution", "bins": [[start - 0.5, start + step - 0.5, n] for start, n in sorted(bins.items())],
        "range": [ends[0] - pad, ends[1] + pad], "observed": observed, "middle": [middle[0], middle[-1]],
        "samples": int(found.samples["n"]), "label": "reciprocal pairs in a sampled graph",
    }  # fmt: skip


def summary(found: Rows, place: int) -> Json:
    """Quantiles of the sampled numbers of one pair of types, and the observed one."""
    row = found.types[place]
    return {"kind": "summary", "quantiles": found.samples["rows"][1 + place], "observed": row.observed,
            "label": "reciprocal pairs in a sampled graph"}  # fmt: skip


def mixing(found: Rows) -> str:
    """Whether the chains of the degree null have forgotten their start."""
    m = found.mixing
    if m is None:
        return ""
    said = f"{m['chains']} chains, {m['switches_per_connection']:.1f} exchanges per connection between two samples"
    said += f", {percent(m['acceptance'])} of proposals accepted"
    if m.get("ess") is not None:
        said += f"; worth {thousands(int(m['ess']))} independent samples"
    if m.get("r_hat") is not None:
        said += f"; chains agree to R-hat {m['r_hat']:.3f} (1 = fully)"
    if m.get("lag1") is not None:
        said += f"; correlation of neighbouring samples {m['lag1']:.2f}"
    return f"Mixing: {said}."


def overall(found: Rows, view: ReciprocityView) -> Component:
    """Facts and distribution of all pairs."""
    label = f"Sampled numbers of reciprocal pairs, and the observed {found.overall.observed:,}."
    note = "Grey band: the middle 95 % of samples. Line: observed."
    return html.Div(
        [
            html.Div([html.H3("All pairs"), facts(found.overall, found, view)], className="chance-part"),
            html.Div(
                [html.H3("Sampled graphs"), drawing("chance-distribution", distribution(found), label),
                 html.P(note, className="side-note"), html.P(mixing(found), className="side-note")],
                className="chance-part",
            ),
        ],
        className="chance-overall",
    )  # fmt: skip


def pair_of_types(found: Rows, view: ReciprocityView, one: str, other: str) -> Component | None:
    """Facts and quantiles of the pair of types that is chosen."""
    place = found.place(one, other)
    if place is None:
        return None
    row = found.types[place]
    label = f"Quantiles of the sampled numbers, and the observed {row.observed:,}."
    return html.Div(
        [
            html.Div([html.H3(f"{row.group_a} and {row.group_b}"),
                      put("×", {"type_a": None, "type_b": None}, "close", "List all types again")],
                     className="panel-head"),
            drawing("chance-summary", summary(found, place), label),
            facts(row, found, view, 1 + place),
        ],
        className="chance-part chance-chosen",
    )  # fmt: skip
