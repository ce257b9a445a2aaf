"""The official client on the stand-in, as a test wants it: unchanged, and away from the user's files."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from types import ModuleType
from typing import Any

from tests.cave_server.fixtures import DEMO, AnyCave


@cache
def official() -> ModuleType:
    """A copy of the package caveclient as it was published, whatever was changed in the one that is imported."""

    def loaded() -> dict[str, ModuleType]:
        return {n: m for n, m in sys.modules.items() if n == "caveclient" or n.startswith("caveclient.")}

    others = loaded()
    for name in others:
        del sys.modules[name]
    try:
        copy = importlib.import_module("caveclient")
        # A token that lies in the home folder is not for a test.
        copy.auth.deprecated_token_files = []
        return copy
    finally:
        for name in loaded():
            del sys.modules[name]
        sys.modules.update(others)


def client(cave: AnyCave, datastack: str | None = DEMO, token: str | None = None, **options: Any) -> Any:
    """A client for a datastack of the stand-in; token: another one than the good one ("" for none at all)."""
    return official().CAVEclient(
        datastack,
        server_address=cave.address,
        auth_token=cave.token if token is None else token or None,
        auth_token_file=f"{os.devnull}/none",
        write_server_cache=False,
        **options,
    )
