"""What the query box shows: counts, what is wrong, unknown ids and the way to the known ones, values of columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_access import set_names
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, new, old
from tests.views import samples
from views.cellset import DatasetWords, check, form_choices, from_form, known_only, suggest

IDS = [str(samples.FIRST_ID + 37 * i) for i in range(6)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    samples.all_sources(folder, tmp_path_factory.mktemp("files"))
    return folder


@pytest.fixture(scope="module")
def big(data: Path) -> Dataset:
    return open_dataset(data, "big")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Version 1718 of a datastack beside version 1507."""
    folder = tmp_path_factory.mktemp("versions")
    for version, other in ((OLD, NEW), (NEW, OLD)):
        versions.make(folder / "data", folder / "files", version)
        versions.write_others(folder / "data", f"tiny_public-v{version}", other)
    return open_dataset(folder / "data", f"tiny_public-v{NEW}")


def test_a_right_set_is_counted_and_told(big: Dataset) -> None:
    found = check(big, "cell_type == 'BC'")
    assert found.n == int((big.column("cell_type") == "BC").sum())
    assert (found.of, found.echo, found.message, found.ids) == (big.n_cells, "cell_type is BC", "", None)
    assert check(big, "").n == check(big, "  ").n == big.n_cells


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("cell_typ == 'BC'", "no column 'cell_typ'", 1),
        ("cell_type ==", "expected a column", 13),
        ("cell_type == 'BX'", "no value 'BX'", None),
        ("set:0123456789abcdef01234567", "no stored set", 1),
    ],
)
def test_a_wrong_set_is_an_answer_with_the_place_of_the_mistake(
    big: Dataset, text: str, message: str, position: int | None
) -> None:
    found = check(big, text)
    assert found.n is None
    assert message in found.message
    assert found.position == position


def test_ids_are_reported_known_unknown_and_repeated(big: Dataset) -> None:
    text = "cell_id\n" + "\n".join([*IDS, IDS[0], "12", "13", "12"])
    found = check(big, text)
    assert found.n is None
    assert found.ids is not None
    assert (found.ids.n_given, found.ids.n_known, found.ids.n_repeated) == (10, 6, 2)
    assert found.ids.unknown == ("12", "13")
    kept = known_only(big, text)
    assert kept == ", ".join(IDS)
    assert check(big, kept).n == 6
    repeated = check(big, f"{IDS[0]} {IDS[0]}")
    assert repeated.n == 1
    assert repeated.ids is not None
    assert repeated.ids.n_repeated == 1


def test_known_ones_are_kept_inside_an_expression_too(big: Dataset) -> None:
    text = f"(inputs_of({IDS[0]}, 12) or [{IDS[1]}, 13]) and is_cell"
    assert known_only(big, text) == f"(inputs_of({IDS[0]}) or cell_id in [{IDS[1]}]) and is_cell"
    assert known_only(big, "is_cell") == "is_cell"
    with pytest.raises(InputError, match="none of the ids"):
        known_only(big, "12, 13")


def test_ids_of_another_version_come_over_under_their_new_ids(both: Dataset) -> None:
    text = f"{new(7)}, {old(2)}, {old(3)}, {old(8)}, 5"
    found = check(both, text)
    assert found.ids is not None
    assert found.ids.unknown == tuple(map(str, (old(2), old(3), old(8), 5)))
    assert found.renamed == 2  # 3 has vanished, 5 is known nowhere
    assert known_only(both, text) == str(new(7))
    assert known_only(both, text, carried=True) == f"{new(7)}, {new(2)}, {new(8)}"


def test_the_same_set_as_rows_of_a_form_and_back(big: Dataset) -> None:
    found = check(big, "cell_type in ['BC', 'MC'] and outputs_of(cell_type == 'MC', min_synapses=2)")
    assert found.form is not None
    assert len(found.form.rows) == 2
    content = {"rows": [{"column": "cell_type", "test": "is", "values": ["BC"]}]}
    assert from_form(big, content) == "cell_type in ['BC']"
    with pytest.raises(InputError, match="row 1"):
        from_form(big, {"rows": [{"column": "nothing", "test": "is", "values": []}]})


def test_a_form_offers_every_column_that_a_set_may_name(big: Dataset) -> None:
    offered = form_choices(big)
    columns = {c["name"]: c["kind"] for c in offered["columns"]}
    assert {
        "cell_type": "text",
        "out_degree": "number",
        "is_cell": "boolean",
        "cell_id": "id",
    }.items() <= columns.items()
    assert set(offered["tests"]) >= set(columns.values())
    assert set(offered["towards"]) == {"inputs_of", "outputs_of", "reciprocal_with"}


def test_values_are_those_of_the_column_with_their_counts(big: Dataset) -> None:
    counts = big.column("cell_type").value_counts()
    found = {item.label: int(item.detail) for item in suggest(big, "cell_type == ", 13).items}
    assert found == {str(k): int(v) for k, v in counts.items() if v}
    assert DatasetWords(big).values("x_um") == ()  # too many different numbers to list
    assert DatasetWords(big).meaning("out_degree")


def test_named_sets_are_offered(data: Path, big: Dataset) -> None:
    saved = set_names.save(data, "big", "My baskets", "cell_type == 'BC'", 3)
    assert suggest(big, "bask", 4).items[0].text == f"set:{saved.set}"
    assert suggest(big, "set:", 4).items[0].label == "My baskets"
    assert suggest(open_dataset(data, "words"), "set:", 4).items == ()


def test_names_of_cells_are_offered_where_ids_are_names(data: Path) -> None:
    words = open_dataset(data, "words")
    start = str(words.index.ids[0])[:2]
    found = [item.label for item in suggest(words, f"inputs_of({start}", 10 + len(start)).items if item.kind == "id"]
    assert found
    assert all(label.casefold().startswith(start.casefold()) for label in found)
