"""Nothing is lost on the way: each route's ledger adds up on random datasets, and its rows are those of pandas."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.api.answers import json_of
from tests.api.conftest import MakeClient
from tests.views.samples import Source, big

pytest_plugins = ("tests.views.sample_fixtures",)

COUNTED = {
    "cells": "cells", "connections": "connections", "synapses": "synapses", "partners": "cells", "gap junctions": "pairs",
}  # fmt: skip


def adds_up(body: dict[str, Any]) -> bool:
    """read = kept + left out; and where rows were cut, the total says how many there are."""
    ledger = body["ledger"]
    left = [entry[COUNTED[ledger["unit"]]] for entry in ledger["left_out"]]
    assert ledger["cut"] == (ledger["total"] is not None and ledger["total"] > ledger["kept"])
    return ledger["read"] == ledger["kept"] + sum(left) and all(count > 0 for count in left)


def ids_of(source: Source, data: st.DataObject) -> tuple[str, set[int]]:
    ids = sorted({*source.rows.pre_id, *source.rows.post_id})
    chosen = data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
    return ",".join(map(str, chosen)), set(chosen)


# No shrinking: every step of it would import a dataset.
@settings(max_examples=6, deadline=None, database=None, phases=[Phase.generate])
@given(data=st.data())
def test_every_route_accounts_for_every_row(make_client: MakeClient, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        n, n_cells = data.draw(st.integers(1, 300)), data.draw(st.integers(8, 40))
        source = big(Path(folder) / "data", Path(folder), data.draw(st.integers(0, 10**6)), n, n_cells)
        client = make_client(data=Path(folder) / "data")
        for _ in range(3):
            _check_one_selection(client, source, data)


def _check_one_selection(client: Any, source: Source, data: st.DataObject) -> None:
    (pre, pre_ids), (post, post_ids) = ids_of(source, data), ids_of(source, data)
    least, keep = data.draw(st.integers(1, 3)), data.draw(st.booleans())
    autapses = "keep" if keep else "drop"
    rows = source.rows[keep | (source.rows.pre_id != source.rows.post_id)]
    inside = rows[rows.pre_id.isin(pre_ids) & rows.post_id.isin(post_ids)]
    pairs = inside.groupby(["pre_id", "post_id"]).size()
    pairs = pairs[pairs >= least]

    found = json_of(client, "datasets/big/connections.json", pre=pre, post=post, min=least, autapses=autapses)
    assert adds_up(found)
    assert {(r["pre_id"], r["post_id"]): r["n_synapses"] for r in found["data"]} == {
        (str(a), str(b)): n for (a, b), n in pairs.items()
    }
    matrix = json_of(client, "datasets/big/matrix.json", pre=pre, post=post, min=least, autapses=autapses)
    assert adds_up(matrix)
    assert [r["value"] for r in matrix["data"]] == [r["n_synapses"] for r in found["data"]]
    grouped = json_of(
        client, "datasets/big/matrix.json", pre=pre, post=post, min=least, autapses=autapses, group="cell_type"
    )
    assert adds_up(grouped)
    assert sum(r["value"] for r in grouped["data"]) == pairs.sum()
    limited = json_of(
        client, "datasets/big/connections.json", pre=pre, post=post, min=least, autapses=autapses, limit=2
    )
    assert adds_up(limited)
    assert limited["ledger"]["total"] == len(pairs)

    synapses = json_of(client, "datasets/big/synapses.json", pre=pre, post=post, autapses=autapses)
    assert adds_up(synapses)
    assert sorted(r["synapse_id"] for r in synapses["data"]) == sorted(map(str, inside.synapse_id))

    cells = json_of(client, "datasets/big/cells.json", cells=pre)
    assert adds_up(cells)
    assert {r["cell_id"] for r in cells["data"]} == {str(i) for i in pre_ids}

    cell = next(iter(pre_ids))
    partners = json_of(client, "datasets/big/partners.json", cell=cell, min=least, autapses=autapses)
    assert adds_up(partners)
    onto, of = rows[rows.post_id == cell].groupby("pre_id").size(), rows[rows.pre_id == cell].groupby("post_id").size()
    wanted = {str(i) for i in {*onto[onto >= least].index, *of[of >= least].index}}
    assert {r["partner_id"] for r in partners["data"]} == wanted

    gaps = json_of(client, "datasets/big/gap_junctions.json", cells=pre, autapses=autapses)
    assert adds_up(gaps)


@pytest.mark.parametrize("name", ["big", "words", "edges"])
def test_connections_and_synapses_of_a_dataset_are_all_accounted_for(client: Any, name: str) -> None:
    meta = json_of(client, f"datasets/{name}")
    ledger = json_of(client, f"datasets/{name}/connections.json", min=2)["ledger"]
    assert ledger["read"] == meta["n_connections"]
    kept = sum(r["n_synapses"] for r in json_of(client, f"datasets/{name}/connections.json", min=2)["data"])
    assert kept + sum(entry["synapses"] for entry in ledger["left_out"]) == meta["n_synapses"]
