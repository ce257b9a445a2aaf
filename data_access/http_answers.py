"""What a file server says: ask for a file or the rest of one, and read the answer.

The errors split by what helps: TryAgainError may pass, WrongFile means that the address gives something
else, NotFoundError that it gives nothing, any other InputError that it never will.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from urllib.parse import urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, ConnectionError, SSLError, Timeout

from data_access.errors import InputError, NotFoundError

USER_AGENT = "Synaptoscope (python-requests)"
PASSING = (408, 425, 429)


class WrongFile(InputError):  # noqa: N818 - reads as what it is
    """What the address gives is not the file that was asked for: a web page, another size or checksum."""


class TryAgainError(Exception):
    """This attempt failed as a later one may not; `wait`: seconds that the server asked for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Origin:
    """Where a file comes from: the address, and what the server said of its version and length in bytes."""

    url: str
    etag: str = ""
    modified: str = ""
    size: int | None = None

    def same_version(self, other: Origin) -> bool:
        """Whether both speak of the same bytes, as far as the server lets us know."""
        known = [(a, b) for a, b in zip(astuple(self), astuple(other), strict=True) if a and b]
        return len(known) > 1 and all(a == b for a, b in known)

    def continuation(self, held: int) -> dict[str, str]:
        """Headers that ask for what follows the first `held` bytes, or for all if the file has changed."""
        strong = self.etag and not self.etag.startswith("W/")
        unchanged = self.etag if strong else self.modified
        return {"Range": f"bytes={held}-"} | ({"If-Range": unchanged} if unchanged else {})

    def unless_changed(self) -> dict[str, str]:
        """Headers that ask for the file only if it has changed; none where the server named no version."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.modified} if self.modified else {}


def ask(url: str, headers: Mapping[str, str], timeout: float) -> requests.Response:
    """The answer to a request for `url`, its body still to come; status 200, 206, 304 or 416.

    Raises TryAgainError for what may pass (no answer, 5xx, 429), NotFoundError for 404 and 410, InputError
    otherwise.
    """
    asked = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT, **headers}
    host = urlsplit(url).netloc
    try:
        response = requests.get(url, headers=asked, stream=True, timeout=timeout)
    except SSLError as error:
        raise InputError(f"no trusted connection to {host}: {short(error)}") from error
    except (ConnectionError, Timeout, ChunkedEncodingError) as error:
        raise TryAgainError(f"no answer from {host}: {short(error)}") from error
    except requests.RequestException as error:
        raise InputError(f"cannot download {url}: {short(error)}") from error
    code = response.status_code
    if code in (200, 206, 304, 416):
        return response
    response.close()
    if code in PASSING or code >= 500:
        wait = response.headers.get("Retry-After", "")
        raise TryAgainError(f"{url} answers {code} {response.reason}", float(wait) if wait.isdigit() else 0.0)
    if code in (404, 410):
        raise NotFoundError(f"there is no file at {url} ({code})")
    raise InputError(f"{url} does not give the file: {code} {response.reason}")


def origin_of(url: str, response: requests.Response) -> Origin:
    """What an answer says of the whole file; the length is unknown where the body comes encoded."""
    headers = response.headers
    size = content_range(response)[1]
    length = headers.get("Content-Length", "")
    if response.status_code == 200 and not headers.get("Content-Encoding"):
        size = int(length) if length.isdigit() else None
    return Origin(url, headers.get("ETag", ""), headers.get("Last-Modified", ""), size)


def content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """(first byte, bytes of the whole file) of `bytes 5-9/10` or `bytes */10`; None where it does not say."""
    text = response.headers.get("Content-Range", "").strip()
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", text)
    if match is None:
        return None, None
    return int(match[1]) if match[1] else None, int(match[2]) if match[2] != "*" else None


def refuse_page(url: str, response: requests.Response, block: bytes, name: str) -> None:
    """WrongFile when the first bytes of an answer are a web page or a Git LFS pointer instead of data."""
    head = block[:512].lstrip().lower()
    kind = response.headers.get("Content-Type", "").lower()
    if kind.startswith("text/html") or head.startswith((b"<!doctype html", b"<html")):
        raise WrongFile(
            f"{url} gives a web page, not the file {name}",
            "a login page, a proxy or a wrong address; open it in a browser to see",
        )
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        raise WrongFile(f"{url} gives a Git LFS pointer, not the file {name} itself")


def short(error: Exception) -> str:
    """The cause inside an error of the network layer, in one short line."""
    inner = error.args[0] if error.args else error
    text = " ".join(str(getattr(inner, "reason", None) or inner).split())
    return text.rpartition("): ")[2][:160]
