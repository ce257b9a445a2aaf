"""The application: `create_app(settings)` builds it, `server` is what gunicorn serves (`gunicorn app:server`)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from dash import Dash
from flask import Flask

from analysis.warm import warm
from data_access.errors import SynaptoscopeError
from settings import Settings, load_settings

ROOT = Path(__file__).parent

BROWSERS_ACCEPT = ("gzip, deflate, br, zstd", "gzip, deflate, br")
_INDEX = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <title>{%title%}</title>
        <link rel="icon" type="image/svg+xml" href="FAVICON">
        <script src="THEME"></script>
        <script src="FIRST_PICTURE"></script>
        {%css%}
    </head>
    <body>
        {%app_entry%}
        <noscript>Synaptoscope draws its pages in the browser and needs JavaScript. The same data are served as
        tables under api/v1.</noscript>
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
    </body>
</html>"""


def create_app(settings: Settings) -> Dash:
    """The app with its pages, routes and headers, ready for its first request.

    Reads no dataset: an empty data folder is a valid start. Raises SynaptoscopeError for a setting that cannot be
    served.
    """
    from components import shell

    app = Dash(
        "synaptoscope",
        title=shell.PRODUCT,
        update_title="",
        use_pages=True,
        pages_folder=str(ROOT / "pages"),
        assets_folder=str(ROOT / "assets"),
        assets_ignore=r"(theme|first_picture)\.js",  # they stand in the head, see _INDEX
        requests_pathname_prefix=settings.url_prefix,
        routes_pathname_prefix=settings.url_prefix,
        include_pages_meta=False,
        on_error=shell.on_error,
        suppress_callback_exceptions=True,  # the parts of a page exist only while it is shown
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.server.config["SETTINGS"] = settings
    app.index_string = _INDEX
    for word, name in (("FAVICON", "favicon.svg"), ("THEME", "theme.js"), ("FIRST_PICTURE", "first_picture.js")):
        app.index_string = app.index_string.replace(word, _asset(app, name))
    app.layout = shell.layout
    shell.register(app)
    _add_routes(app, settings)
    _warm_up(app, settings)
    return app


def _asset(app: Dash, name: str) -> str:
    """Address of an asset with its time stamp, as Dash gives the others: an update is fetched at once."""
    return f"{app.get_asset_url(name)}?m={(ROOT / 'assets' / name).stat().st_mtime}"


def _add_routes(app: Dash, settings: Settings) -> None:
    import api
    import serving

    serving.install(app.server, settings, csp_hashes=app.csp_hashes)
    api.register(app.server, settings)


def _warm_up(app: Dash, settings: Settings) -> None:
    """Let Dash finish its set-up now, in one thread.

    Dash marks it as done before doing it, so on a cold threaded worker requests that arrive together would meet a
    half-built app. It also registers the page router, whose inline script the security header must know.
    """
    app.server.test_client().get(f"{settings.url_prefix}_dash-dependencies")
    _compress_scripts(app, settings)
    warm()  # compiled kernels are read from disk now, not in somebody's first request


def _compress_scripts(app: Dash, settings: Settings) -> None:
    """Compress the page's scripts now, before the workers fork, as browsers will ask for them."""
    client = app.server.test_client()
    page = client.get(settings.url_prefix, buffered=True).get_data(as_text=True)
    suites = f"{settings.url_prefix}_dash-component-suites/"
    scripts = re.findall(rf'src="({re.escape(suites)}[^"]+)"', page)
    for script in (*scripts, f"{suites}plotly/package_data/plotly.min.js"):
        for codings in BROWSERS_ACCEPT:
            client.get(script, headers={"Accept-Encoding": codings})


def _serve() -> Flask:
    try:
        return create_app(load_settings()).server
    except AttributeError as error:  # gunicorn would take it for a missing `server` and hide what is wrong
        raise RuntimeError("the app could not be built") from error
    except SynaptoscopeError as error:
        print(f"synaptoscope: {error}", file=sys.stderr)
        # gunicorn stops for good on 4 ("app failed to load"); on any other status it would start workers for ever
        raise SystemExit(4) from None


def __getattr__(name: str) -> Any:
    if name != "server":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["server"] = server = _serve()
    return server
