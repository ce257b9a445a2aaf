"""The address of a page in another version: a cell in its path is carried as those of the query are."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.versions import answer
from tests.data_access import versions
from tests.data_access.versions import NEW, OLD, new, old

V1507, V1718 = f"tiny_public-v{OLD}", f"tiny_public-v{NEW}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return versions.both(tmp_path_factory.mktemp("versions"))


def asked(data: Path, path: str, search: str = "") -> dict[str, object]:
    return answer(data, {"from": V1507, "to": V1718, "path": path, "search": search, "asked": "now"})[0]


def test_the_page_of_a_cell_becomes_that_of_the_same_cell_there(data: Path) -> None:
    found = asked(data, f"/prefix/cell/{old(2)}", f"?ds={V1507}&sort=n_in")
    assert found["path"] == f"/prefix/cell/{new(2)}"
    assert found["search"] == f"?ds={V1718}&sort=n_in"
    assert found["asked"] == "now"


def test_another_page_keeps_its_path(data: Path) -> None:
    assert asked(data, "/matrix", f"?ds={V1507}")["path"] == "/matrix"
