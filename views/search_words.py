"""Finding words by what a person types: exact ones first, then beginnings, then parts, then letters in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

EXACT, START, WORD_START, PART, ALL_WORDS, LETTERS, NONE = range(7)
LONGEST = 200  # characters; a longer text is no word that anyone looks for
LOOSE = 20_000  # letters in order are looked for among at most so many texts
LETTERED = range(3, 9)  # and if there are so many of them
GAP = 3  # letters that may stand between them
SPLIT = 5_000  # beginnings of words are told from other parts among at most so many matches


@dataclass(frozen=True, eq=False)
class Ranked:
    """Owners that match, the best first, each once; how well (EXACT < START < ... < LETTERS), and by which text."""

    owners: np.ndarray
    tiers: np.ndarray
    entries: np.ndarray

    def first(self, n: int) -> list[tuple[int, int, int]]:
        """(owner, tier, entry) of the best `n`."""
        columns = (self.owners[:n].tolist(), self.tiers[:n].tolist(), self.entries[:n].tolist())
        return list(zip(*columns, strict=True))

    def __len__(self) -> int:
        return len(self.owners)


class Words:
    """Texts that can be searched. Of several texts of one owner the best counts; equals keep the owners' order."""

    def __init__(self, texts: Sequence[str] | pa.Array, owners: Sequence[int] | np.ndarray | None = None) -> None:
        self.texts = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
        self._texts: pa.Array = pc.utf8_lower(self.texts)
        self._owners = np.arange(len(texts)) if owners is None else np.asarray(owners, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._texts)

    def ranked(self, text: str) -> Ranked:
        """Who matches `text`, ignoring case; nobody matches an empty or a very long one."""
        wanted = " ".join(text.lower().split())
        if not wanted or len(wanted) > LONGEST or not len(self):
            return Ranked(*(np.array([], dtype=np.int64) for _ in range(3)))
        tiers = self._tiers(wanted)
        found = np.flatnonzero(tiers < NONE)
        found = found[np.lexsort((tiers[found], self._owners[found]))]
        found = found[np.append(True, np.diff(self._owners[found]) != 0)[: len(found)]]  # the best text of each owner
        found = found[np.argsort(tiers[found], kind="stable")]
        return Ranked(self._owners[found], tiers[found], found)

    def _tiers(self, wanted: str) -> np.ndarray:
        tiers = np.full(len(self), NONE, dtype=np.int8)
        words = wanted.split(" ")
        if len(words) > 1:
            every = np.all([_mask(pc.match_substring(self._texts, word)) for word in words], axis=0)
            tiers[every] = ALL_WORDS
        part = _mask(pc.match_substring(self._texts, wanted))
        tiers[part] = PART
        at = np.flatnonzero(part)
        if 0 < len(at) <= SPLIT:
            begins = pc.match_substring_regex(self._texts.take(pa.array(at)), rf"(^|[^\pL\pN]){_quoted(wanted)}")
            tiers[at[_mask(begins)]] = WORD_START
        tiers[_mask(pc.starts_with(self._texts, wanted))] = START
        tiers[_mask(pc.equal(self._texts, wanted))] = EXACT
        if len(wanted) in LETTERED and wanted.isalnum() and len(self) <= LOOSE and (tiers == NONE).all():
            letters = f".{{0,{GAP}}}".join(_quoted(letter) for letter in wanted)
            tiers[_mask(pc.match_substring_regex(self._texts, rf"(?s)(^|[^\pL\pN]){letters}"))] = LETTERS
        return tiers


def _mask(found: pa.Array) -> np.ndarray:
    return found.to_numpy(zero_copy_only=False).astype(bool)


def _quoted(text: str) -> str:
    """For RE2, which knows no escape of a letter or of what is not ASCII."""
    return re.sub(r"([^\w\s]|_)", lambda m: "\\" + m[0] if m[0].isascii() else m[0], text)
