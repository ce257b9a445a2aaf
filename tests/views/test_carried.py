"""The address of a page, and a table of cells, carried to another version."""

from __future__ import annotations

import pytest

from data_access import stored_sets
from data_access.dataset import Dataset, open_dataset
from data_access.errors import InputError
from tests.data_access import versions
from tests.data_access.versions import FRAGMENT_GONE, NEW, OLD, new, old
from views.carried import CarriedView, carried, carry_query

V1507, V1718 = f"tiny_public-v{OLD}", f"tiny_public-v{NEW}"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Dataset]:
    """Version 1507 and 1718 of one datastack, each knowing the nuclei of the other."""
    data = versions.both(tmp_path_factory.mktemp("carried"))
    return open_dataset(data, V1507), open_dataset(data, V1718)


def moved(both: tuple[Dataset, Dataset], text: str, key: str = "pre") -> str:
    return carry_query(*both, {key: text})[0][key]


class TestQuery:
    def test_all_that_is_no_id_goes_along_unchanged(self, both: tuple[Dataset, Dataset]) -> None:
        params = {"ds": V1507, "measure": "sum_size", "group": "cell_type", "pre": "cell_type == 'MC'", "min": "2"}
        found, result = carry_query(*both, params)
        assert found == params | {"ds": V1718}
        assert result.rows == ()

    @pytest.mark.parametrize("key", ["pre", "post", "cells", "cell"])
    def test_ids_of_a_list_become_those_of_the_other_version_in_order(
        self, both: tuple[Dataset, Dataset], key: str
    ) -> None:
        found, result = carry_query(*both, {key: f"{old(7)} {old(2)},\n{old(1)}"})
        assert found[key] == f"{new(7)}, {new(2)}, {old(1)}"
        assert result.counts() == {"same": 1, "renamed": 2}

    def test_a_list_that_stays_the_same_keeps_its_form(self, both: tuple[Dataset, Dataset]) -> None:
        assert moved(both, f"[{old(1)}\n]") == f"[{old(1)}\n]"

    def test_in_a_list_a_split_cell_becomes_its_parts_and_merged_ones_are_named_once(
        self, both: tuple[Dataset, Dataset]
    ) -> None:
        assert moved(both, f"{old(6)},{old(4)},{old(5)}") == f"{new(6)}, {new(66)}, {new(4)}"

    def test_a_vanished_cell_falls_out_of_a_list_and_is_told(self, both: tuple[Dataset, Dataset]) -> None:
        found, result = carry_query(*both, {"pre": f"{old(3)},{old(2)},{FRAGMENT_GONE}"})
        assert found["pre"] == str(new(2))
        assert [(row.old_id, row.what) for row in result.to_tell()] == [
            (old(3), "vanished"),
            (FRAGMENT_GONE, "unknown"),
        ]

    def test_a_list_that_would_be_empty_and_mean_all_cells_stays(self, both: tuple[Dataset, Dataset]) -> None:
        assert moved(both, str(old(3))) == str(old(3))
        assert moved(both, f"{old(3)}, {FRAGMENT_GONE}") == f"{old(3)}, {FRAGMENT_GONE}"

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            (f"inputs_of({old(2)})", f"inputs_of({new(2)})"),
            (f"outputs_of({old(2)}, min_synapses=3) or cell_type == 'BC'",
             f"outputs_of({new(2)}, min_synapses=3) or cell_type == 'BC'"),
            (f"cell_type == 'MC' or cell_id in [{old(2)},{old(6)}, {old(3)}]",
             f"cell_type == 'MC' or cell_id in [{new(2)}, {new(6)}, {new(66)}]"),
            (f"cell_id in ('{old(2)}', '{old(7)}') and x_nm < 300", f"cell_id in ('{new(2)}', '{new(7)}') and x_nm < 300"),
            (f'cell_id == "{old(2)}"', f'cell_id == "{new(2)}"'),
            (f"not cell_id == {old(2)}", f"not cell_id == {new(2)}"),
            (f"cell_id == {old(6)}", f"cell_id == {old(6)}"),
            (f"inputs_of({old(3)})", f"inputs_of({old(3)})"),
            (f"cell_id in [{old(3)}]", f"cell_id in [{old(3)}]"),
            ("nucleus_id == 20 or n_table_rows > 1", "nucleus_id == 20 or n_table_rows > 1"),
            (f"cell_type == 'x{old(2)}'", f"cell_type == 'x{old(2)}'"),
            (f"(cell_id == {old(2)}", f"(cell_id == {new(2)}"),
            (f"cell_id == {old(2)} @", f"cell_id == {old(2)} @"),
        ],
    )  # fmt: skip
    def test_inside_an_expression_only_the_ids_change(
        self, both: tuple[Dataset, Dataset], text: str, wanted: str
    ) -> None:
        assert moved(both, text) == wanted

    def test_ids_that_the_version_does_not_have_are_left_as_they_are(self, both: tuple[Dataset, Dataset]) -> None:
        found, result = carry_query(*both, {"pre": f"{old(2)}, 17, {versions.ROOT + 444}"})
        assert found["pre"] == f"{new(2)}, 17, {versions.ROOT + 444}"
        assert [row.old_id for row in result.rows] == [old(2)]

    def test_a_pair_is_carried(self, both: tuple[Dataset, Dataset]) -> None:
        assert moved(both, f"{old(2)}>{old(7)}", "pair") == f"{new(2)}>{new(7)}"
        assert moved(both, f"{old(2)}>{old(3)}", "pair") == f"{new(2)}>{old(3)}"
        assert moved(both, "BC>MC", "pair") == "BC>MC"

    def test_a_stored_set_is_carried_into_a_new_one_and_the_old_one_stays(self, both: tuple[Dataset, Dataset]) -> None:
        data = both[0].data_dir
        inner = stored_sets.store(data, f"{old(2)}, {old(6)}")
        outer = stored_sets.store(data, f"set:{inner} or cell_type == 'BC'")
        text = moved(both, f"set:{outer}")
        assert text.startswith("set:") and text != f"set:{outer}"
        chosen = both[1].select(text)
        bc = both[1].select("cell_type == 'BC'").codes.tolist()
        ids = [new(2), new(6), new(66)]
        assert sorted(chosen.codes.tolist()) == sorted({*bc, *both[1].codes_of([str(i) for i in ids]).tolist()})
        assert stored_sets.resolver(data)(inner) == f"{old(2)}, {old(6)}"
        assert moved(both, "set:" + "0" * 24) == "set:" + "0" * 24
        plain = stored_sets.store(data, "cell_type == 'MC'")
        assert moved(both, f"set:{plain}") == f"set:{plain}"

    def test_a_set_too_long_for_an_address_is_stored(self, both: tuple[Dataset, Dataset]) -> None:
        strangers = ",".join(str(versions.ROOT + 10_000 + i) for i in range(200))
        text = moved(both, f"{old(2)},{strangers}")
        assert text.startswith("set:")
        assert stored_sets.resolver(both[0].data_dir)(text[4:]).split(", ")[0] == str(new(2))

    def test_a_pasted_link_becomes_the_ids_of_its_cells(self, both: tuple[Dataset, Dataset]) -> None:
        from data_access import neuroglancer

        link = neuroglancer.cells(both[0].meta, [str(old(2)), str(old(7))]).url
        assert moved(both, link) == f"{new(2)}, {new(7)}"

    def test_there_and_back_is_where_it_began(self, both: tuple[Dataset, Dataset]) -> None:
        params = {"pre": f"{old(2)}, {old(7)}", "post": f"cell_id == {old(8)}", "pair": f"{old(2)}>{old(7)}"}
        there, _ = carry_query(*both, params)
        back, _ = carry_query(both[1], both[0], there)
        assert back == params | {"ds": V1507}


