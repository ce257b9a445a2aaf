"""The page of two cells in a real browser: the scene, the table and the address are one; what lacks something says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import PHONE, Open, axe
from tests.views import cell_samples, pair_samples, samples
from tests.views.pair_samples import N_AB, N_BA, A, B, C, Made

pytestmark = [pytest.mark.xdist_group("pair-page"), pytest.mark.usefixtures("patience")]
GL = "willReadFrequently"  # a remark of Chromium's about how Plotly writes text in 3D
ROW = "#pair-synapses-box .ag-center-cols-container .ag-row"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pair-data")


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    scratch = tmp_path_factory.mktemp("pair-files")
    samples.edges(folder, scratch)
    cell_samples.make(folder, scratch)
    return pair_samples.make(folder, scratch)


@pytest.fixture(scope="module")
def base(folder: Path, made: Made, serve_app: Callable[..., str]) -> str:
    return serve_app(folder)


def drawn(page: Page) -> Page:
    page.watch.allow(GL)  # type: ignore[attr-defined]
    expect(page.locator("#pair-scene[data-state=drawn] #pair-over .scale")).to_be_visible()
    expect(page.locator("#pair-synapses-box[data-grid-ready]")).to_be_visible()
    expect(page.locator("#pair-steps")).not_to_be_empty()
    return page


def asked(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def camera(page: Page) -> list[float]:
    return [float(v) for v in asked(page)["cam"].split("_")]


def saved(page: Page, form: str) -> bytes:
    page.locator(".pair-rows .export summary").click()
    with page.expect_download() as download:
        page.locator(f"[data-save-figure][data-format={form}]").click()
    content = Path(download.value.path()).read_bytes()
    page.locator(".pair-rows .export").evaluate("e => { e.open = false; }")
    return content


def test_table_scene_address_and_pictures_are_one(base: str, made: Made, open_page: Open) -> None:
    page = drawn(open_page(f"{base}/pair/{A}/{B}?ds=pair"))
    expect(page.locator("#pair-sentence")).to_contain_text(f"A → B {N_AB} synapses")
    expect(page.locator(".pair-doubts")).to_contain_text("An axon is not proofread")
    assert page.locator(ROW).count() > 5
    # a row centres the scene on its synapse
    row = page.locator(ROW).nth(1)
    key = str(row.get_attribute("row-id"))
    row.locator("[col-id=way]").click()
    page.wait_for_url("**cam=**")
    place = made.synapses.set_index("synapse_id").loc[int(key.split()[1]), ["x_nm", "y_nm", "z_nm"]] / 1000
    assert camera(page)[:3] == pytest.approx(place.tolist(), abs=0.006)
    assert asked(page)["syn"] == key.split()[1]
    page.locator("#pair-scene").scroll_into_view_if_needed()
    box = page.locator("#pair-scene").bounding_box()
    ring = page.locator("#pair-over .ring").bounding_box()
    assert box is not None and ring is not None
    for start, size in (("x", "width"), ("y", "height")):
        assert ring[start] + ring[size] / 2 == pytest.approx(box[start] + box[size] / 2, abs=1.5)
    # the wheel zooms, arrows turn while the scene has the focus, and the bar follows
    first, before = page.url, camera(page)[9]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)
    page.locator("#pair-scene").focus()
    page.keyboard.press("ArrowRight")
    turned = re.compile(r"cam=[^&]*")
    page.wait_for_url(lambda url: turned.findall(url) != turned.findall(first))
    seen = camera(page)
    assert seen[9] < before, "nearer"
    assert seen[:3] == pytest.approx(place.tolist(), abs=before / 500), "what is under the pointer stays there"
    length = float(page.locator("#pair-over .scale").inner_text().removesuffix(" µm"))
    bar = page.locator("#pair-over .scale").bounding_box()
    assert bar is not None and bar["width"] == pytest.approx(length * box["height"] / seen[9], rel=0.02)
    # a drawing in vectors of what is seen, and a picture with the bar in it
    root = ElementTree.fromstring(saved(page, "svg"))
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert f"{length:g} µm" in texts and f"A → B {N_AB}" in texts
    png = saved(page, "png")
    assert int.from_bytes(png[16:20], "big") == 3 * round(box["width"] - 2)
    page.get_by_role("button", name="Both cells").click()
    page.wait_for_url(lambda url: "cam=" not in url)


def test_arrow_keys_step_through_the_ranking_and_any_two_cells_are_a_pair(base: str, open_page: Open) -> None:
    page = drawn(open_page(f"{base}/pair/{A}/{C}?ds=pair&rank=smaller"))
    assert axe(page) == []
    expect(page.locator("#pair-steps")).to_contain_text("not among 2 pairs")
    expect(page.locator(".pair-side.ba")).to_contain_text("No synapse")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/pair/{A}/{B}?ds=pair&rank=smaller")
    expect(page.locator(".pair-place")).to_have_text("1 of 2")
    assert "/reciprocal?ds=pair&rank=smaller" in str(page.locator(".pair-place").get_attribute("href"))
    page.locator(ROW).nth(0).locator("[col-id=way]").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#pair-scene").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**cam=**")
    assert f"/pair/{A}/{B}" in page.url, "in a table and in the scene the keys are theirs"
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/pair/*/*?ds=pair&rank=smaller")
    expect(page.locator(".pair-place")).to_have_text("2 of 2")
    expect(page.locator("#pair-steps [data-step]").last).to_have_attribute("aria-disabled", "true")
    drawn(page)


def test_without_webgl_positions_or_a_second_cell_the_page_says_so(base: str, open_page: Open) -> None:
    page = open_page("about:blank")
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) "
        "{ return /webgl/.test(kind) ? null : get.call(this, kind, ...more); };"
    )
    page.goto(f"{base}/pair/{B}/{A}?ds=pair&cam=close")
    expect(page.locator("#pair-scene[data-state=flat]")).to_contain_text("two flat projections instead")
    pictures = page.locator(".pair-flat img")
    expect(pictures).to_have_count(2)
    for i in range(2):
        expect(pictures.nth(i)).to_have_js_property("complete", True)
        assert pictures.nth(i).evaluate("e => e.naturalWidth") > 100
    expect(page.locator(".pair-side.ab")).to_contain_text(str(N_BA))
    assert ElementTree.fromstring(saved(page, "svg")).tag.endswith("svg")
    page.goto(f"{base}/pair/{A}/{A}?ds=pair")
    expect(page.locator(".error-panel")).to_contain_text("is named twice: a pair is two different cells")
    page.goto(f"{base}/pair/{A}/17?ds=pair")
    expect(page.locator(".error-panel")).to_contain_text("no cell 17 in pair")
    expect(page.locator(".links").first).to_contain_text(f"cell {A}")
    page.goto(f"{base}/pair/1/2?ds=edges")
    expect(page.locator(".pair-space .note, .error-panel").first).to_be_visible()


def test_an_address_restores_camera_and_synapse_on_a_dark_phone(base: str, made: Made, open_page: Open) -> None:
    row = made.synapses[(made.synapses.pre_id == A) & (made.synapses.post_id == B)].sort_values("synapse_id").iloc[3]
    address = f"{base}/pair/{A}/{B}?ds=pair&syn={row.synapse_id}&cam=40_70_3_0.6_0_-0.8_0_-1_0_120&by=-size"
    page = drawn(open_page(address, size=PHONE, scheme="dark"))
    expect(page.locator(f"{ROW}[row-id='ab {row.synapse_id}']")).to_have_class(re.compile("ag-row-selected"))
    sizes = page.locator(f"{ROW} [col-id=size]").all_inner_texts()
    numbers = [int(t.replace(",", "")) for t in sizes if t != "–"]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) > 5
    theirs = page.evaluate("() => JSON.stringify(document.getElementById('pair-graph').layout.scene.camera)")
    eye, centre, up = (json.loads(theirs)[k] for k in ("eye", "center", "up"))
    assert [(eye[k] - centre[k]) / 2 for k in "xyz"] == pytest.approx([0.6, 0, -0.8])
    assert [up[k] for k in "xyz"] == pytest.approx([0, -1, 0])
    assert page.url == address
    assert axe(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
