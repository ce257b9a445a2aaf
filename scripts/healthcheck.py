"""Asks the server on this machine whether it is up: exit status 0 when /healthz answers 200, else 1.

HOST, PORT and the settings (for the URL prefix) are read as the server reads them.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

from settings import bind_address, load_settings

SECONDS = 5
# A server that listens on every address is asked on the loopback.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def main() -> int:
    """0 when the server answers, 1 with one line on stderr when it does not."""
    address = urlsplit(f"//{bind_address()}")
    host = LOOPBACK.get(address.hostname or "", address.hostname or "")
    path = load_settings().url_prefix + "healthz"
    connection = http.client.HTTPConnection(host, address.port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer from {host}:{address.port}: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    if status != 200:
        print(f"{path} on {host}:{address.port} answered {status}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