class TestTable:
    def test_every_cell_has_a_row_and_the_ledger_adds_up(self, both: tuple[Dataset, Dataset]) -> None:
        result = carried(both[0], CarriedView(cells=f"{old(2)},{old(6)},{old(3)}", to=V1718))
        rows = result.table().to_pylist()
        assert [tuple(row.values()) for row in rows] == [
            (old(2), 20, new(2), "renamed"), (old(3), 30, None, "vanished"),
            (old(6), 60, new(6), "split"), (old(6), 61, new(66), "split"),
        ]  # fmt: skip
        ledger = result.ledger
        assert ledger.read == ledger.kept + sum(left.cells or 0 for left in ledger.left_out) == both[0].n_cells
        assert ledger.kept == 3
        assert "1 renamed, 1 split, 1 vanished" in ledger.notes[-1]

    def test_all_cells_by_default(self, both: tuple[Dataset, Dataset]) -> None:
        table = carried(both[0], CarriedView(to=V1718)).table()
        assert set(table.column("cell_id").to_pylist()) == set(both[0].index.ids.tolist())

    def test_what_cannot_be_carried_to_is_named_with_what_can(self, both: tuple[Dataset, Dataset]) -> None:
        for to in ("", "tiny_public-v171"):
            with pytest.raises(InputError) as caught:
                carried(both[0], CarriedView(to=to))
            assert V1718 in caught.value.hint
