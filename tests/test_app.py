"""The application as a whole: how it starts, what its first answer holds, and how it fails."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from settings import load_settings

ROOT = Path(__file__).parents[1]


def client(data: Path, prefix: str = "/") -> FlaskClient:
    settings = load_settings(
        {"SYNAPTOSCOPE_DATA": str(data), "SYNAPTOSCOPE_CACHE": str(data / "cache"), "SYNAPTOSCOPE_URL_PREFIX": prefix},
        cwd=data,
    )
    return create_app(settings).server.test_client()


def run(code: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SYNAPTOSCOPE_")}
    environ |= {f"SYNAPTOSCOPE_{k.upper()}": v for k, v in settings.items()} | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environ, capture_output=True, text=True, timeout=120
    )


def scripts(html: str) -> list[str]:
    """Inline scripts that a browser runs (the configuration is data)."""
    found = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
    return [text for attributes, text in found if "src=" not in attributes and "application/json" not in attributes]


class TestFirstAnswer:
    def test_an_empty_data_folder_is_a_valid_start(self, tmp_path: Path) -> None:
        app = client(tmp_path / "not there yet")
        assert app.get("/").status_code == 200
        assert app.get("/_dash-layout").status_code == 200
        assert app.get("/readyz").status_code == 200

    def test_says_its_language_and_its_name(self, tmp_path: Path) -> None:
        html = client(tmp_path).get("/").get_data(as_text=True)
        assert '<html lang="en">' in html
        assert "<title>Synaptoscope</title>" in html
        assert '<meta name="viewport"' in html

    def test_everything_it_names_is_here(self, tmp_path: Path) -> None:
        app = client(tmp_path)
        html = app.get("/").get_data(as_text=True)
        addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
        assert len(addresses) > 8
        for address in addresses:
            assert address.startswith("/"), f"{address} is elsewhere"
            assert app.get(address).status_code == 200, address

    def test_the_header_allows_its_own_inline_scripts_and_nothing_else(self, tmp_path: Path) -> None:
        answer = client(tmp_path).get("/")
        policy = answer.headers["Content-Security-Policy"]
        allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
        inline = scripts(answer.get_data(as_text=True))
        assert inline
        for text in inline:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"sha256-{digest}" in allowed, text[:120]
        assert "default-src 'self'" in policy
        assert "unsafe-eval" not in policy

    def test_the_scheme_is_set_before_anything_is_drawn(self, tmp_path: Path) -> None:
        html = client(tmp_path).get("/").get_data(as_text=True)
        head = html.partition("</head>")[0]
        assert head.index("theme.js") < head.index("tokens.css")
        assert html.count("theme.js") == 1

    def test_under_a_prefix_nothing_points_outside_it(self, tmp_path: Path) -> None:
        app = client(tmp_path, "/connect/")
        html = app.get("/connect/").get_data(as_text=True)
        addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
        assert addresses
        assert all(address.startswith("/connect/") for address in addresses)
        assert all(app.get(address).status_code == 200 for address in addresses)


class TestStart:
    def test_importing_it_reads_no_setting_and_makes_no_file(self, tmp_path: Path) -> None:
        done = run("import app; print(sorted(n for n in vars(app) if n == 'server'))", tmp_path, nonsense="1")
        assert (done.returncode, done.stdout) == (0, "[]\n")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("settings", "named"),
        [({"dta": "x"}, "SYNAPTOSCOPE_DTA"), ({"url_prefix": "/a b/"}, "SYNAPTOSCOPE_URL_PREFIX")],
    )
    def test_a_bad_setting_ends_with_one_clear_line(self, tmp_path: Path, settings: dict[str, str], named: str) -> None:
        done = run("import app; app.server", tmp_path, **settings)
        assert done.returncode == 4, "the status on which gunicorn stops instead of starting workers for ever"
        assert done.stderr.count("\n") == 1
        assert named in done.stderr

    def test_server_is_made_once(self, tmp_path: Path) -> None:
        done = run(
            "import app; print(app.server is app.server, type(app.server).__name__)", tmp_path, data=str(tmp_path)
        )
        assert done.stdout.split()[-2:] == ["True", "Flask"], done.stderr

    def test_no_other_name_appears(self) -> None:
        import app

        with pytest.raises(AttributeError, match="servre"):
            app.servre  # noqa: B018

    def test_dash_is_set_up_before_the_first_request(self, tmp_path: Path) -> None:
        # Dash sets itself up during a first request, and marks that as done before doing it
        settings = load_settings({"SYNAPTOSCOPE_DATA": str(tmp_path)}, cwd=tmp_path)
        app = create_app(settings)
        assert any("_pages_content" in output for output in app.callback_map)
        assert "dash_mantine_components" in app.registered_paths

    def test_many_first_requests_at_once_are_all_answered(self, tmp_path: Path) -> None:
        app = client(tmp_path)
        html = app.get("/").get_data(as_text=True)
        addresses = ["/", "/_dash-layout", "/_dash-dependencies", *re.findall(r'src="([^"]+)"', html)]
        cold = client(tmp_path).application
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda address: cold.test_client().get(address).status_code, addresses * 3))
        assert set(answers) == {200}


class TestErrors:
    def test_a_page_that_fails_says_so_in_its_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import dash

        from data_access.errors import InputError

        def broken(**_: object) -> None:
            raise InputError("the layers are upside down", "turn the file")

        app = client(tmp_path)
        home = next(p for p in dash.page_registry.values() if p["path"] == "/")
        monkeypatch.setitem(home, "layout", broken)
        answer = app.post("/_dash-update-component", json=routing("/"))
        assert answer.status_code == 200
        text = answer.get_data(as_text=True)
        assert "the layers are upside down" in text
        assert "Turn the file" in text
        assert answer.headers["X-Request-ID"] in text

    def test_an_unforeseen_error_shows_no_inside(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import dash

        def broken(**_: object) -> None:
            raise RuntimeError("secret path /home/me")

        app = client(tmp_path)
        home = next(p for p in dash.page_registry.values() if p["path"] == "/")
        monkeypatch.setitem(home, "layout", broken)
        text = app.post("/_dash-update-component", json=routing("/")).get_data(as_text=True)
        assert "Something went wrong" in text
        assert "secret path" not in text


def routing(path: str) -> dict[str, object]:
    """The request that Dash's browser half sends to have a page laid out."""
    return {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": ""},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
