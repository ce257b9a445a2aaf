"""Where a CAVE token comes from, and how to get one."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from caveclient.endpoints import auth_endpoints_v1  # type: ignore[import-untyped]

from data_access.secret import Secret

SECRETS = "~/.cloudvolume/secrets"
FILES = ("cave-secret.json", "chunkedgraph-secret.json")
KEY = "token"
SETTING = "SYNAPTOSCOPE_CAVE_TOKEN"


def find(given: Secret | None, server: str) -> Secret | None:
    """The token for a server: the one given (the setting), else the one that caveclient keeps in the home folder.

    There a file of the server comes before the general one. None where there is no token; a file that cannot be read
    counts as none.
    """
    if given is not None and given.reveal().strip():
        return Secret(given.reveal().strip())
    folder = Path(SECRETS).expanduser()
    for name in (f"{_host(server)}-cave-secret.json", *FILES):
        if (token := _read(folder / name)) is not None:
            return token
    return None


def new_token_page(server: str) -> str:
    """Address at which a user makes a token; a token made there before ends to work."""
    return _page("create_token", server)


def token_page(server: str) -> str:
    """Address at which a user finds the tokens made before."""
    return _page("user_tokens_page", server)


def how_to(server: str) -> str:
    """How to get a token and where to put it, in words for a reader."""
    return (
        f"Log in at {token_page(server)} and copy your token, or make one at {new_token_page(server)} (which ends the "
        f"one before). Then set {SETTING}, or keep it where caveclient does, in {SECRETS}/{FILES[0]} as "
        f'{{"{KEY}": "..."}}. Everything that is on this machine works without a token.'
    )


def _page(name: str, server: str) -> str:
    address = server if "://" in server else f"https://{server}"
    return str(auth_endpoints_v1[name]).format(auth_server_address=address.rstrip("/"))


def _host(server: str) -> str:
    return urlsplit(server if "://" in server else f"https://{server}").netloc.split("@")[-1]


def _read(path: Path) -> Secret | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    token = held.get(KEY) if isinstance(held, dict) else None
    return Secret(token.strip()) if isinstance(token, str) and token.strip() else None
