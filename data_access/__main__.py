"""Command line of the data folder, with the settings of the server: environment and synaptoscope.toml."""

from __future__ import annotations

import os
import sys

from data_access.cli import main
from data_access.errors import SynaptoscopeError
from settings import load_settings


def _main() -> int:
    try:
        settings = load_settings()
    except SynaptoscopeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    os.environ["SYNAPTOSCOPE_DATA"] = str(settings.data)
    os.environ["SYNAPTOSCOPE_CAVE_SERVER"] = settings.cave_server
    if settings.cave_token:
        os.environ["SYNAPTOSCOPE_CAVE_TOKEN"] = settings.cave_token.reveal()
    if settings.catalog_base:
        os.environ["SYNAPTOSCOPE_CATALOG_BASE"] = settings.catalog_base
    return main()


sys.exit(_main())
