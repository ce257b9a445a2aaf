"""Types, flags and proofreading beside the cells: each joined by a key that stands once, so that no row doubles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

import numpy as np
import pandas as pd

from data_access.adapters.cave.client import Cave, Query
from data_access.adapters.cave.schema import Lookup, Proofreading, StackConfig, TypeWords

PROOFREAD = {"true", "t", "clean", "extended"}
STATUS = {"t": "true", "f": "false", "1": "true", "0": "false"}
BROAD = {"non.?neuron|glia": "nonneuronal", "inhib|^i$": "inhibitory", "excit|^e$": "excitatory"}
STATES = ("status_axon", "status_dendrite", "strategy_axon", "strategy_dendrite")


@dataclass
class Notes:
    """What a reader should know of a cell table, and what is not in it."""

    texts: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """One note more."""
        self.texts.append(text)

    def leave_out(self, why: str, n: int) -> None:
        """So many rows of the source are not in the table."""
        if n:
            self.left_out[why] = self.left_out.get(why, 0) + n
            self.texts.append(f"left out: {n:,} rows, {why}")


Read: TypeAlias = Callable[[str, bool, str], pd.DataFrame]


def reader(cave: Cave, version: int) -> Read:
    """All rows of a table or view (name, whether a view, key to split by), each of them fetched once."""

    @cache
    def read(name: str, view: bool = False, key: str = "id") -> pd.DataFrame:
        return cave.whole(version, Query(name, view=view), key=key)

    return read


def add_types(frame: pd.DataFrame, read: Read, config: StackConfig, notes: Notes) -> pd.DataFrame:
    """cell_type_manual and cell_type_auto as their tables have them; cell_type and broad_type as the description says.

    Words that mean "no type" are missing in all of them; other words are renamed in cell_type alone.
    """
    words, broad = config.types, []
    for ours, lookup in (("cell_type_manual", config.manual), ("cell_type_auto", config.automatic)):
        if lookup is not None:
            found = _looked_up(frame, read, lookup, notes)
            frame = frame.assign(**{ours: known(found["value"], words)})
            broad.append(found["broad"])
    if config.cell_type is not None:
        cell_type = _looked_up(frame, read, config.cell_type, notes)["value"]
    elif "cell_type" in frame:
        cell_type = frame["cell_type"]
    else:
        sides = [frame[name] for name in ("cell_type_manual", "cell_type_auto") if name in frame]
        cell_type = _first_known(sides, frame.index)
    frame = frame.assign(cell_type=renamed(known(cell_type, words), words))
    own = [frame["broad_type"]] if "broad_type" in frame else []
    return frame.assign(broad_type=_first_known([broad_words(values) for values in own + broad], frame.index))


def add_flags(frame: pd.DataFrame, read: Read, config: StackConfig) -> pd.DataFrame:
    """One boolean column a flag: whether its table lists the nucleus."""
    for name, flag in config.flags.items():
        if "nucleus_id" in frame:
            listed = read(flag.table[0], False, "id")[flag.key]
            frame = frame.assign(**{name: frame["nucleus_id"].isin(listed.dropna()).astype("boolean")})
    return frame


def add_proofreading(frame: pd.DataFrame, read: Read, config: StackConfig, notes: Notes) -> pd.DataFrame:
    """Status and strategy of axon and dendrite, valid_id (the root they were given for) and outdated (another one now).

    Of several rows for one root the one that is still valid counts. Proofread axons that no row of the cells has are
    rows of their own, without a nucleus.
    """
    source = config.proofreading
    if source is None:
        return frame
    status = _status(read(source.table[0], False, "id"), source, notes)
    columns = [name for name in (*STATES, "valid_id", "outdated") if name in status]
    by_root = status.set_index("cell_id")[columns]
    place = by_root.index.get_indexer(pd.Index(frame["cell_id"]))
    found = by_root.take(np.where(place >= 0, place, 0)) if len(by_root) else by_root.reindex(frame["cell_id"])
    for name in columns:
        values = pd.Series(found[name].array, index=frame.index)
        frame = frame.assign(**{name: values.mask(place < 0, False if name == "outdated" else pd.NA)})
    alone = status[~status["cell_id"].isin(frame["cell_id"])]
    if "status_axon" in status:
        axons = alone[alone["status_axon"].isin(PROOFREAD)]
        if len(axons):
            notes.add(f"{len(axons):,} proofread axons without a nucleus are rows of the table")
        notes.leave_out("proofread, but neither a nucleus nor a proofread axon", len(alone) - len(axons))
        more = axons[[name for name in axons.columns if name in frame or str(name).endswith("_nm")]]
        whole = pd.concat([frame, more], ignore_index=True) if len(more) else frame
        for name in config.flags:
            if name in whole:
                whole[name] = whole[name].fillna(False)
        frame = whole
    n_outdated = int(frame["outdated"].sum()) if "outdated" in frame else 0
    if n_outdated:
        notes.add(f"{n_outdated:,} rows were proofread as another root: their status is of an older state of the cell")
    return frame


def known(values: pd.Series, words: TypeWords) -> pd.Series:
    """Text with the words that mean "no type" missing, also where another word follows them ("Unsure E")."""
    text = values.astype("string").str.strip()
    first = text.str.lower().str.split().str[0]
    none = {word.lower() for word in words.missing}
    return text.mask((first.isin(none) | text.str.lower().isin(none) | (text == "")).fillna(True))


def renamed(values: pd.Series, words: TypeWords) -> pd.Series:
    """Text with each word replaced by what it means."""
    return values.replace(dict(words.rename)).astype("string") if words.rename else values


def broad_words(values: pd.Series) -> pd.Series:
    """excitatory, inhibitory or nonneuronal, in whatever words the source has it; missing where it has none of them."""
    text = values.astype("string").str.lower()
    broad = pd.Series(pd.NA, index=values.index, dtype="string")
    for pattern, word in BROAD.items():
        broad = broad.mask(text.str.contains(pattern, regex=True).fillna(False) & broad.isna(), word)
    return broad


def _looked_up(frame: pd.DataFrame, read: Read, lookup: Lookup, notes: Notes) -> pd.DataFrame:
    """value and broad (text) for each row of the cells; missing where the table has two that differ."""
    raw = read(lookup.table[0], False, "id")
    keys = frame["nucleus_id"] if lookup.by == "nucleus" and "nucleus_id" in frame else frame["cell_id"]
    if lookup.by == "nucleus" and "nucleus_id" not in frame:
        return pd.DataFrame({"value": pd.NA, "broad": pd.NA}, index=frame.index, dtype="string")
    result = {}
    for ours, theirs in (("value", lookup.column), ("broad", lookup.broad_column)):
        there = theirs in raw
        one = _one_each(raw[lookup.key], raw[theirs], lookup.table[0], notes) if there else pd.Series(dtype="string")
        result[ours] = keys.map(one).astype("string")
    return pd.DataFrame(result, index=frame.index)


def _one_each(keys: pd.Series, values: pd.Series, table: str, notes: Notes) -> pd.Series:
    """Values by key, each key once; a key with values that differ has none."""
    pairs = pd.DataFrame({"key": keys.astype("Int64"), "value": values.astype("string")}).dropna(subset=["key"])
    pairs = pairs[pairs["key"] != 0]
    pairs = pairs.drop_duplicates()
    twice = pairs["key"].duplicated(keep=False)
    if twice.any():
        n = pairs.loc[twice, "key"].nunique()
        notes.add(f"{n:,} cells have several values of {values.name} in {table}: missing")
    return pairs[~twice].set_index("key")["value"]


def _first_known(candidates: list[pd.Series], index: pd.Index) -> pd.Series:
    result = pd.Series(pd.NA, index=index, dtype="string")
    for values in candidates:
        result = result.fillna(values.astype("string"))
    return result


def _status(raw: pd.DataFrame, source: Proofreading, notes: Notes) -> pd.DataFrame:
    """The proofreading table under our names, one row a root."""
    roots = raw[source.root].fillna(0).astype("Int64")
    notes.leave_out("proofreading status on no segment (root id 0)", int((roots == 0).sum()))
    raw = raw[(roots != 0).to_numpy(dtype=bool)]
    frame = pd.DataFrame({"cell_id": raw[source.root].astype("int64")})
    for name in STATES:
        theirs = getattr(source, name)
        if theirs and theirs in raw:
            frame[name] = _status_words(raw[theirs])
    if source.valid and source.valid in raw:
        frame["valid_id"] = raw[source.valid].astype("Int64")
        frame["outdated"] = (frame["valid_id"] != frame["cell_id"]).fillna(False).astype("boolean")
    else:
        frame["outdated"] = pd.array([False] * len(frame), dtype="boolean")
    for axis in "xyz":
        if f"{source.position}_{axis}_nm" in raw:
            frame[f"{axis}_nm"] = raw[f"{source.position}_{axis}_nm"]
    frame = frame.sort_values(["cell_id", "outdated", *[name for name in STATES if name in frame]], kind="stable")
    again = frame["cell_id"].duplicated()
    if again.any():
        notes.add(f"{int(again.sum()):,} cells have several proofreading rows: the one still valid counts")
    return frame[~again].reset_index(drop=True)


def _status_words(values: pd.Series) -> pd.Series:
    """Statuses and strategies as text in small letters, true and false spelled out."""
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean").map({True: "true", False: "false"}).astype("string")
    return values.astype("string").str.strip().str.lower().replace(STATUS).astype("string")
