"""Secrets taken out of texts, and a log file that no secret reaches."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

from data_access.secret import Secret

LOG_MOST = 2_000_000  # characters; what comes after that is not kept
SHORTEST = 4  # a shorter secret would blacken ordinary words


class Scrub:
    """`scrub(text)`: every secret in it, plain or as it stands in an address, replaced by ***."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        plain = {s.reveal() for s in secrets}
        written = {form for text in plain for form in (text, quote(text, safe=""), quote_plus(text), repr(text)[1:-1])}
        self._texts = sorted((t for t in written if len(t) >= SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._texts:
            text = text.replace(secret, "***")
        return text

    def finds(self, text: str) -> bool:
        """Whether a secret stands in the text."""
        return any(secret in text for secret in self._texts)


class Log(io.TextIOBase):
    """A text stream that appends to a file, line by line and scrubbed; stands in for stdout and stderr of a job."""

    def __init__(self, path: Path, scrub: Scrub) -> None:
        self._path = path
        self._scrub = scrub
        self._line = ""
        self._left = LOG_MOST

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Keep the text; whole lines go to the file."""
        lines, end, self._line = (self._line + text).rpartition("\n")
        self._append(lines + end)
        return len(text)

    def flush(self) -> None:
        """Nothing: a line is written once it is whole, or half of a secret could get through."""

    def close(self) -> None:
        """Write what stands in an unfinished line."""
        if self._line:
            self._append(self._line + "\n")
            self._line = ""
        super().close()

    def _append(self, text: str) -> None:
        if not text or self._left <= 0:
            return
        self._left -= len(text)
        if self._left <= 0:
            text = text[:2000] + "\n... the rest is not kept\n"
        with self._path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(self._scrub(text))
