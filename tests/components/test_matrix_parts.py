"""Labels, colour bars, colour key and frame of a matrix figure, without a browser."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from components import matrix_axes, matrix_controls, matrix_figure, matrix_key
from components.matrix_frame import Frame
from data_access.dataset import Dataset, open_dataset
from tests.views import samples
from views import matrix
from views.matrix import MatrixView

FRAME = Frame(728, 610)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    samples.all_sources(folder, tmp_path_factory.mktemp("files"))
    return folder


@pytest.fixture(scope="module")
def big(data: Path) -> Dataset:
    return open_dataset(data, "big")


class TestKey:
    @given(
        st.floats(1e-6, 1e6), st.floats(1.01, 1e6), st.booleans(), st.sampled_from([0.05, 0.07, 0.2])
    )  # fmt: skip
    def test_ticks_hold_both_ends_and_keep_their_distance(
        self, low: float, ratio: float, log: bool, gap: float
    ) -> None:
        high = low * ratio
        at, text = matrix_key.ticks(low, high, log, gap)
        ends = (math.log10(low), math.log10(high)) if log else (low, high)
        assert at[0] == pytest.approx(ends[0])
        assert at[-1] == pytest.approx(ends[1])
        assert len(at) == len(text)
        assert (np.diff(at) >= gap * (ends[1] - ends[0]) * 0.999).all()

    def test_counts_have_whole_ticks(self) -> None:
        assert matrix_key.ticks(1.0, 119.0, True, 0.07)[1][0] == "1"
        assert all(float(t) == int(float(t)) for t in matrix_key.ticks(1.0, 9.0, False, 0.07)[1])

    @pytest.mark.parametrize(("theme", "paper"), [("light", 255), ("dark", 18)])
    def test_the_weakest_connection_stands_out_from_the_paper(self, theme: str, paper: int) -> None:
        weakest = matrix_key.ramp(254, theme)[0, :3].astype(int)  # type: ignore[arg-type]
        assert np.abs(weakest - paper).max() > 40


class TestLabels:
    @given(st.text(max_size=60), st.floats(0, 200))
    def test_a_label_never_outgrows_its_margin(self, text: str, room: float) -> None:
        found = matrix_axes.fit(text, room)
        assert matrix_axes._pixels(found) <= room + 1e-9
        assert found == text or found.endswith("…") or found == ""

    def test_cells_blocks_or_counts(self, big: Dataset) -> None:
        made = matrix.build(big, MatrixView(ds="big"))
        n = made.shape[0]
        cells = matrix_axes.ticks(made, "pre", 0, 10, FRAME)
        assert cells.at == tuple(i + 0.5 for i in range(10))
        assert all("…" in text for text in cells.text), "ids are shortened in the middle"
        small = Frame(300, 260)
        blocks = matrix_axes.ticks(made, "pre", 0, n, small)
        assert len(blocks.text) < n
        assert "untyped" in blocks.text
        counted = matrix_axes.ticks(matrix.build(big, MatrixView(ds="big", order="id")), "post", 0, n, small)
        assert all(text.isdigit() for text in counted.text)


class TestBars:
    def test_a_group_has_the_kind_of_most_of_its_cells(self, big: Dataset) -> None:
        made = matrix.build(big, MatrixView(ds="big", group="axon", bar="cell_type"))
        found = matrix_figure.axis_bar(made)
        assert found is not None
        assert made.row_groups is not None
        kinds = matrix_axes.group_kinds(found, made.row_groups, made.pre.codes)
        for group, kind in enumerate(kinds):
            own = found.codes[made.pre.codes[made.row_groups.of == group]]
            assert (own == kind).sum() == max((own == k).sum() for k in range(-1, len(found.names)))

    def test_the_strip_has_the_colours_of_the_legend(self, big: Dataset) -> None:
        made = matrix.build(big, MatrixView(ds="big"))
        found = matrix_figure.axis_bar(made)
        assert found is not None
        url = matrix_axes.strip(found, found.codes[made.cols.codes], 10_000, upright=False)
        with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
            line = np.asarray(picture.convert("RGB"))[0]
        assert len(line) == made.shape[1]
        of = {name: hex_ for name, hex_, _ in matrix_figure.legend(made)}
        kinds = big.column("cell_type").iloc[made.cols.codes].astype("object")
        for pixel, kind in zip(line, kinds, strict=True):
            name = kind if isinstance(kind, str) else "untyped"
            assert "#" + bytes(pixel.tolist()).hex() == of[name]

    def test_why_there_is_no_bar(self, data: Path, big: Dataset) -> None:
        assert "no cell" in matrix_axes.why_no_bar(open_dataset(data, "edges"), "cell_type")
        assert matrix_axes.why_no_bar(big, "cell_type") == ""


class TestControls:
    def test_only_what_the_dataset_can_serve(self, data: Path, big: Dataset) -> None:
        plain = open_dataset(data, "edges")
        assert "mean_size" in matrix_controls.measures(big)
        assert "mean_size" not in matrix_controls.measures(plain)
        assert "latency" in matrix_controls.measures(plain)
        assert "position" in matrix_controls.order_words(big)
        assert "position" not in matrix_controls.order_words(plain)

    def test_no_option_stands_there_twice(self, big: Dataset) -> None:
        orders = [*matrix_controls.ORDER_WORDS, "other", *matrix_controls.order_columns(big)]
        assert len(set(orders)) == len(orders)
        kinds = ["", "none", *matrix_controls.kind_columns(big)]
        assert len(set(kinds)) == len(kinds)

    def test_misfits_name_the_nearest(self, big: Dataset) -> None:
        found = matrix_controls.misfits(big, {"group": "cell_typ", "order": "degree", "bar": "none", "measure": "x"})
        assert set(found) == {"group", "measure"}
        assert "cell_type" in found["group"]


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0.1, 10))
def test_a_frame_always_leaves_a_plot(width: int, height: int, ratio: float) -> None:
    frame = Frame(width, height, ratio)
    assert min(frame.plot_width, frame.plot_height) >= 40
    assert 1 <= min(frame.pixels) <= max(frame.pixels) <= 4096
