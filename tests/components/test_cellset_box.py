"""Boxes for cell sets without a browser: what stands in them, and what is said under them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dash import html
from dash.development.base_component import Component

from components import cellset_box
from components.url_state import Control, PageUrl
from data_access.dataset import Dataset, open_dataset
from data_access.errors import SynaptoscopeError
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, new, old
from tests.views import samples


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boxes")
    samples.all_sources(folder, tmp_path_factory.mktemp("files"))
    return folder


@pytest.fixture(scope="module")
def big(data: Path) -> Dataset:
    return open_dataset(data, "big")


@pytest.fixture(autouse=True)
def without_an_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of icons are an app's."""
    monkeypatch.setattr(cellset_box, "icon", lambda name: html.I(name))


def whole(component: Any) -> str:
    """Everything that is sent to the browser."""
    return json.dumps(component.to_plotly_json() if isinstance(component, Component) else component,
                      default=lambda c: c.to_plotly_json())  # fmt: skip


def said(dataset: Dataset, text: str) -> tuple[str, bool]:
    try:
        found: Any = dataset.select(text)
    except SynaptoscopeError as error:
        found = error
    words, wrong = cellset_box.said_of(found)
    return whole(words), wrong


def test_both_boxes_have_the_ids_that_the_url_knows(big: Dataset) -> None:
    url = PageUrl("some", tuple(cellset_box.controls("some")))
    sent = whole(cellset_box.boxes("some", url, {"pre": "cell_type == 'BC'"}, big))
    for control in url.controls:
        assert f'"id": "{control.id}"' in sent
        assert f'"id": "{control.id}-echo"' in sent
    assert "cell_type == 'BC'" in sent
    assert '"data-same-as": "some-pre some-post"' in sent


def test_a_single_box_for_any_key(big: Dataset) -> None:
    control = Control("cells", "cells-cells")
    sent = whole(cellset_box.single("cells", control.key, "Cells shown", "is_cell", big))
    assert f'"id": "{control.id}"' in sent
    assert f'"data-set-ds": "{big.meta.id}"' in sent
    assert "Cells shown" in sent
    ids = [(o.component_id, o.component_property) for o in cellset_box.outputs_of("cells", "cells")]
    assert ids == [("cells-cells-echo", "children"), ("cells-cells", "error")]


def test_cells_only_is_offered_where_there_are_fragments(data: Path, big: Dataset) -> None:
    for name in ("big", "edges"):
        dataset = open_dataset(data, name)
        sent = whole(cellset_box.single("x", "pre", "Pre", "", dataset))
        assert ("data-cells-only" in sent) == (not dataset.is_cell.all())


def test_what_a_set_means_is_said(big: Dataset) -> None:
    n = int((big.column("cell_type") == "BC").sum())
    assert said(big, "cell_type == 'BC'") == (json.dumps(f"{n} cells: cell_type is BC"), False)
    assert said(big, "") == (json.dumps(f"{big.n_cells} cells"), False)
    some = str(samples.FIRST_ID)
    assert said(big, f"{some}, {samples.FIRST_ID + 37}") == (json.dumps("2 cells by id"), False)


def test_echo_may_say_of_how_many(big: Dataset) -> None:
    cells = big.select("cell_type == 'BC'")
    assert cellset_box.echo(cells, big.n_cells) == f"{len(cells)} of {big.n_cells} cells: cell_type is BC"


def test_unknown_ids_come_with_the_way_to_the_known_ones(big: Dataset) -> None:
    words, wrong = said(big, f"{samples.FIRST_ID}, 12, 13, {samples.FIRST_ID}")
    assert wrong
    assert "4 ids given: 1 known, 2 unknown, 1 repeated." in words
    assert "Use the known one" in words
    assert '"data-copy": "12\\n13"' in words
    assert '"data-known-only": "carry"' not in words
    words, wrong = said(big, "12, 13")
    assert wrong
    assert "data-known-only" not in words
    words, wrong = said(big, "cell_typ == 'BC'")
    assert wrong
    assert "data-known-only" not in words


def test_very_many_unknown_ids_are_not_all_sent(big: Dataset) -> None:
    words, _ = said(big, " ".join(str(i) for i in range(100_000)) + f" {samples.FIRST_ID}")
    assert len(words) < 20_000
    assert "99,500 more" in words


def test_ids_of_another_version_can_be_used_under_their_new_ids(tmp_path: Path) -> None:
    for version, other in ((OLD, NEW), (NEW, OLD)):
        versions.make(tmp_path / "data", tmp_path / "files", version)
        versions.write_others(tmp_path / "data", f"tiny_public-v{version}", other)
    words, wrong = said(open_dataset(tmp_path / "data", f"tiny_public-v{NEW}"), f"{new(7)}, {old(2)}")
    assert wrong
    assert '"data-known-only": "carry"' in words
    assert "is from version 1507" in words


def test_text_of_the_data_is_no_markup(big: Dataset) -> None:
    words, wrong = said(big, "cell_type == '<img src=x onerror=alert(1)>'")
    assert wrong
    assert "dangerously" not in words
