"""'Connect a source' without a browser: the form and the address, what stands there, what never does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from dash import Dash

from app import create_app
from components import connect, connect_form, connect_parts, connect_versions, dataset_list, datasets, url_state
from components.connect_form import CONTROLS, Form
from data_access import stored_sets
from data_access.adapters.cave import estimating, job, pull
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.report import Unreported
from data_access.adapters.cave.versions import Version
from data_access.errors import InputError, NotFoundError
from data_access.jobs import Job
from data_access.secret import Secret
from settings import load_settings
from tests.cave_server.fixtures import cave_server

OWN, TOKEN = "https://cave.example", "hush-hush-token"
FULL = {
    "server": "https://other.example", "datastack": "a_stack", "version": "12", "cell_table": "cells",
    "type_column": "kind", "cells": "cell_type == 'BC'", "direction": "both", "id": "mine", "title": "A title",
    "compartments": "no", "skeletons": "yes",
}  # fmt: skip


def made(data: Path, **settings: str) -> Dash:
    given = {"DATA": str(data), "CACHE": str(data / "cache"), "CAVE_SERVER": OWN, "CAVE_TOKEN": TOKEN, **settings}
    return create_app(load_settings({f"SYNAPTOSCOPE_{k}": v for k, v in given.items() if v}, cwd=data))


@pytest.fixture(autouse=True)
def no_tokens_of_mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Dash]:
    app = made(tmp_path)
    with app.server.test_request_context():
        yield app


def shown(query: Mapping[str, Any], data: Path) -> str:
    return json.dumps(connect.section(query, data).to_plotly_json(), default=lambda c: c.to_plotly_json())


class TestForm:
    def test_every_field_is_in_the_address_and_comes_back(self, app: Dash) -> None:
        form = connect_form.read(url_state.parse("?" + urlencode(FULL)))
        assert form == Form(
            "https://other.example", "a_stack", 12, "cells", "kind", "cell_type == 'BC'", "both", "mine", "A title",
            compartments=False, skeletons=True,
        )  # fmt: skip
        assert {c.key for c in CONTROLS} == set(FULL)
        controls = {c.key: c.as_prop(FULL[c.key]) for c in CONTROLS}
        assert connect_form.read(controls) == form, "the controls say the same as the address"

    def test_an_empty_form_is_our_server_and_the_usual_choices(self, app: Dash) -> None:
        assert connect_form.read({}) == Form(OWN)
        assert connect_form.read({c.key: c.as_prop(None) for c in CONTROLS}) == Form(OWN)

    def test_the_id_is_suggested_from_datastack_and_version(self, app: Dash) -> None:
        form = connect_form.read({"datastack": "minnie65_public", "version": "1718", "cells": "5, 7"})
        assert form.request() == pull.PullRequest("minnie65_public-v1718", "minnie65_public", "5, 7", OWN, 1718)
        assert connect_form.read({"datastack": "a", "version": "3", "id": "mine"}).request().id == "mine"

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, "which datastack"),
            ({"datastack": "a"}, "which version"),
            ({"datastack": "a", "version": "newest"}, "which version"),
            ({"datastack": "a", "version": "3", "id": "../x"}, "cannot be a dataset id"),
            ({"datastack": "a", "version": "3", "direction": "up"}, "direction 'up'"),
        ],
    )
    def test_what_cannot_be_pulled_says_why(self, app: Dash, given: dict[str, str], says: str) -> None:
        with pytest.raises(InputError, match=says):
            connect_form.read(given).request()

    def test_a_long_list_that_the_address_only_names_is_pulled_as_a_whole(self, app: Dash, tmp_path: Path) -> None:
        text = ", ".join(str(864691135000000000 + i) for i in range(500))
        name = stored_sets.store(tmp_path, text)
        ask = {"datastack": "a", "version": "3"}
        assert connect_form.read({**ask, "cells": f"set:{name}"}).request().cells == text
        with pytest.raises(NotFoundError):
            connect_form.read({**ask, "cells": "set:0123"}).request()


class TestToken:
    @pytest.mark.parametrize("query", [{}, {"server": OWN}, {"server": "https://other.example", "datastack": "x"}])
    def test_it_never_stands_on_the_page(self, app: Dash, tmp_path: Path, query: dict[str, str]) -> None:
        text = shown(query, tmp_path)
        assert TOKEN not in text
        assert TOKEN not in repr(connect_form.read(query).access())

    def test_the_page_says_whether_there_is_one(self, app: Dash, tmp_path: Path) -> None:
        assert "A token from SYNAPTOSCOPE_CAVE_TOKEN" in shown({}, tmp_path)
        assert "No token for https://other.example" in shown({"server": "https://other.example"}, tmp_path)

    def test_without_one_it_says_where_to_get_one_and_that_the_rest_works(self, tmp_path: Path) -> None:
        with made(tmp_path, CAVE_TOKEN="").server.test_request_context():
            text = shown({}, tmp_path)
        assert "No token for https://cave.example" in text
        assert f'"href": "{OWN}/' in text
        assert "works without a token" in text

    def test_a_page_that_may_not_pull_has_no_form(self, tmp_path: Path) -> None:
        with made(tmp_path, CONNECT="off").server.test_request_context():
            text = shown({"datastack": "x"}, tmp_path)
            with pytest.raises(InputError, match="does not pull from its page"):
                connect_form.check_on()
        assert "SYNAPTOSCOPE_CONNECT" in text
        assert "connect-start" not in text


def version(number: int, days: float, left: float | None, expired: bool = False) -> Version:
    now = datetime.now(UTC)
    return Version(number, now - timedelta(days=days), None if left is None else now + timedelta(days=left), expired)


class TestVersions:
    @pytest.mark.parametrize(
        ("days", "words"),
        [(0.5, "new today"), (1.2, "1 day old"), (13, "13 days old"), (24, "3 weeks old"), (480, "15 months old"),
         (1000, "2.7 years old")],
    )  # fmt: skip
    def test_age(self, days: float, words: str) -> None:
        assert connect_versions.age(days) == words

    def test_how_long_it_is_kept(self) -> None:
        until = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%d")
        assert connect_versions.kept(version(1, 5, 3)) == f"until {until}, in 3 days"
        assert connect_versions.kept(version(1, 5, 0)).endswith(", today")
        assert connect_versions.kept(version(1, 5, 400)).count("-") == 2
        assert connect_versions.kept(version(1, 5, None)) == "no end known"
        assert connect_versions.kept(version(1, 5, -5, expired=True)) == "expired"

    def test_the_newest_is_chosen_unless_the_wanted_one_is_there(self) -> None:
        there = [version(9, 1, 20), version(7, 30, 2), version(5, 300, -5, expired=True)]
        assert connect_versions.choice(there, None) == "9"
        assert connect_versions.choice(there, 7) == "7"
        assert connect_versions.choice(there, 5) == "9", "an expired one cannot be asked"
        assert connect_versions.choice(there[2:], None) == ""

    def test_of_many_that_expired_the_last_are_shown_and_the_rest_counted(self, app: Dash) -> None:
        many = [version(100, 1, 20), *(version(99 - i, 10 + i, -1, expired=True) for i in range(40))]
        text = json.dumps(
            [c.to_plotly_json() for c in connect_versions.table(many)], default=lambda c: c.to_plotly_json()
        )
        assert text.count('"expired"') == 2 * connect_versions.EXPIRED_SHOWN
        assert f"and {40 - connect_versions.EXPIRED_SHOWN} older versions" in text


class TestParts:
    def test_addresses_become_links_that_open_beside_the_page(self, app: Dash) -> None:
        parts = connect_parts.linked(
            "accept them at https://a.example/tos?x=1&y=2, then go on (see http://b.example/c)."
        )
        links = [p for p in parts if not isinstance(p, str)]
        assert [link.href for link in links] == ["https://a.example/tos?x=1&y=2", "http://b.example/c"]
        assert {link.target for link in links} == {"_blank"}
        assert "".join(p if isinstance(p, str) else p.children[0] for p in parts).endswith("b.example/c).")

    def test_an_error_names_cause_and_remedy(self, app: Dash) -> None:
        error = CaveError("terms", "cave wants its terms accepted", "accept them at https://a.example/tos")
        text = json.dumps(connect_parts.problem(error).to_plotly_json(), default=lambda c: c.to_plotly_json())
        assert "Cave wants its terms accepted" in text
        assert '"href": "https://a.example/tos"' in text

    def test_an_estimate_is_shown_for_what_it_was_made_for(self, app: Dash) -> None:
        form = connect_form.read({"datastack": "a", "version": "3", "cells": "5"})
        asked = pull.as_json(form.request())
        done = connect_parts.Shown(Job("j", estimating.KIND, "t", "a-v3", asked, state="done", message="1 cell"), None)
        of = connect_parts.of_form
        assert of([done], form)[0] is done
        assert (
            of([done], connect_form.read({"datastack": "a", "version": "3", "cells": "5", "title": "New"}))[0] is done
        )
        for other in ({"cells": "7"}, {"direction": "in"}, {"id": "else"}):
            changed = connect_form.read({"datastack": "a", "version": "3", "cells": "5", **other})
            assert of([done], changed)[0] is None
        later = connect_parts.Shown(Job("k", job.KIND, "t", "a-v3", asked, state="running"), None)
        assert of([later, done], form) == (None, later), "what it counted is being fetched"


class TestPulledDatasets:
    def test_the_row_says_where_from_how_far_and_how_to_go_on(self, tmp_path: Path) -> None:
        with cave_server() as cave:
            wanted = pull.PullRequest("x", "minnie65_public", "cell_type == 'BC'", cave.address, 1718)
            meta = pull.pull(tmp_path, wanted, Secret(cave.token), Unreported())
            n = meta.origin["asked"][0]["n"]
        with made(tmp_path, CAVE_SERVER=cave.address).server.test_request_context():
            row = dataset_list.found(datasets.listed(tmp_path), "", tmp_path)
            text = json.dumps(row.to_plotly_json(), default=lambda c: c.to_plotly_json())
            adding = shown({"add": "x", "id": "x"}, tmp_path)
        assert "minnie65_public version 1718 at 127.0.0.1" in text
        assert f"{meta.fetched}, {n} cells, all whole" in text
        assert "kept there until" in text
        assert "/?add=x&datastack=minnie65_public&version=1718&id=x" in text
        assert "its source is fixed" in adding
        with made(tmp_path, CONNECT="off").server.test_request_context():
            row = dataset_list.found(datasets.listed(tmp_path), "", tmp_path)
            assert "add cells" not in json.dumps(row.to_plotly_json(), default=lambda c: c.to_plotly_json())
