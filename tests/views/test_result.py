"""A ledger adds up and says so when something was cut."""

from __future__ import annotations

import json

import pyarrow as pa

from views.result import Ledger, Omitted, TableResult


def ledger(**more: object) -> Ledger:
    return Ledger("worm", "SI 5", 1, "connections", 10, 7, **more)  # type: ignore[arg-type]


def test_the_ledger_becomes_plain_json_without_empty_counts() -> None:
    made = ledger(
        left_out=(Omitted("autapse", connections=3, synapses=8),), notes=("pre: all cells",), milliseconds=1.23456
    )
    content = json.loads(json.dumps(made.to_dict()))
    assert content["left_out"] == [{"reason": "autapse", "connections": 3, "synapses": 8}]
    assert content["milliseconds"] == 1.23
    assert content["notes"] == ["pre: all cells"]
    assert (content["read"], content["kept"], content["unit"]) == (10, 7, "connections")


def test_a_result_is_cut_when_rows_are_missing_because_of_a_limit() -> None:
    assert not ledger().cut
    assert not ledger(limit=7, total=7).cut
    assert not ledger(limit=100, total=7).cut
    assert ledger(limit=7, total=8).cut


def test_a_table_can_be_made_again_and_again() -> None:
    table = pa.table({"value": [1, 2, 3]})
    result = TableResult(table.schema, lambda: iter(table.to_batches(2)), ledger(), {}, 3)
    assert result.table().equals(table)
    assert result.table().equals(table)


def test_the_time_is_set_without_touching_the_rest() -> None:
    table = pa.table({"value": [1]})
    result = TableResult(table.schema, lambda: iter(table.to_batches()), ledger(notes=("a",)), {"ds": "worm"}, 1)
    timed = result.timed(12.5)
    assert timed.ledger.milliseconds == 12.5
    assert timed.ledger.notes == ("a",)
    assert timed.view == {"ds": "worm"}
    assert result.ledger.milliseconds == 0
