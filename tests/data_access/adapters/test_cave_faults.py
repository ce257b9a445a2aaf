"""Whatever goes wrong on the way: tried again where that helps, else one line that names cause and remedy.

Nothing that is stored is wrong, and the next run fetches only what is missing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from data_access import store
from data_access.adapters.cave.pieces import Pieces, schema
from data_access.adapters.cave.problems import CaveError
from tests.cave_server.fixtures import AnyCave
from tests.data_access.adapters.pulling import HASTY, Pulls, expected, of_type, stored

QUERY = "synapses_pni_2/query"
PYRAMIDS = "cell_type in ['23P', '4P', '5P-IT']"


def is_right(pulls: Pulls) -> None:
    cells = of_type(pulls.truth, "23P", "4P", "5P-IT")
    pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=cells))


def pieces_are_right(pulls: Pulls) -> int:
    """Every piece that was stored holds all synapses of its cells; how many cells that are."""
    folder = store.growing(pulls.data, "x") / "pieces"
    if not folder.is_dir():
        return 0
    pieces = Pieces(folder, schema(True, True))
    for piece in pieces.all():
        rows = pulls.truth.synapses
        assert piece.rows == rows.pre_pt_root_id.isin(piece.ids).sum()
    return len(pieces.covered("out"))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"status": 500, "path": QUERY, "first": 3}),
        ("status", {"status": 503, "path": QUERY, "first": 3}),
        ("status", {"status": 429, "path": QUERY, "first": 3}),
        ("status", {"status": 503, "path": "", "first": 2}),
        ("rate", {"path": QUERY, "first": 3}),
        ("drop", {"path": QUERY, "first": 3}),
        ("drop", {"path": "", "skip": 4, "first": 3}),
        ("close", {"path": QUERY, "first": 3}),
        ("html", {"path": QUERY, "first": 1}),
        ("probe", {"first": 1}),
        ("slow", {"path": QUERY, "seconds": 0.05}),
        ("hang", {"path": QUERY, "first": 1}),
    ],
)
def test_what_passes_is_waited_out(pulls: Pulls, cave: AnyCave, kind: Any, options: dict[str, Any]) -> None:
    pulls.limits = replace(HASTY, attempts=6, read_s=1.0 if kind == "hang" else HASTY.read_s)
    cave.fault(kind, **options)
    pulls(PYRAMIDS)
    assert kind == "hang" or any(seen.fault for seen in cave.requests), "it went wrong, and yet"
    is_right(pulls)


@pytest.mark.parametrize(
    ("kind", "options", "cause", "remedy"),
    [
        ("status", {"status": 500}, "500", "again"),
        ("status", {"status": 503}, "503", "again"),
        ("rate", {}, "no more requests", "wait a few minutes"),
        ("drop", {}, "broke off|ended early|connection", "again|kept"),
        ("terms", {}, "terms", "http"),
        ("permission", {}, "permission|may not", "."),
        ("token", {}, "token", "SYNAPTOSCOPE_CAVE_TOKEN|new"),
        ("expired", {}, "expired|no version|gone|version", "."),
        ("html", {}, "other than CAVE", "proxy|login"),
        ("hang", {}, "did not answer in time", "again|later"),
    ],
)
def test_what_lasts_is_told_in_one_line_and_what_was_whole_stays(
    pulls: Pulls, cave: AnyCave, kind: Any, options: dict[str, Any], cause: str, remedy: str
) -> None:
    pulls.limits = replace(HASTY, attempts=2, read_s=0.3 if kind == "hang" else HASTY.read_s)
    cave.fault(kind, path=QUERY, skip=7, **options)
    with pytest.raises(CaveError, match=cause) as caught:
        pulls(PYRAMIDS, workers=2, compartments=True)
    assert "\n" not in str(caught.value)
    assert re.search(remedy, caught.value.hint), caught.value.hint
    assert cave.token not in repr(caught.value) + str(caught.value)
    whole = pieces_are_right(pulls)
    assert whole, "some of it had arrived"
    assert pulls.open().meta.partial
    assert pulls.open().meta.origin["whole"]["out"]["whole"] == whole

    cave.clear_faults()
    cave.forget_requests()
    pulls.limits = HASTY
    pulls(PYRAMIDS, compartments=True)
    is_right(pulls)
    assert not pulls.open().meta.partial


def test_what_was_whole_is_not_asked_for_again(pulls: Pulls, cave: AnyCave) -> None:
    pulls.limits = replace(HASTY, attempts=1)
    cave.fault("status", path=QUERY, skip=9)
    with pytest.raises(CaveError):
        pulls(PYRAMIDS, workers=1, compartments=False)
    pieces = Pieces(store.growing(pulls.data, "x") / "pieces", schema(False, True))
    rows = pieces.rows
    assert rows > 0
    cave.clear_faults()
    cave.forget_requests()
    pulls(PYRAMIDS, compartments=False)
    is_right(pulls)
    total = pulls.truth.synapses.pre_pt_root_id.isin(of_type(pulls.truth, "23P", "4P", "5P-IT")).sum()
    sent = [seen.rows or 0 for seen in cave.requests if seen.table == "synapses_pni_2"]
    counts = sum(1 for n in sent if n <= 1)
    assert sum(sent) - counts <= total - rows + 1_000, "at most one answer was fetched that had to be split"


@pytest.mark.parametrize("kind", ["token", "terms"])
def test_no_way_in_from_the_start(pulls: Pulls, cave: AnyCave, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    bad = cave.bad_token if kind == "token" else cave.token_without_terms
    with pytest.raises(CaveError) as caught:
        pulls(token=bad)
    assert caught.value.kind == kind
    assert bad not in str(caught.value)
    assert opened == [], "the server is no place for a browser"
    assert store.ids(pulls.data) == []
    pulls()
    pd.testing.assert_frame_equal(stored(pulls.open()), expected(pulls.truth, out=of_type(pulls.truth, "BC")))


def test_a_service_that_is_not_there(pulls: Pulls, cave: AnyCave) -> None:
    pulls.limits = replace(HASTY, attempts=2)
    cave.stop()
    with pytest.raises(CaveError, match="no connection") as caught:
        pulls()
    assert caught.value.kind == "network"
