"""Which ids are known, and the set without the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data_access.cellsets import parse, report, write
from tests.data_access.cellsets.conftest import SCHEMA

SCHEMA_CONNECTED = replace(SCHEMA, connected=True)
STORED = {"mixed": "1, 2, 99", "good": "1, 2"}


def codes_of(ids):  # type: ignore[no-untyped-def]
    """The dataset has 1 to 9."""
    return np.array([int(i) if 0 < int(i) < 10 else -1 for i in ids])


def of(text: str, instead: dict[str, tuple[str, ...]] | None = None):  # type: ignore[no-untyped-def]
    return report(parse(text, SCHEMA_CONNECTED, STORED.__getitem__), codes_of, instead)


@pytest.mark.parametrize(
    ("text", "given", "repeated", "known", "unknown", "left"),
    [
        ("1, 2, 3", 3, 0, 3, (), "1, 2, 3"),
        ("1, 2, 2, 1, 77", 5, 2, 2, ("77",), "1, 2"),
        ("77 1 78 77 79", 5, 1, 1, ("77", "78", "79"), "1"),
        ("77, 78", 2, 0, 0, ("77", "78"), None),
        ("status_axon", 0, 0, 0, (), "status_axon"),
        ("cell_id in [1, 77] and status_axon", 2, 0, 1, ("77",), "cell_id in [1] and status_axon"),
        ("not (1, 77) or status_axon", 2, 0, 1, ("77",), "cell_id not in [1] or status_axon"),
        ("[1, 77] or [78]", 3, 0, 1, ("77", "78"), None),
        ("inputs_of(1, 77, min_synapses=3)", 2, 0, 1, ("77",), "inputs_of(1, min_synapses=3)"),
        ("inputs_of(outputs_of(1 77) and status_axon)", 2, 0, 1, ("77",), "inputs_of(outputs_of(1) and status_axon)"),
        ("set:mixed and status_axon", 3, 0, 2, ("99",), "cell_id in [1, 2] and status_axon"),
        ("set:good or set:mixed", 5, 2, 2, ("99",), "set:good or cell_id in [1, 2]"),
    ],
)
def test_counts_and_what_is_left(
    text: str, given: int, repeated: int, known: int, unknown: tuple[str, ...], left: str | None
) -> None:
    found = of(text)
    assert (found.n_given, found.n_repeated, found.n_known, found.unknown) == (given, repeated, known, unknown)
    assert (None if found.left is None else write(found.left, SCHEMA_CONNECTED)) == left


def test_others_may_stand_in_for_unknown_ids() -> None:
    found = of("1, 77, 78, 79", {"77": ("3",), "78": ("4", "5")})
    assert found.left is not None
    assert write(found.left, SCHEMA_CONNECTED) == "1, 3, 4, 5"
    assert found.unknown == ("77", "78", "79")
