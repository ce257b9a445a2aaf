"""Errors that name the value, what was expected and the nearest right one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SynaptoscopeError(Exception):
    """Anything a user can cause or mend; `message` is one line, `hint` (may be empty) says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = _one_line(message)
        self.hint = _one_line(hint)

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def _one_line(text: str) -> str:
    """Without line ends and control characters, which a damaged file may bring into a message."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


class InputError(SynaptoscopeError):
    """A file, option value, cell set or parameter is wrong."""


class UsageError(SynaptoscopeError):
    """Options that do not go together, or one that is missing."""


class NotFoundError(SynaptoscopeError):
    """No dataset, cell or stored set of that name."""


class DamagedError(SynaptoscopeError):
    """A file of a dataset is missing or cannot be read; the names of folders stay on the server."""


class TooLargeError(SynaptoscopeError):
    """The answer would be larger than the format or the server carries."""


def nearest(word: str, choices: Iterable[str], n: int = 3) -> list[str]:
    """The up to `n` choices that look most like `word`, best first, ignoring case."""
    by_lower: dict[str, str] = {}
    for choice in choices:
        by_lower.setdefault(str(choice).lower(), str(choice))
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=n, cutoff=0.5)
    return [by_lower[name] for name in found]


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A hint that lists the nearest choices, or all of them when there are few, or nothing."""
    names = [str(c) for c in choices]
    found = nearest(word, names)
    if found:
        return "did you mean " + " or ".join(repr(f) for f in found) + "?"
    if 0 < len(names) <= 12:
        return "expected one of " + ", ".join(repr(c) for c in names)
    return ""
