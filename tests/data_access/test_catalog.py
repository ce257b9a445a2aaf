"""The catalogue, and `fetch` from a local server with files of the same layout as the public ones."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from data_access import builtin, catalog, cli
from data_access.catalog import CatalogEntry, Stored, fetch, load_catalog
from data_access.dataset import open_dataset
from data_access.errors import InputError, NotFoundError, SynaptoscopeError
from data_access.http_answers import WrongFile
from data_access.importer import ImportSpec
from data_access.metadata import DatasetMeta
from tests.data_access.file_server import FileServer, serving

FIRST_ROOT = 864691135000000001
TYPES = ("23P", "4P", "BC", "MC", "oligo")


def feather(table: pd.DataFrame) -> bytes:
    packed = io.BytesIO()
    pyarrow.feather.write_feather(pa.Table.from_pandas(table, preserve_index=False), packed)
    return packed.getvalue()


def microns_cells(n: int) -> pd.DataFrame:
    """One row a nucleus in the columns of v1718_cell_info.csv; root 0 once, and one root with two nuclei."""
    roots = [FIRST_ROOT + 7 * i for i in range(n)]
    rows = pd.DataFrame(
        {
            "id": range(1, n + 1),
            "pt_root_id": roots,
            "pt_position_x": [100_000 + 10 * i for i in range(n)],
            "pt_position_y": [120_000 + i for i in range(n)],
            "pt_position_z": [20_000 + i for i in range(n)],
            "broad_type": ["nonneuronal" if i % 5 == 4 else "excitatory" for i in range(n)],
            "cell_type": [TYPES[i % 5] for i in range(n)],
            "is_column": [i % 2 == 0 for i in range(n)],
            "status_axon": [i % 3 == 0 for i in range(n)],
            "strategy_axon": ["axon_fully_extended" if i % 3 == 0 else None for i in range(n)],
            "pt_position_y_tform": [100.0 + i for i in range(n)],
        }
    )
    extra = rows.iloc[[0, 1]].assign(id=[n + 1, n + 2], pt_root_id=[0, roots[1]])
    return pd.concat([rows, extra], ignore_index=True)


def microns_synapses(pre: list[int], post: list[int], first_id: int = 10) -> pd.DataFrame:
    n = len(pre)
    return pd.DataFrame(
        {
            "syn_id": np.arange(first_id, first_id + n, dtype=np.int64),
            "pre_pt_root_id": np.array(pre, dtype=np.int64),
            "post_pt_root_id": np.array(post, dtype=np.int64),
            "size": np.arange(100, 100 + n, dtype=np.int64),
            "ctr_pt_position": [[100_000 + i, 120_000, 20_000] for i in range(n)],
            "tag": ["spine"] * n,
        }
    )


CELLS = microns_cells(30)
ROOTS = CELLS["pt_root_id"].tolist()[:30]
FRAGMENT = FIRST_ROOT + 10_000
# Column: 0 -> 2 twice, 2 -> 0, 4 -> 4. Proofread outputs: those of 0 and 2, one onto a fragment.
COLUMN = microns_synapses([ROOTS[0], ROOTS[0], ROOTS[2], ROOTS[4]], [ROOTS[2], ROOTS[2], ROOTS[0], ROOTS[4]])
OUTPUTS = microns_synapses([ROOTS[0], ROOTS[0], ROOTS[2], ROOTS[2]], [ROOTS[2], ROOTS[2], ROOTS[0], FRAGMENT])
SQLITE = b"SQLite format 3\0" + bytes(2_000)
FILES = {
    "v1718_cell_info.csv": CELLS.to_csv(index=False).encode(),
    "v1718_v1_column_synapses.feather": feather(COLUMN),
    "v1718_proofread_output_synapses.feather": feather(OUTPUTS),
    "synphys_r2.0_small.sqlite": SQLITE,
}


@pytest.fixture
def mirror() -> Iterator[FileServer]:
    with serving(FILES) as state:
        yield state


def names(server: FileServer) -> list[str]:
    return [path.lstrip("/") for path, _, _ in server.seen]


def test_every_entry_says_what_it_is_and_whose() -> None:
    entries = load_catalog()
    promised = {"celegans-cook2019", "demo-column", "microns-v1718-column", "microns-v1718-proofread"}
    assert promised | {"synphys-small"} <= set(entries)
    for name, entry in entries.items():
        assert name == entry.name
        for text in (entry.title, entry.licence, entry.citation, entry.description):
            assert text.strip()
        if not entry.builtin:
            assert entry.home.startswith("https://")
            assert all(urlsplit(base).scheme == "https" for base in entry.base)
            assert re.search(r"doi:10\.\d{4}", entry.citation)
        for file in entry.files:
            assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_options_are_fields_of_an_import() -> None:
    known = {f.name for f in fields(ImportSpec)}
    for entry in load_catalog().values():
        assert set(entry.options) <= known
        assert all(not isinstance(value, list) for value in entry.options.values())


def test_the_column_is_fetched_and_imported(mirror: FileServer, tmp_path: Path) -> None:
    meta = fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    assert isinstance(meta, DatasetMeta)
    assert meta.id == "microns-v1718-column"
    assert (meta.n_synapses, meta.n_connections, meta.n_autapses) == (4, 3, 1)
    assert meta.n_cells == 30
    assert meta.n_reciprocal_pairs == 1
    assert "10.1038/s41586-025-08790-w" in meta.citation
    data = open_dataset(tmp_path, meta.id)
    assert data.index.text() == [str(root) for root in ROOTS]
    x = data.column("x_nm")
    assert float(x.iloc[3]) == (100_000 + 30) * 4
    assert str(data.column("cell_type").iloc[2]) == "BC"


def test_only_cells_in_the_column_file_count_as_whole(mirror: FileServer, tmp_path: Path) -> None:
    fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    graph = open_dataset(tmp_path, "microns-v1718-column").graph
    assert np.flatnonzero(graph.complete_in).tolist() == [0, 2, 4]
    assert np.flatnonzero(graph.complete_out).tolist() == [0, 2, 4]


def test_of_the_proofread_cells_only_the_outputs_are_whole(mirror: FileServer, tmp_path: Path) -> None:
    meta = fetch("microns-v1718-proofread", tmp_path, base_override=mirror.url)
    assert isinstance(meta, DatasetMeta)
    assert meta.n_cells == 31
    data = open_dataset(tmp_path, meta.id)
    assert np.flatnonzero(data.graph.complete_out).tolist() == [0, 2]
    assert not data.graph.complete_in.any()
    assert data.column("is_cell").tolist() == [True] * 30 + [False]


def test_entries_share_files(mirror: FileServer, tmp_path: Path) -> None:
    fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    fetch("microns-v1718-proofread", tmp_path, base_override=mirror.url)
    asked = [(path, status) for path, _, status in mirror.seen if "cell_info" in path]
    assert asked == [("/v1718_cell_info.csv", 200), ("/v1718_cell_info.csv", 304)]


def test_built_in_datasets_are_fetched_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, object]] = []

    def build(data_dir: Path, progress: builtin.Progress | None) -> DatasetMeta:
        asked.append((data_dir, progress))
        return DatasetMeta(id="demo-column", title="built")

    monkeypatch.setattr(builtin, "BUILTIN", {"demo-column": build})
    meta = fetch("demo-column", tmp_path)
    assert isinstance(meta, DatasetMeta)
    assert meta.title == "built"
    assert asked == [(tmp_path, None)]


def test_what_is_there_is_not_fetched_again(mirror: FileServer, tmp_path: Path) -> None:
    first = fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    mirror.seen.clear()
    again = fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    assert isinstance(first, DatasetMeta)
    assert isinstance(again, DatasetMeta)
    assert again.created == first.created
    assert mirror.seen == []


def test_files_may_go_by_their_short_names(mirror: FileServer, tmp_path: Path) -> None:
    mirror.files = {name.removeprefix("v1718_"): body for name, body in FILES.items()}
    meta = fetch("microns-v1718-column", tmp_path, base_override=mirror.url + "/")
    assert isinstance(meta, DatasetMeta)
    assert meta.n_synapses == 4
    assert names(mirror)[:2] == ["v1718_cell_info.csv", "cell_info.csv"]


def test_the_dataset_says_where_its_files_came_from(mirror: FileServer, tmp_path: Path) -> None:
    meta = fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    assert isinstance(meta, DatasetMeta)
    assert mirror.url in meta.source
    assert "v1718_cell_info.csv is not the file that the catalogue describes" in meta.description


def test_the_environment_names_a_mirror(mirror: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(catalog.BASE_VARIABLE, mirror.url)
    fetch("synphys-small", tmp_path)
    assert names(mirror) == ["synphys_r2.0_small.sqlite"]


def test_what_cannot_be_imported_yet_is_stored_and_said_so(mirror: FileServer, tmp_path: Path) -> None:
    stored = fetch("synphys-small", tmp_path, base_override=mirror.url)
    assert isinstance(stored, Stored)
    (path,) = stored.files
    assert path == tmp_path / ".downloads" / "synphys_r2.0_small.sqlite"
    assert path.read_bytes() == SQLITE
    assert "only downloads" in str(stored)
    assert str(path) in str(stored)


def test_a_broken_fetch_is_continued(mirror: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.files["v1718_cell_info.csv"] = FILES["v1718_cell_info.csv"] + b"\n" * 200_000
    mirror.drop_after = [100_000]
    real = catalog.download
    with monkeypatch.context() as impatient:
        impatient.setattr(catalog, "download", lambda *a, **k: real(*a, **k, retries=0))
        with pytest.raises(SynaptoscopeError, match="download failed"):
            fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    assert [p.name for p in tmp_path.glob("*/dataset.json")] == []
    meta = fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    assert isinstance(meta, DatasetMeta)
    assert meta.n_cells == 30
    assert mirror.statuses == [200, 206, 200]


def test_progress_tells_the_download_and_the_import(mirror: FileServer, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    fetch("microns-v1718-column", tmp_path, mirror.url, lambda stage, done: told.append((stage, done)))
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages[:2] == ["download v1718_cell_info.csv", "download v1718_v1_column_synapses.feather"]
    assert ("download v1718_cell_info.csv", len(FILES["v1718_cell_info.csv"])) in told
    assert len(stages) > 2


def test_a_failed_import_leaves_no_dataset(mirror: FileServer, tmp_path: Path) -> None:
    mirror.files["v1718_v1_column_synapses.feather"] = FILES["v1718_v1_column_synapses.feather"][:700]
    with pytest.raises(InputError):
        fetch("microns-v1718-column", tmp_path, base_override=mirror.url)
    assert not (tmp_path / "microns-v1718-column").exists()
    mirror.files["v1718_v1_column_synapses.feather"] = FILES["v1718_v1_column_synapses.feather"]
    assert isinstance(fetch("microns-v1718-column", tmp_path, base_override=mirror.url), DatasetMeta)


def test_a_file_that_is_nowhere_is_named(mirror: FileServer, tmp_path: Path) -> None:
    mirror.files.clear()
    with pytest.raises(NotFoundError, match=r"there is no file at http.*/v1718_cell_info\.csv \(404\)"):
        fetch("microns-v1718-column", tmp_path, base_override=mirror.url)


def entry_of(server: FileServer, other: FileServer, monkeypatch: pytest.MonkeyPatch, **file: object) -> None:
    """A catalogue of one entry with two addresses."""
    described = catalog.CatalogFile("synphys_r2.0_small.sqlite", "synphys", **file)  # type: ignore[arg-type]
    entry = CatalogEntry(
        name="x", title="x", licence="x", citation="x", home="https://example.org", description="x",
        dataset="", base=(server.url, other.url), files=(described,),
    )  # fmt: skip
    monkeypatch.setattr(catalog, "load_catalog", lambda path=None: {"x": entry})


def test_the_next_address_serves_where_the_first_holds_another_file(
    mirror: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"synphys_r2.0_small.sqlite": b"a later release"}) as moved:
        entry_of(moved, mirror, monkeypatch, size=len(SQLITE))
        stored = fetch("x", tmp_path)
    assert isinstance(stored, Stored)
    assert stored.files[0].read_bytes() == SQLITE


def test_where_no_address_has_the_file_as_described_the_difference_is_told(
    mirror: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({}) as empty:
        entry_of(empty, mirror, monkeypatch, sha256="0" * 64)
        with pytest.raises(WrongFile, match="wrong checksum"):
            fetch("x", tmp_path)


def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="the catalogue has no 'microns-column'") as error:
        fetch("microns-column", tmp_path)
    assert "microns-v1718-column" in error.value.hint


def test_the_command_line_fetches(mirror: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fetch", "microns-v1718-column", "--base", mirror.url, "--data", str(tmp_path)]) == 0
    assert "4 synapses in 3 connections" in capsys.readouterr().out
    assert cli.main(["fetch", "synphys-small", "--base", mirror.url, "--data", str(tmp_path)]) == 0
    assert "only downloads" in capsys.readouterr().out
    mirror.files.clear()
    assert cli.main(["fetch", "microns-v1718-proofread", "--base", mirror.url, "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


GOOD = """
[[dataset]]
name = "a"
title = "A"
licence = "L"
citation = "C"
home = "https://example.org"
description = "D"
dataset = "a"
base = ["https://example.org/data"]
[[dataset.files]]
name = "a.csv"
role = "synapses"
[dataset.options]
voxel_nm = [4, 4, 40]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_own_catalogue_is_read(tmp_path: Path) -> None:
    entry = load_catalog(written(tmp_path, GOOD))["a"]
    assert entry.base == ("https://example.org/data",)
    assert entry.options == {"voxel_nm": (4, 4, 40)}
    assert entry.files[0].also == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A"', 'titel = "A"', "catalogue entry 'a': unknown field 'titel'"),
        ('title = "A"\n', "", "catalogue entry 'a': missing .*'title'"),
        ('role = "synapses"', 'role = "synapse"', "unknown role 'synapse'"),
        ('name = "a.csv"', 'name = "../a.csv"', r"'\.\./a\.csv' is not a plain file name"),
        ('name = "a.csv"', 'name = ".bashrc"', "is not a plain file name"),
        ('name = "a.csv"', 'name = "a.csv"\nalso = ["/etc/passwd"]', "is not a plain file name"),
        ('dataset = "a"', 'dataset = "../a"', "cannot be a dataset id"),
        ('dataset = "a"', 'dataset = "a"\ncomplete = "output"', "unknown complete"),
        ('base = ["https://example.org/data"]', "", "needs base and files"),
        ("[[dataset]]", "[[dataset", "cannot be read"),
        (GOOD, GOOD + GOOD, "two entries 'a'"),
    ],
)
def test_what_is_wrong_with_a_catalogue_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        load_catalog(written(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("name", "folder", "counts"),
    [
        ("drosophila-larva-left", "drosophila_larva_left", (1_506, 36_500, 117_763)),
        ("microns-l23-v185", "microns_l23_v185", (None, 1_736, 1_961)),
    ],
)
def test_pinned_files_are_those_published(
    real_data: Path, tmp_path: Path, name: str, folder: str, counts: tuple[int | None, int, int]
) -> None:
    """Copies of the published files have the sizes and checksums of the catalogue and import well."""
    entry = load_catalog()[name]
    bodies = {file.name: (real_data / "real" / folder / file.name).read_bytes() for file in entry.files}
    with serving(bodies) as server:
        meta = fetch(name, tmp_path, base_override=server.url)
    assert isinstance(meta, DatasetMeta)
    assert "is not the file" not in meta.description
    n_cells, n_connections, n_synapses = counts
    assert (meta.n_connections, meta.n_synapses) == (n_connections, n_synapses)
    assert n_cells in (None, meta.n_cells)
