"""Every setting: its name, type, default and meaning, read from the environment and synaptoscope.toml.

`python -m settings` prints the table of docs/settings.md.
"""

# ruff: noqa: RUF009  (_setting makes a dataclasses.field: no default is shared)
from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from data_access.errors import InputError, nearest
from data_access.secret import Secret

PREFIX = "SYNAPTOSCOPE_"
TEST_PREFIX = "SYNAPTOSCOPE_TEST_"
CONFIG_FILE = "synaptoscope.toml"
HINT = "docs/settings.md lists every setting"
LOG_LEVELS = ("debug", "info", "warning", "error")


Parse = Callable[[str, Path], Any]


# A parser takes a text and the folder where relative paths start. It raises ValueError("what was expected").
def _path(text: str, base: Path) -> Path:
    return Path(os.path.abspath(base / Path(text).expanduser()))  # noqa: PTH100 (resolve() would follow links)


def _folder(text: str, base: Path) -> Path:
    path = _path(text, base)
    if path.exists() and not path.is_dir():
        raise ValueError("a directory, and this is a file")
    return path


def _cache(text: str, base: Path) -> Path | Secret:
    if "://" not in text:
        return _folder(text, base)
    expected = "a directory, or an address such as redis://host:6379/0"
    try:
        address = urlsplit(text)
        known = address.scheme in ("redis", "rediss") and bool(address.hostname) and address.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError(expected)
    return Secret(text)


def _url_prefix(text: str, base: Path) -> str:
    parts = [part for part in text.split("/") if part]
    if any(part in (".", "..") or not re.fullmatch(r"[A-Za-z0-9._~-]+", part) for part in parts):
        raise ValueError("a path such as / or /connect/ (letters, digits and . _ ~ - between slashes)")
    return "/" + "".join(part + "/" for part in parts)


def _web_address(text: str, base: Path) -> str:
    address = urlsplit(text)
    if address.scheme not in ("http", "https") or not address.hostname or address.username:
        raise ValueError("an address such as https://host (no user name in it)")
    return text.rstrip("/")


def _secret(text: str, base: Path) -> Secret:
    return Secret(text.strip())


def _secret_key(text: str, base: Path) -> Secret:
    if len(text) < 16:
        raise ValueError("at least 16 characters")
    return Secret(text)


def _auth(text: str, base: Path) -> str:
    if text == "proxy":
        raise InputError(
            f"{PREFIX}AUTH is 'proxy', and this version serves only 'none'",
            "leave it unset and let the reverse proxy decide who may reach the server",
        )
    return _choice("none")(text, base)


def _choice(*names: str) -> Parse:
    def parse(text: str, base: Path) -> str:
        if text.lower() not in names:
            raise ValueError(" or ".join(repr(name) for name in names))
        return text.lower()

    return parse


def _whole(low: int, high: int) -> Parse:
    def parse(text: str, base: Path) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _setting(parse: Parse, kind: str, meaning: str, default: str = "", shown: str = "", secret: str = "") -> Any:
    """A field of Settings. `default` is parsed like a given value; "" is None. `shown` is for the table."""
    return field(
        default_factory=lambda: parse(default, Path.cwd()) if default else None,
        metadata={
            "parse": parse,
            "kind": kind,
            "meaning": meaning,
            "default": default,
            "shown": shown or (f"`{default}`" if default else "none"),
            "secret": secret,
        },
    )


