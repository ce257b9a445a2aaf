"""Tables joined to the cells of a dataset: every row is matched, counted or refused, and whole numbers stay whole."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.annotation_tables import Wish, read
from data_access.annotations import annotate, listed, preview, remove
from data_access.dataset import Dataset, open_dataset
from data_access.errors import DamagedError, InputError, NotFoundError
from data_access.importer import ImportSpec, import_dataset
from data_access.metadata import Column, DatasetMeta
from tests.data_access.command_line import CommandLine, contents, says

ROOT = 864691135000000000  # beyond 2**53: one pass through a float changes its last digits
EDGES = f"pre,post,weight\n{ROOT + 1},{ROOT + 2},2\n{ROOT + 2},{ROOT + 3},1\n{ROOT + 3},{ROOT + 5},1\n"
CELLS = f"cell_id,cell_type,nucleus_id\n{ROOT + 1},BC,11\n{ROOT + 2},MC,12\n{ROOT + 3},,13\n{ROOT + 4},BC,\n"


@pytest.fixture
def x(command: CommandLine) -> CommandLine:
    """Cells ROOT + 1 to 5; the fifth is a fragment, the fourth has no nucleus."""
    edges, cells = command.file("edges.csv", EDGES), command.file("cells.csv", CELLS)
    command.imported("x", "--connections", edges, "--cells", cells)
    return command


def brought(command: CommandLine, content: str, name: str = "t.csv", **wish: object) -> Dataset:
    annotate(command.data, "x", Wish(command.file(name, content), **wish))  # type: ignore[arg-type]
    assert command("verify", "x").status == 0
    return open_dataset(command.data, "x")


def values(dataset: Dataset, name: str) -> list[object]:
    return [None if pd.isna(v) else v for v in dataset.column(name).astype(object)]


def refused(command: CommandLine, content: str | Path, name: str = "t.csv", **wish: object) -> str:
    before = contents(command.data)
    path = content if isinstance(content, Path) else command.file(name, content)
    with pytest.raises(InputError) as error:
        annotate(command.data, "x", Wish(path, **wish))  # type: ignore[arg-type]
    assert contents(command.data) == before
    return str(error.value)


def test_a_table_becomes_columns_of_their_own_kinds(x: CommandLine) -> None:
    rows = f"cell_id,layer,score,done,root\n{ROOT + 1},L2,0.5,true,{ROOT + 77}\n{ROOT + 5},L4,3,false,{ROOT + 99}\n9,L5,1,true,\n"
    opened = brought(x, rows)
    assert values(opened, "layer") == ["L2", None, None, None, "L4"]
    assert values(opened, "score") == [0.5, None, None, None, 3.0]
    assert values(opened, "done") == [True, None, None, None, False]
    assert values(opened, "root") == [ROOT + 77, None, None, None, ROOT + 99]
    kinds = {name: opened.meta.columns[name].kind for name in ("layer", "score", "done", "root")}
    assert kinds == {"layer": "text", "score": "number", "done": "boolean", "root": "number"}
    assert opened.meta.columns["layer"].meaning == "from t.csv, key cell_id"
    joined = listed(x.data, "x")[0]
    assert (joined.match.cells, joined.match.n_cells, joined.match.found, joined.match.keys) == (2, 5, 2, 3)
    assert any("1 of its 3 keys are not in the dataset" in note for note in opened.meta.ledger.notes)


def test_new_columns_filter_and_group_at_once(x: CommandLine) -> None:
    opened = brought(x, f"cell_id,layer,score\n{ROOT + 1},L2,0.5\n{ROOT + 5},L4,3\n")
    assert opened.select("layer == 'L4' and score > 1").codes.tolist() == [4]
    assert opened.select("layer.isna()").codes.tolist() == [1, 2, 3]
    assert opened.select("cell_type == 'BC' and layer == 'L2'").codes.tolist() == [0]
    assert [c.name for c in [opened.column("layer")] if hasattr(c, "cat")] == ["layer"]


def test_the_key_may_be_the_nucleus_or_any_other_column(x: CommandLine) -> None:
    opened = brought(x, "nucleus_id,area\n13,V1\n11,RL\n99,LM\n")
    assert values(opened, "area") == ["RL", None, "V1", None, None]
    assert opened.meta.columns["area"].meaning == "from t.csv, key nucleus_id"
    opened = brought(x, "word,colour\nBC,red\nMC,blue\nXX,grey\n", "types.csv", key="word", on="cell_type")
    assert values(opened, "colour") == ["red", "blue", None, "red", None], "one row for all cells of a type"
    opened = brought(x, "area,rank\nV1,1\nRL,2\n", "ranks.csv", key="1", on="area")
    assert values(opened, "rank") == [2, None, 1, None, None], "and of a column that was brought in"
    with pytest.raises(
        InputError, match=r"annotation 'ranks' is matched with a column of 't' \(remove 'ranks' first\)"
    ):
        remove(x.data, "x", "t")


def test_every_file_format(x: CommandLine) -> None:
    table = {"pt_root_id": [ROOT + 2, ROOT + 3], "n": [5, None], "word": ["a", "b"]}
    for i, ending in enumerate(("parquet", "feather", "csv.gz", "tsv")):
        path = x.table(f"t.{ending}", pa.table({k: pa.array(v) for k, v in table.items()}))
        annotate(x.data, "x", Wish(path, prefix=f"p{i}_", name=f"t{i}"))
        opened = open_dataset(x.data, "x")
        assert values(opened, f"p{i}_n") == [None, 5, None, None, None]
        assert values(opened, f"p{i}_word") == [None, "a", "b", None, None]
        assert str(opened.column(f"p{i}_n").dtype) == "Int64"


# -- refusals: each names what is wrong, and nothing has changed


def test_repeated_keys_are_refused_with_the_first_of_them(x: CommandLine) -> None:
    rows = f"cell_id,v\n{ROOT + 1},1\n7,1\n{ROOT + 2},1\n{ROOT + 1},1\n7,2\n"
    line = refused(x, rows)
    says(line, "2 keys stand on several rows", f"{ROOT + 1} (rows 1 and 4)", "7 (rows 2 and 5)", "first, most, mean")


@pytest.mark.parametrize(
    ("content", "wish", "parts"),
    [
        (f"cell_id,v\n{ROOT + 1}.0,1\n", {}, ["row 1", "floating point"]),
        ("cell_id,v\n8.64691135e17,1\n", {}, ["8.64691135e17", "floating point"]),
        ("name,v\n1,1\n", {}, ["which column holds the keys? It has name, v", "--key"]),
        ("name,v\n1,1\n", {"key": "nam"}, ["no column 'nam'", "'name'"]),
        (f"cell_id,v\n{ROOT + 1},1\n", {"on": "nucleus"}, ["no column 'nucleus'", "nucleus_id"]),
        (f"cell_id,v\n{ROOT + 1},1\n", {"on": "is_cell", "key": "cell_id"}, ["true or false"]),
        (f"cell_id,v\n{ROOT + 1},1\n", {"columns": ("w",)}, ["no column 'w'", "'v'"]),
        (f"cell_id,v\n{ROOT + 1},1\n", {"rule": "max"}, ["no rule is called 'max'"]),
        (f"cell_id,cell_type\n{ROOT + 1},1\n", {}, ["has columns of these names already: cell_type", "--prefix"]),
        (f"cell_id,Nucleus_ID\n{ROOT + 1},1\n", {}, ["these names already: Nucleus_ID"]),
        (f"cell_id,x_um,out_degree\n{ROOT + 1},1,1\n", {"columns": ("out_degree",)}, ["already: out_degree"]),
        (f"cell_id\n{ROOT + 1}\n", {}, ["no column that can be kept", "--rule count"]),
        ("cell_id,v\n7,1\n8,2\n", {}, ["none of the 2 keys", "such as 7", "is a cell_id of x"]),
        ("cell_id,v\n,1\n0,2\n", {}, ["no row has a key"]),
        ("cell_id,v\nDA1,1\n", {}, ["the keys are names, such as 'DA1'", "whole numbers"]),
        ("cell_id,v\n", {}, ["has a header but no rows"]),
        (f"cell_id,word\n{ROOT + 1},a\n", {"rule": "mean"}, ["'word' is text: it has no mean"]),
        (f"cell_id,root_id\n{ROOT + 1},5\n", {"rule": "sum"}, ["'root_id' holds ids: it has no sum"]),
    ],
)
def test_what_cannot_be_joined_is_refused(
    x: CommandLine, content: str, wish: dict[str, object], parts: list[str]
) -> None:
    says(refused(x, content, **wish), *parts)


def test_float_ids_of_a_binary_file_are_refused(x: CommandLine) -> None:
    path = x.table("t.parquet", {"cell_id": [float(ROOT + 1), None], "v": [1, 2]})
    says(refused(x, path), "'cell_id' are stored as floating point numbers", "int64 or text")


def test_a_name_is_given_once(x: CommandLine) -> None:
    brought(x, f"cell_id,v\n{ROOT + 1},1\n")
    says(refused(x, f"cell_id,w\n{ROOT + 1},1\n"), "annotation 't' is there already", "--name", "--remove")
    says(refused(x, f"cell_id,v\n{ROOT + 1},1\n", "other.csv"), "has columns of these names already: v")


# -- rows without a key, and key 0


def test_rows_without_a_key_and_key_0_are_counted(x: CommandLine) -> None:
    brought(x, f"cell_id,v\n{ROOT + 1},1\n,2\n0,3\n0,4\n0,5\n")
    annotation = listed(x.data, "x")[0].annotation
    assert (annotation.rows, annotation.no_key, annotation.zero_key, annotation.keys) == (5, 1, 3, 1)
    note = next(n for n in open_dataset(x.data, "x").meta.ledger.notes if n.startswith("annotation t: "))
    says(note, "1 row has no key", "3 rows have key 0")


def test_0_is_a_cell_where_the_dataset_has_it(command: CommandLine) -> None:
    command.imported("x", "--connections", command.file("e.csv", "pre_cell_id,post_cell_id,weight\n0,1,2\n1,2,2\n"))
    assert values(brought(command, "cell_id,v\n0,7\n"), "v")[0] == 7


# -- rules


RULED = "cell_id,word,n,yes\n{a},x,1,true\n{a},y,2,false\n{a},y,,true\n{b},,5,\n{b},z,5,false\n"


@pytest.mark.parametrize(
    ("rule", "word", "n", "yes"),
    [
        ("first", ["x", None], [1, 5], [True, None]),
        ("most", ["y", "z"], [1, 5], [True, False]),
        ("list", ["x, y", "z"], ["1, 2", "5"], ["true, false", "false"]),
        ("mean", None, [1.5, 5.0], [2 / 3, 0.0]),
        ("sum", None, [3, 10], [2, 0]),
    ],
)
def test_a_rule_makes_one_row_of_several(
    x: CommandLine, rule: str, word: list[object] | None, n: list[object], yes: list[object]
) -> None:
    opened = brought(x, RULED.format(a=ROOT + 1, b=ROOT + 3), rule=rule)
    for name, expected in (("word", word), ("n", n), ("yes", yes)):
        if expected is None:
            assert name not in opened.meta.columns
            continue
        got = values(opened, name)
        assert [got[0], got[2]] == pytest.approx(expected)
        assert [got[1], got[3], got[4]] == [None, None, None]
    if word is None:
        left = listed(x.data, "x")[0].annotation.left_out
        assert [(item.column, item.reason) for item in left] == [("word", f"is text: it has no {rule}")]
    assert opened.meta.columns["n"].meaning.startswith("from t.csv, key cell_id; ")


def test_count_counts_rows(x: CommandLine) -> None:
    opened = brought(x, f"cell_id\n{ROOT + 2}\n{ROOT + 2}\n{ROOT + 3}\n", rule="count", prefix="seen_")
    assert values(opened, "seen_n_rows") == [None, 2, 1, None, None]


ROWS = st.lists(st.tuples(st.integers(1, 4), st.one_of(st.none(), st.integers(-3, 3))), min_size=1, max_size=40)
META = DatasetMeta("x", "x", columns={"cell_id": Column("id"), "cell_type": Column("text")})


@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_rules_by_a_second_route(rows: list[tuple[int, int | None]], tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [*rows, (9, 1)]  # a column without any number is text
    path = tmp_path_factory.mktemp("rules") / "t.csv"
    path.write_text("cell_id,v\n" + "".join(f"{k},{'' if v is None else v}\n" for k, v in rows))
    by_key = defaultdict(list)
    for key, value in rows:
        by_key[key].append(value)
    for rule in ("most", "sum", "mean", "first", "list", "count"):
        kept = read(Wish(path, rule=rule), META, pa.chunked_array([[1, 2, 3]]))
        got = dict(zip(kept.keys.to_pylist(), kept.values.column(0).to_pylist(), strict=True))
        assert got == {key: pytest.approx(ruled(rule, values)) for key, values in by_key.items()}, rule


def ruled(rule: str, values: list[int | None]) -> object:
    there = [v for v in values if v is not None]
    counts = Counter(there)
    if rule == "count":
        return len(values)
    if rule == "first":
        return values[0]
    if not there:
        return None
    if rule == "most":
        return max(counts, key=lambda v: (counts[v], -there.index(v)))
    if rule == "list":
        return ", ".join(map(str, dict.fromkeys(there)))
    return sum(there) if rule == "sum" else sum(there) / len(there)


# -- types for a dataset that has none


def test_types_may_be_brought_to_a_dataset_without(command: CommandLine) -> None:
    command.imported("x", "--connections", command.file("e.csv", EDGES))
    assert "cell_types" not in open_dataset(command.data, "x").meta.capabilities
    opened = brought(command, f"cell_id,cell_type\n{ROOT + 1},BC\n{ROOT + 5},MC\n")
    assert values(opened, "cell_type") == ["BC", None, None, "MC"]
    assert "cell_types" in opened.meta.capabilities
    remove(command.data, "x", "t")
    bare = open_dataset(command.data, "x")
    assert command("verify", "x").status == 0
    assert values(bare, "cell_type") == [None] * 4
    assert "cell_types" not in bare.meta.capabilities


# -- taking away, looking first


def test_removed_it_is_as_before(x: CommandLine) -> None:
    before = open_dataset(x.data, "x")
    brought(x, f"cell_id,v\n{ROOT + 1},1\n")
    brought(x, f"cell_id,w\n{ROOT + 1},1\n", "other.csv")
    assert remove(x.data, "x", "t").columns == {"v": "v"}
    opened = open_dataset(x.data, "x")
    assert x("verify", "x").status == 0
    assert set(opened.meta.columns) - set(before.meta.columns) == {"w"}
    assert [joined.annotation.name for joined in listed(x.data, "x")] == ["other"]
    remove(x.data, "x", "other")
    after = open_dataset(x.data, "x").meta
    assert (after.columns, after.ledger, after.capabilities) == (
        before.meta.columns, before.meta.ledger, before.meta.capabilities
    )  # fmt: skip
    with pytest.raises(NotFoundError, match="it has none"):
        remove(x.data, "x", "other")


def test_an_unknown_name_gets_the_nearest(x: CommandLine) -> None:
    brought(x, f"cell_id,v\n{ROOT + 1},1\n", "proofread.csv")
    with pytest.raises(NotFoundError, match="did you mean 'proofread'"):
        remove(x.data, "x", "profread")


def test_a_preview_changes_nothing_and_says_the_same(x: CommandLine) -> None:
    path = x.file("t.csv", f"cell_id,v\n{ROOT + 1},1\n7,2\n")
    before = contents(x.data)
    looked = preview(x.data, "x", Wish(path, prefix="p_"))
    assert contents(x.data) == before
    done = annotate(x.data, "x", Wish(path, prefix="p_"))
    assert looked.match == done.match
    assert looked.sentence() == done.sentence()


def test_a_damaged_annotation_is_named(x: CommandLine) -> None:
    opened = brought(x, f"cell_id,v\n{ROOT + 1},1\n")
    (opened.place / "annotations" / "t.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DamagedError, match=r"t\.parquet is missing or damaged"):
        listed(x.data, "x")
    assert x("verify", "x").status == 1


# -- real tables


@pytest.fixture(scope="module")
def minnie(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = real_data / "real" / "minnie65_cells_a"
    data = tmp_path_factory.mktemp("minnie")
    import_dataset(data, ImportSpec("m", synapses=(folder / "synapses.parquet",), cells=(folder / "cells.csv",)))
    return data


def test_the_published_types_of_minnie65(minnie: Path, real_data: Path) -> None:
    path = real_data / "real" / "minnie65_annotations" / "cells_no_repeats.csv"
    with pytest.raises(InputError, match="these names already: cell_type "):
        annotate(minnie, "m", Wish(path))
    done = annotate(minnie, "m", Wish(path, columns=("cell_type",), prefix="listed_"))
    assert (done.match.cells, done.match.n_cells, done.match.keys, done.match.lost) == (2_350, 107_230, 56_209, 53_859)
    with path.open(newline="") as file:
        types = {int(row["pt_root_id"]): row["cell_type"] for row in csv.DictReader(file)}
    opened = open_dataset(minnie, "m")
    got = opened.column("listed_cell_type")
    expected = [types.get(i) for i in opened.index.ids.tolist()]
    assert values(opened, "listed_cell_type") == expected
    assert len(opened.select("listed_cell_type == '23P'")) == sum(t == "23P" for t in expected)
    assert int(got.notna().sum()) == 2_350


def test_the_cell_table_of_another_version(minnie: Path, real_data: Path) -> None:
    """Its ids are of version 1300: few match, which is counted; one row lies on the background."""
    path = real_data / "real" / "minnie65_annotations" / "cell_info_1300.feather"
    done = annotate(minnie, "m", Wish(path, prefix="v1300_"))
    assert (done.match.cells, done.match.found, done.match.lost) == (725, 725, 90_697)
    assert (done.annotation.rows, done.annotation.zero_key, done.annotation.keys) == (91_423, 1, 91_422)
    opened = open_dataset(minnie, "m")
    table = pd.read_feather(path)
    cell = int(random.Random(1).choice(np.intersect1d(table["pt_root_id"], opened.index.ids).tolist()))
    row = table[table["pt_root_id"] == cell].iloc[0]
    code = opened.code_of(str(cell))
    assert opened.column("v1300_volume").iloc[code] == pytest.approx(row["volume"])
    assert opened.column("v1300_coarse_cell_type_auto").iloc[code] == row["coarse_cell_type_auto"]
