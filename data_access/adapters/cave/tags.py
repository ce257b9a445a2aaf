"""Which part of the postsynaptic cell a synapse is on, from a table that refers to the synapse table."""

from __future__ import annotations

import pandas as pd

from data_access.adapters.cave.client import Cave
from data_access.adapters.cave.problems import CaveError
from data_access.adapters.cave.queries import Query
from data_access.adapters.cave.stacks import StackConfig

IDS = 10_000  # in one question


class Tags:
    """The compartments of synapses at one version. Safe to share between threads."""

    def __init__(self, cave: Cave, version: int, config: StackConfig) -> None:
        assert config.compartments is not None
        self.cave, self.version, self.source = cave, version, config.compartments
        self._most = min(IDS, config.row_limit or IDS)

    def of(self, synapse_ids: pd.Series) -> pd.Series:
        """The compartment of each synapse (text; missing where the table has none, or two that differ)."""
        ids = synapse_ids.astype("int64")
        found = [self._some(ids.iloc[start : start + self._most].tolist()) for start in range(0, len(ids), self._most)]
        tags = pd.concat(found) if found else pd.Series(dtype="string")
        unclear = tags.groupby(level=0).nunique(dropna=False)
        tags = tags[~tags.index.duplicated()].drop(unclear.index[unclear > 1])
        return pd.Series(ids.map(tags).astype("string").to_numpy(), index=synapse_ids.index, dtype="string")

    def _some(self, ids: list[int]) -> pd.Series:
        source = self.source
        query = Query(source.table, columns=(source.key, source.column), within={source.key: ids})
        answer = self.cave.rows(self.version, query)
        came, there = len(answer.frame), self.cave.count(self.version, query)  # not each synapse has a row
        if came != there:
            if len(ids) == 1 or came > there:
                what = "one synapse" if len(ids) == 1 else f"{len(ids):,} synapses"
                cause = f"{source.table} has {there:,} rows for {what}, and {came:,} came"
                raise CaveError("protocol", cause, "the version may be changing: try again later")
            self._most = max(1, min(self._most, came))
            middle = len(ids) // 2
            return pd.concat([self._some(ids[:middle]), self._some(ids[middle:])])
        frame = answer.frame
        return pd.Series(frame[source.column].astype("string").to_numpy(), index=frame[source.key].astype("int64"))
