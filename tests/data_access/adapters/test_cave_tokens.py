"""Where a token comes from: the setting, else the files that caveclient writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from caveclient.auth import AuthClient

from data_access.adapters.cave import tokens
from data_access.secret import Secret

SERVER = "https://global.example.org"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".cloudvolume" / "secrets"


def revealed(given: Secret | None = None, server: str = SERVER) -> str | None:
    found = tokens.find(given, server)
    return None if found is None else found.reveal()


def keep(folder: Path, name: str, token: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps({"token": token}))


def test_none_where_there_is_none() -> None:
    assert revealed() is None
    assert revealed(Secret("  ")) is None


def test_the_setting_comes_first_then_the_file_of_the_server_then_the_general_ones(home: Path) -> None:
    keep(home, "chunkedgraph-secret.json", "old")
    assert revealed() == "old"
    keep(home, "cave-secret.json", "general")
    assert revealed() == "general"
    keep(home, "global.example.org-cave-secret.json", "of this server")
    assert revealed() == "of this server"
    assert revealed(server="global.example.org") == "of this server"
    assert revealed(server="https://other.example.org") == "general"
    assert revealed(Secret(" given \n")) == "given"


def test_it_finds_what_caveclient_wrote(home: Path) -> None:
    home.mkdir(parents=True)
    AuthClient(token="mine", server_address=SERVER).save_token(token="mine", overwrite=True)
    (home / "cave-secret.json").unlink()
    assert revealed() == "mine"
    assert AuthClient(server_address=SERVER).token == revealed()


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", '"x"', '{"token": null}', '{"token": 7}', '{"token": " "}', "{}"]
)
def test_a_file_that_holds_no_token_counts_as_none(home: Path, text: str) -> None:
    home.mkdir(parents=True)
    (home / "cave-secret.json").write_text(text)
    assert revealed() is None


def test_how_to_get_one_names_the_address_the_setting_and_the_file() -> None:
    text = tokens.how_to(SERVER)
    assert AuthClient(server_address=SERVER, token="x").get_token_page(open=False) in text
    assert "https://global.example.org/auth/api/v1/create_token" in text
    assert "SYNAPTOSCOPE_CAVE_TOKEN" in text and "cave-secret.json" in text
    assert tokens.token_page("localhost:8000").startswith("https://localhost:8000/")
