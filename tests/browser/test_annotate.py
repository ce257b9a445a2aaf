"""'Add columns' on the page Datasets: a file, looked at first, and a table of CAVE."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data_access.adapters.cave import pull
from data_access.adapters.cave.report import Unreported
from data_access.dataset import open_dataset
from data_access.importer import ImportSpec, import_dataset
from data_access.secret import Secret
from tests.browser.live import PHONE, Open, axe, serve
from tests.cave_server.fixtures import MINNIE, cave_server

ROOT = 864691135000000000
AUTO = "aibs_metamodel_celltypes_v661"
pytestmark = pytest.mark.xdist_group("annotate-page")


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    edges = tmp_path / "edges.csv"
    edges.write_text("pre,post,weight\n" + "".join(f"{ROOT + i},{ROOT + (i + 1) % 9},{i + 1}\n" for i in range(9)))
    import_dataset(tmp_path / "data", ImportSpec("x", title="My cells", connections=(edges,)))
    return tmp_path / "data"


def opened(page: Page, base: str, title: str) -> None:
    page.goto(base)
    page.get_by_role("link", name=f"Add columns to {title}").click()
    expect(page.get_by_role("heading", name=f"Add columns to {title}")).to_be_focused()


def rule(page: Page, words: str) -> None:
    page.get_by_label("A key that stands on several rows").first.click()
    page.get_by_role("option", name=words).click()


def test_a_file_is_looked_at_then_added_then_taken_away(
    data: Path, tmp_path: Path, serve_app: Callable[..., str], open_page: Open
) -> None:
    table = tmp_path / "layers.csv"
    rows = [(ROOT + 1, "L2"), (ROOT + 4, "L4"), (ROOT + 4, "L4"), (ROOT + 4, "L5"), (7, "L5")]
    table.write_text("pt_root_id,layer\n" + "".join(f"{key},{layer}\n" for key, layer in rows))
    page = open_page("about:blank", size=PHONE)
    opened(page, serve_app(data), "My cells")
    preview, add = page.locator("#annotate-preview"), page.get_by_role("button", name="Add columns", exact=True)
    expect(add).to_be_disabled()
    page.locator("#annotate-upload input").set_input_files(table)
    expect(preview).to_contain_text(f"1 key stands on several rows of column 'pt_root_id': {ROOT + 4} (rows 2 and 3)")
    expect(add).to_be_disabled()
    rule(page, "the most common value")
    expect(preview).to_contain_text("2 of 9 cells have a row, by pt_root_id = cell_id. 1 of its 3 keys are not in")
    expect(preview).to_contain_text("layer (text)")
    assert open_dataset(data, "x").meta.generation == 1, "nothing is changed yet"
    assert axe(page) == []
    add.click()
    expect(page.locator("#annotate-message")).to_contain_text("Added: 2 of 9 cells have a row of layers.csv")
    column = open_dataset(data, "x").column("layer").astype(object)
    assert column[column.notna()].to_dict() == {1: "L2", 4: "L4"}
    expect(page.get_by_role("link", name="Matrix by layer")).to_have_attribute("href", "/matrix?ds=x&group=layer")
    page.locator("#annotate-added summary").click()
    page.get_by_role("button", name="Remove the columns of layers").click()
    expect(page.locator("#annotate-added")).to_have_text("None.")
    assert "layer" not in open_dataset(data, "x").meta.columns


def test_a_table_of_cave_comes_by_a_job(tmp_path: Path, open_page: Open) -> None:
    with cave_server(row_limit=1000, shuffle=True) as cave:
        asked = pull.PullRequest(
            "p", MINNIE, "cell_type == 'BC'", cave.address, 1718, other_versions=False, title="Pulled"
        )
        pull.pull(tmp_path, asked, Secret(cave.token), Unreported())
        environ = {
            "SYNAPTOSCOPE_DATA": str(tmp_path), "SYNAPTOSCOPE_CACHE": str(tmp_path / ".cache"), "HOME": str(tmp_path),
            "SYNAPTOSCOPE_CAVE_SERVER": cave.address, "SYNAPTOSCOPE_CAVE_TOKEN": cave.token,
        }  # fmt: skip
        with serve("app:server", environ) as base:
            page = open_page("about:blank")
            opened(page, base, "Pulled")
            message, fetch = page.locator("#annotate-message"), page.get_by_role("button", name="Fetch and add")
            page.get_by_label("Or a CAVE table").fill("aibs_metamodel_celltypes")
            fetch.click()
            expect(message).to_contain_text(f"did you mean '{AUTO}'", ignore_case=True)
            page.get_by_label("Or a CAVE table").fill(AUTO)
            page.get_by_label("Prefix of their names").fill("auto_")
            rule(page, "take the first row")
            fetch.click()
            expect(message).to_contain_text(f"cells have a row of CAVE table {AUTO}")
            expect(page.locator("#annotate-added")).to_contain_text("auto_cell_type")
            assert [line for line in axe(page) if "annotate" in line] == []  # the whole page: above
    assert "auto_cell_type" in open_dataset(tmp_path, "p").meta.columns
