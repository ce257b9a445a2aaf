"""SWC files: what is read, what is mended, what is refused and with which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access import skeletons
from data_access.dataset import open_dataset
from data_access.errors import InputError, NotFoundError, SynaptoscopeError
from tests.views import cell_samples

PLAIN = b"1 1 0 0 0 5 -1\n2 3 10 0 0 1 1\n3 2 0 10 0 1 1\n"


def test_a_file_becomes_arrays_in_its_own_order() -> None:
    found = skeletons.parse(PLAIN)
    assert found.nodes_nm.tolist() == [[0, 0, 0], [10, 0, 0], [0, 10, 0]]
    assert found.parent.tolist() == [-1, 0, 0]
    assert found.kind.tolist() == [1, 3, 2]
    assert found.radius_nm.tolist() == [5, 1, 1]
    assert found.labelled
    assert found.n_trees == 1
    assert found.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        b"# a comment\n#another\n\n" + PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b" ", b"\t"),
        PLAIN.replace(b" ", b"  "),
        PLAIN.replace(b" ", b","),
        b"  " + PLAIN.replace(b"\n", b"   # why not\n"),
        PLAIN.replace(b"\n", b" 0.5 more\n"),
        PLAIN.rstrip(b"\n"),
        PLAIN.replace(b"1 1 0", b"1.0 1.0 0"),
    ],
    ids=[
        "comments",
        "BOM",
        "CRLF",
        "tabs",
        "blanks",
        "commas",
        "remarks",
        "more columns",
        "no last line end",
        "floats",
    ],
)
def test_ways_of_writing_the_same(text: bytes) -> None:
    assert skeletons.parse(text).nodes_nm.tolist() == skeletons.parse(PLAIN).nodes_nm.tolist()
    assert skeletons.parse(text).parent.tolist() == [-1, 0, 0]


def test_children_may_stand_before_their_parents_and_ids_may_have_gaps() -> None:
    found = skeletons.parse(b"900 3 1 0 0 1 70\n70 3 2 0 0 1 5\n5 1 3 0 0 1 -1\n")
    assert found.parent.tolist() == [1, 2, -1]


def test_a_parent_that_is_not_there_begins_a_piece_and_is_noted() -> None:
    found = skeletons.parse(PLAIN + b"4 3 0 0 0 1 99\n")
    assert found.parent.tolist() == [-1, 0, 0, -1]
    assert found.n_trees == 2
    assert "1 nodes name a parent that is not in the file" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "it holds no node"),
        (b"# only words\n\n", "it holds no node"),
        (PLAIN + b"4 3 0 0\n", "line 4 has 4 of the 7 values"),
        (b"# head\n" + PLAIN + b"x 3 0 0 0 1 1\n", "line 5 holds a value that is no number"),
        (PLAIN + b"4 3 0 zero 0 1 1\n", "line 4 holds a value that is no number"),
        (PLAIN + b"4.5 3 0 0 0 1 1\n", "line 4 names a node or a parent by something else"),
        (PLAIN + b"4 3 0 nan 0 1 1\n", "node 4 has no position"),
        (PLAIN + b"4 3 0 inf 0 1 1\n", "node 4 has no position"),
        (PLAIN + b"2 3 0 0 0 1 1\n", "node 2 is there twice"),
        (b"1 3 0 0 0 1 2\n2 3 0 0 0 1 3\n3 3 0 0 0 1 1\n", "their own ancestors"),
        (b"1 3 0 0 0 1 1\n", "their own ancestors"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "line 1 has 1 of the 7 values"),
    ],
)
def test_damaged_files_are_refused_with_the_line_or_node(text: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        skeletons.parse(text)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text("0123456789 .-#\nnaife", max_size=200).map(str.encode)))
def test_nothing_that_lies_in_a_file_breaks_the_reader(content: bytes) -> None:
    try:
        found = skeletons.parse(content)
    except InputError:
        return
    assert np.isfinite(found.nodes_nm).all()
    assert len(found.parent) == len(found) > 0
    assert found.parent.max() < len(found)


@pytest.mark.parametrize("cell", ["../../../etc/passwd", "a/b", "..", ".", "C:\\x", "\u2603", "AVAL", "x\ny"])
def test_a_text_id_never_leaves_its_folder(tmp_path: Path, cell: str) -> None:
    path = skeletons.file_of(tmp_path, cell)
    assert path.resolve().parent == (tmp_path / "skeletons").resolve()
    assert path.suffix == ".swc"


def test_a_dataset_gives_the_skeleton_of_a_cell(tmp_path: Path) -> None:
    cell_samples.make(tmp_path / "data", tmp_path)
    dataset = open_dataset(tmp_path / "data", "tree")
    found = dataset.skeleton(f" {cell_samples.CELL} ")
    np.testing.assert_allclose(found.nodes_nm / 1000, cell_samples.NODES_UM)
    assert found.n_trees == 2
    second, third = (dataset.index.text([i])[0] for i in (1, 2))
    with pytest.raises(InputError, match=f"the skeleton of {second} is damaged: line 1 has 4 of the 7"):
        dataset.skeleton(second)
    with pytest.raises(NotFoundError, match=f"no skeleton of {third}"):
        dataset.skeleton(third)
    with pytest.raises(SynaptoscopeError, match="no cell 17"):
        dataset.skeleton("17")
