"""Which token this server's page may send to a CAVE server: one that belongs to it, never that of another.

Who can open the page can type any address, or follow a link that names one; a token must not go there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from data_access.adapters.cave import tokens
from data_access.adapters.cave.problems import CaveError
from data_access.secret import Secret


@dataclass(frozen=True)
class Access:
    """The token for a server, None where there is none.

    words: where it is from, or why there is none. how: how to get one, where there is none; of a server that is not
    ours no address is given, since anybody may have named it.
    """

    server: str
    token: Secret | None
    words: str
    how: str = ""

    def need(self) -> Secret:
        """The token; CaveError "token" without one."""
        if self.token is None:
            raise CaveError("token", self.words, "under the name of the server stands how to get one")
        return self.token


def address(server: str) -> str:
    """The address of a server as it is compared and kept: with its scheme, without a slash at the end."""
    text = server.strip().rstrip("/")
    return text if "://" in text or not text else f"https://{text}"


def access(server: str, setting: Secret | None, own: str) -> Access:
    """The token for `server`, where `setting` and caveclient's general file are for the server `own` alone.

    For any other server it is the one that caveclient keeps in a file of that server's name.
    """
    wanted = address(server)
    if wanted == address(own):
        if setting is not None and setting.reveal().strip():
            return Access(wanted, setting, f"a token from {tokens.SETTING}")
        found = tokens.find(None, wanted)
        if found is not None:
            return Access(wanted, found, "a token from caveclient's secret file")
        return Access(wanted, None, f"no token for {wanted}", tokens.how_to(wanted))
    host = urlsplit(wanted).netloc
    file = f"{tokens.SECRETS}/{host}-cave-secret.json"
    found = _read(Path(file).expanduser())
    if found is not None:
        return Access(wanted, found, f"a token from caveclient's secret file for {host}")
    how = (
        f"The token of this server is for {address(own)} alone. If you trust {host}, keep a token for it in {file} as "
        f'{{"{tokens.KEY}": "..."}}. Everything that is on this machine works without a token.'
    )
    return Access(wanted, None, f"no token for {wanted}", how)


def _read(path: Path) -> Secret | None:
    """The token in a file; tokens.find would go on to the general one where this is damaged."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    token = held.get(tokens.KEY) if isinstance(held, dict) else None
    return Secret(token.strip()) if isinstance(token, str) and token.strip() else None
