"""What makes a pair doubtful, on datasets made so that every doubt is known."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_access.dataset import Dataset, open_dataset
from data_access.importer import ImportSpec, import_dataset
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD
from tests.views import paired
from tests.views.paired import name
from views import pair_places, pair_versions
from views.pair_warnings import NAMES, WARNINGS, depends
from views.reciprocal import ReciprocalView, ranked, reciprocal


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return paired.paired(tmp_path_factory.mktemp("paired"))


def warned(dataset: Dataset, **given: object) -> dict[str, set[str]]:
    """'bc-p1' -> names of its warnings, in the order of the table."""
    table = reciprocal(dataset, ReciprocalView(**given)).table()  # type: ignore[arg-type]
    return {
        f"{name(row['cell_a'])}-{name(row['cell_b'])}": {w for w in row["warnings"].split(", ") if w}
        for row in table.to_pylist()
    }


def test_each_doubt_is_told_where_it_is_and_nowhere_else(known: Dataset) -> None:
    axon = "axon_not_proofread"
    assert warned(known) == {
        "bc-p1": set(), "two-p2": {"two_nuclei", axon}, "p2-p1": {axon}, "bc-mc": set(),
        "p1-f1": {"fragment", "close_synapses", axon},  # 0.9 um apart; bc and mc lie as near, and are no fragments
        "p2-f2": {"fragment", axon},  # 1.1 um apart
        "mc-un": set(),
    }  # fmt: skip


def test_warnings_filter_and_sort(known: Dataset) -> None:
    of = warned(known)
    for warning in NAMES:
        assert set(warned(known, warning=warning)) == {pair for pair, names in of.items() if warning in names}
    assert set(warned(known, warning="any")) == {pair for pair, names in of.items() if names}
    assert set(warned(known, warning="none")) == {pair for pair, names in of.items() if not names}
    numbers = [len(names) for names in warned(known, sort="-warnings").values()]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == 3
    left = reciprocal(known, ReciprocalView(warning="fragment")).ledger.left_out
    assert [(entry.reason, entry.pairs) for entry in left] == [("without the warning fragment", 5)]


def test_every_warning_explains_itself_in_a_sentence() -> None:
    assert [f.name for f in fields(WARNINGS[0])] == ["name", "title", "explanation"]
    assert len(set(NAMES)) == len(WARNINGS) <= 8, "one bit each"
    for warning in WARNINGS:
        assert warning.title[0].isupper()
        assert warning.explanation.endswith(".")


def test_a_dataset_that_knows_nothing_of_this_warns_of_nothing(tmp_path: Path) -> None:
    rows = pd.DataFrame({"pre_id": [1, 2], "post_id": [2, 1], "weight": [3, 4]})
    rows.to_parquet(tmp_path / "edges.parquet", index=False)
    spec = ImportSpec("bare", connections=(tmp_path / "edges.parquet",), weight="weight")
    import_dataset(tmp_path / "data", spec)
    row = reciprocal(open_dataset(tmp_path / "data", "bare"), ReciprocalView()).table().to_pylist()[0]
    assert (row["warnings"], row["proofread_a"]) == ("", None)


def test_near_synapses_agree_with_going_through_all_of_them(tmp_path: Path) -> None:
    """Pairs of cells with fragments, synapses at random in a small box; by pandas, synapse by synapse."""
    rng = np.random.default_rng(2)
    n, ids = 900, 5_000 + np.arange(30)
    places = {f"{axis}_nm": rng.uniform(0, 5_000, n) for axis in "xyz"}
    rows = pd.DataFrame({"pre_id": rng.choice(ids, n), "post_id": rng.choice(ids, n), **places})
    rows.loc[rng.random(n) < 0.05, "x_nm"] = np.nan
    cells = pd.DataFrame({"cell_id": ids[:20]})
    rows.to_parquet(tmp_path / "synapses.parquet", index=False)
    cells.to_parquet(tmp_path / "cells.parquet", index=False)
    spec = ImportSpec("box", synapses=(tmp_path / "synapses.parquet",), cells=(tmp_path / "cells.parquet",))
    import_dataset(tmp_path / "data", spec)
    dataset = open_dataset(tmp_path / "data", "box")
    forth = rows.merge(rows, left_on=["pre_id", "post_id"], right_on=["post_id", "pre_id"], suffixes=("", "_b"))
    apart = sum((forth[f"{axis}_nm"] - forth[f"{axis}_nm_b"]) ** 2 for axis in "xyz")
    near = forth[(apart <= (1000 * pair_places.NEAR_UM) ** 2) & (forth.pre_id != forth.post_id)]
    near = near[(near.pre_id >= ids[20]) | (near.post_id >= ids[20])]
    wanted = {frozenset(pair) for pair in zip(near.pre_id, near.post_id, strict=True)}
    table = reciprocal(dataset, ReciprocalView(warning="close_synapses")).table()
    found = [frozenset(pair) for pair in zip(*(table[c].to_pylist() for c in ("cell_a", "cell_b")), strict=True)]
    assert len(wanted) > 3
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_what_is_too_much_to_look_at_is_said(known: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = ranked(known, ReciprocalView(type_a="fragment")).pairs
    every = np.ones(len(pairs), bool)
    assert pair_places.close(pairs, every)[0].tolist() == [True, False]
    monkeypatch.setattr(pair_places, "MOST_COMBINED", 1)
    found, note = pair_places.close(pairs, every)
    assert not found.any()
    assert "0 strongest of 2 pairs" in note
    monkeypatch.setattr(pair_places, "MOST_SYNAPSES", 1)
    assert "at most 1 synapses" in pair_places.close(pairs, every)[1]


# ---- other versions


def edited(folder: Path, version: int, changes: list[tuple[int, int]], complete: tuple[int, ...] = ()) -> Dataset:
    """tiny_public of a version, whose cells 2, 7 and 8 are connected both ways each, but for `changes` (nuclei)."""
    cells = versions.cells_of(version)
    root = dict(zip(cells.nucleus_id, cells.cell_id, strict=True))
    both = [(20, 70), (70, 20), (70, 80), (80, 70), (20, 80), (80, 20), (10, 30), (30, 10), (60, 10), (10, 60)]
    rows = [(root[a], root[b]) for a, b in both if (a, b) not in changes and root[a] and root[b]]
    synapses = pd.DataFrame(rows, columns=["pre_id", "post_id"])
    place = folder / f"v{version}"
    place.mkdir(parents=True)
    synapses.to_parquet(place / "synapses.parquet", index=False)
    cells.to_parquet(place / "cells.parquet", index=False)
    whole = ()
    if complete:
        pd.DataFrame({"cell_id": [root[n] for n in complete]}).to_parquet(place / "whole.parquet", index=False)
        whole = (place / "whole.parquet",)
    spec = ImportSpec(
        f"tiny_public-v{version}", version=f"v{version}", synapses=(place / "synapses.parquet",),
        cells=(place / "cells.parquet",), complete=whole,
        origin=versions.ORIGIN | {"version": version, "time_stamp": versions.STAMPS[version]},
    )  # fmt: skip
    import_dataset(folder / "data", spec)
    versions.write_others(folder / "data", spec.id, NEW if version == OLD else OLD)
    return open_dataset(folder / "data", spec.id)


def nuclei(dataset: Dataset, version: int, **given: object) -> set[frozenset[int]]:
    """The pairs that one version alone holds, each as the nuclei of its cells."""
    of = {root: nucleus for nucleus, root in versions.NUCLEI[version].items()}
    rows = reciprocal(dataset, ReciprocalView(warning="one_version", **given)).table().to_pylist()  # type: ignore[arg-type]
    return {frozenset((of[row["cell_a"]], of[row["cell_b"]])) for row in rows}


def test_a_pair_that_another_version_does_not_have_is_doubtful_there_alone(tmp_path: Path) -> None:
    before = edited(tmp_path, OLD, [])
    assert nuclei(before, OLD) == set(), "there is no other version yet"
    after = edited(tmp_path, NEW, [(80, 70)])
    # 30 lies in no cell of the new version; 60 and 61 part, and one of the parts is still reciprocal with 10
    assert nuclei(before, OLD) == {frozenset((70, 80)), frozenset((10, 30))}
    assert nuclei(after, NEW) == set()
    assert "compared with tiny_public-v1718" in " ".join(reciprocal(before, ReciprocalView()).ledger.notes)
    assert depends(before)


def test_what_was_not_fetched_in_the_other_version_is_no_doubt(tmp_path: Path) -> None:
    before = edited(tmp_path, OLD, [])
    edited(tmp_path, NEW, [(80, 70), (20, 80)], complete=(20,))
    # 20's synapses are all there, both ways; of 70 and 80 nothing is known to be whole
    assert nuclei(before, OLD) == {frozenset((20, 80)), frozenset((10, 30))}


def test_too_many_cells_to_carry_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = edited(tmp_path, OLD, [])
    edited(tmp_path, NEW, [(80, 70)])
    monkeypatch.setattr(pair_versions, "MOST_CELLS", 2)
    found, note = pair_versions.not_reciprocal_elsewhere(ranked(before, ReciprocalView()).pairs)
    assert not found.any()
    assert "at most 2 cells" in note