@dataclass(frozen=True)
class Settings:
    """Everything that can be set; read it with `load_settings`, or name single fields in a test."""

    data: Path = _setting(_folder, "directory", "Folder that holds the datasets.", default="data")
    cache: Path | Secret | None = _setting(
        _cache,
        "directory or redis:// address",
        "Where finished results are kept. With `redis://host:6379/0` several hosts share them.",
        shown="`.cache` in the data folder",
        secret="its password",
    )
    cache_mb: int = _setting(
        _whole(0, 10_000_000),
        "number",
        "Most that the results directory may hold, in MB; the least recently used go first. 0 keeps nothing. "
        "In Redis set `maxmemory` and an eviction policy instead.",
        default="2000",
    )
    url_prefix: str = _setting(
        _url_prefix,
        "path",
        "Path under which everything is served, behind a proxy that passes the path on unchanged.",
        default="/",
    )
    secret_key: Secret | None = _setting(
        _secret_key,
        "text",
        "Signs what the browser hands back. The stored one is shared by all workers of a host; several hosts "
        "need the same one, given here.",
        shown="made once, kept in the cache directory (mode 0600)",
        secret="yes",
    )
    cave_server: str = _setting(
        _web_address, "address", "CAVE global server; used by pull.", default="https://global.daf-apis.com"
    )
    cave_token: Secret | None = _setting(_secret, "text", "Token for CAVE; used by pull.", secret="yes")
    connect: str = _setting(
        _choice("on", "off"),
        "`on` or `off`",
        "Whether the page Datasets may pull from services. Pulls use the token of this server: switch it off where "
        "those who reach the server should not.",
        default="on",
    )
    neuprint_server: str = _setting(
        _web_address, "address", "neuPrint server; used by pull.", default="https://neuprint.janelia.org"
    )
    neuprint_token: Secret | None = _setting(_secret, "text", "Token for neuPrint; used by pull.", secret="yes")
    auth: str = _setting(
        _auth,
        "`none`",
        "Who may use the server. `none`: whoever reaches it. `proxy` is refused by this version.",
        default="none",
    )
    catalog_base: str | None = _setting(
        _web_address,
        "address",
        "Fetch the catalogue's files below this address instead of their own (a mirror, a test server).",
    )
    config: Path | None = _setting(
        _path,
        "file",
        "The TOML file to read; it must exist.",
        shown=f"`{CONFIG_FILE}` in the working directory, if there",
    )
    log_level: str = _setting(
        _choice(*LOG_LEVELS),
        "`debug`, `info`, `warning` or `error`",
        "Least severe lines to log.",
        default="info",
    )
    trust_proxy: int = _setting(
        _whole(0, 10),
        "number",
        "Reverse proxies in front of the server; that many entries of X-Forwarded-For and X-Forwarded-Proto "
        "are believed.",
        default="0",
    )
    workers: int = _setting(_whole(1, 128), "number", "Server processes.", default="2")
    threads: int = _setting(_whole(1, 128), "number", "Threads in each server process.", default="8")

    @property
    def cache_dir(self) -> Path:
        """The cache directory; with Redis, where what stays on this host is kept."""
        return self.cache if isinstance(self.cache, Path) else self.data / ".cache"

    @property
    def redis_url(self) -> str | None:
        """The Redis address, password included, where results are kept in Redis."""
        return self.cache.reveal() if isinstance(self.cache, Secret) else None


def load_settings(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """Settings from SYNAPTOSCOPE_* variables and the TOML file, of which the environment wins.

    An empty value counts as unset. Relative paths start at `cwd`, in the file at its folder. Writes nothing.
    Raises InputError for an unknown name, a bad value, or a file that cannot be read.
    """
    environ = os.environ if environ is None else environ
    cwd = Path.cwd() if cwd is None else cwd
    known = {f.name: f for f in fields(Settings)}
    given: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable.startswith(TEST_PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in known or variable != variable.upper():
            raise InputError(f"{variable} is no setting", _did_you_mean(name, known, PREFIX))
        if text:
            given[name] = _parsed(known[name], variable, text, cwd)
    values = _from_file(given.get("config"), cwd, known) | given
    for name, f in known.items():
        if f.metadata["default"] and name not in values:
            values[name] = _parsed(f, PREFIX + name.upper(), f.metadata["default"], cwd)
    return Settings(**values)


def _from_file(config: Path | None, cwd: Path, known: Mapping[str, Field[Any]]) -> dict[str, Any]:
    path = config or cwd / CONFIG_FILE
    if config is None and not path.exists():
        return {}
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"settings file {path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # tomllib.TOMLDecodeError and text that is no UTF-8
        raise InputError(f"settings file {path} is no TOML: {error}") from error
    found = {}
    for name, value in raw.items():
        if name not in known or name == "config":
            raise InputError(f"{name!r} in {path} is no setting", _did_you_mean(name, known))
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise InputError(f"{name} in {path} must be a text or a whole number")
        if value != "":
            found[name] = _parsed(known[name], f"{name} in {path}", str(value), path.parent)
    return found


def _did_you_mean(name: str, known: Mapping[str, Field[Any]], prefix: str = "") -> str:
    names = [prefix + (n.upper() if prefix else n) for n in nearest(name, known)]
    return f"did you mean {' or '.join(names)}?" if names else HINT


def _parsed(setting: Field[Any], label: str, text: str, base: Path) -> Any:
    try:
        return setting.metadata["parse"](text, base)
    except ValueError as error:
        hidden = setting.metadata["secret"] == "yes" or "@" in text
        shown = "not usable" if hidden else repr(text)
        raise InputError(f"{label} is {shown}; expected {error}", HINT) from error


def bind_address(environ: Mapping[str, str] | None = None) -> str:
    """host:port from HOST and PORT, 127.0.0.1:8050 by default. Raises InputError for a port that is none."""
    environ = os.environ if environ is None else environ
    host = environ.get("HOST") or "127.0.0.1"
    port = environ.get("PORT") or "8050"
    if not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) < 65536:
        raise InputError(f"PORT is {port!r}; expected a whole number from 1 to 65535")
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def table() -> str:
    """The settings as a Markdown table, for docs/settings.md."""
    lines = ["| setting | type | default | secret | meaning |", "|---|---|---|---|---|"]
    for f in fields(Settings):
        m = f.metadata
        lines.append(f"| `{PREFIX}{f.name.upper()}` | {m['kind']} | {m['shown']} | {m['secret']} | {m['meaning']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
