"""Pictures and figures of motifs: every connection has its arrow, and dots lie where the numbers say."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from analysis.census import TRIAD_EDGES
from components import motifs_census
from components.motifs_census import Row
from components.motifs_picture import picture, spelled


@pytest.mark.parametrize("name", TRIAD_EDGES)
def test_each_connection_has_a_head(name: str) -> None:
    edges = TRIAD_EDGES[name]
    drawn = picture(edges, 3)
    nodes, arrows = (unquote(drawn.style[key]) for key in ("--nodes", "--arrows"))
    assert nodes.count("<circle") == 3
    assert arrows.count("Z") == len(edges), "a head is a closed path"
    assert arrows.count('fill="none"') == len({frozenset(edge) for edge in edges}), "a line for each connected pair"
    assert '"' not in drawn.style["--arrows"].removeprefix('url("').removesuffix('")'), "it stays inside the CSS value"


def test_a_motif_in_words() -> None:
    assert spelled(TRIAD_EDGES["111D"]) == "a ⇄ b, c → b"
    assert spelled(TRIAD_EDGES["003"]) == "no connection"


@pytest.mark.parametrize(("ratio", "percent"), [(1, 50), (2, 75), (0.25, 0), (4, 100), (16, 100), (0, 0)])
def test_a_ratio_lies_on_a_scale_of_doublings(ratio: float, percent: float) -> None:
    assert motifs_census._place(ratio, span=2) == percent


def test_the_scale_holds_every_ratio_and_spread_up_to_its_end() -> None:
    rows = [Row("030T", 5, expected=10, sd=1, ratio=0.5), Row("300", 7, expected=1, sd=2, ratio=7)]
    assert motifs_census._span(rows) == 3
    assert motifs_census._span([Row("300", 10**6, expected=1, sd=0, ratio=10**6)]) == motifs_census.MOST_DOUBLINGS
    assert motifs_census._span([Row("003", 5)]) == 1


@pytest.mark.parametrize(("number", "text"), [(None, "–"), (0.0, "0"), (3.347, "3.35"), (1234.56, "1,235")])
def test_means_are_written_as_closely_as_is_worth_it(number: float | None, text: str) -> None:
    assert motifs_census.value(number) == text
