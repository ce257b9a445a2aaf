"""The operators on the connections of a real neuron, oviIN of the hemibrain, against its table read by pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data_access.dataset import Dataset, open_dataset
from data_access.importer import import_dataset
from data_access.spec import ImportSpec

OVI_IN = "423101189"
STRONGEST = {"611015907", "5813087891", "1598011458", "5813022375", "448342846"}  # 287 to 225 synapses


@pytest.fixture(scope="module")
def files(real_data: Path) -> tuple[Path, Path]:
    folder = real_data / "real" / "hemibrain_oviIN"
    return folder / "ovi_pre_syns.csv", folder / "ovi_post_syns.csv"


@pytest.fixture(scope="module")
def neuron(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    data = tmp_path_factory.mktemp("ovi")
    import_dataset(data, ImportSpec(id="ovi", synapses=files))
    return open_dataset(data, "ovi")


@pytest.fixture(scope="module")
def counts(files: tuple[Path, Path]) -> pd.DataFrame:
    """pre, post, n of each connection."""
    rows = pd.concat([pd.read_csv(path, usecols=["bodyId_pre", "bodyId_post"]) for path in files])
    counted = rows.groupby(["bodyId_pre", "bodyId_post"]).size().reset_index(name="n")
    return counted[counted.bodyId_pre != counted.bodyId_post]


def ids(dataset: Dataset, text: str) -> set[str]:
    return set(dataset.index.text(dataset.select(text).codes))


def test_its_strongest_inputs(neuron: Dataset) -> None:
    assert ids(neuron, f"inputs_of({OVI_IN}, min_synapses=225)") == STRONGEST
    assert len(ids(neuron, f"inputs_of({OVI_IN}, min_synapses=226)")) == 4


@pytest.mark.parametrize("least", [1, 2, 10, 100])
def test_inputs_outputs_and_partners_both_ways(neuron: Dataset, counts: pd.DataFrame, least: int) -> None:
    strong = counts[counts.n >= least].astype(str)
    into = set(strong.bodyId_pre[strong.bodyId_post == OVI_IN])
    out = set(strong.bodyId_post[strong.bodyId_pre == OVI_IN])
    asked = f"({OVI_IN}, min_synapses={least})"
    assert ids(neuron, f"inputs_of{asked}") == into
    assert ids(neuron, f"outputs_of{asked}") == out
    assert ids(neuron, f"reciprocal_with{asked}") == into & out
    assert ids(neuron, f"inputs_of{asked} and not outputs_of{asked}") == into - out
