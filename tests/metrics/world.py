"""A small world of records for the tests of this room."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from isocost.records import Call, Record, total
from isocost.records.columns import CALLS, FLAT

SUMMED = {
    "prompt_tokens": "prompt_tokens",
    "completion_tokens": "completion_tokens",
    "cached_tokens": "cached_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "call_seconds": "seconds",
    "machine_seconds": "machine_seconds",
    "cpu_seconds": "cpu_seconds",
    "joules": "joules",
    "billed": "billed",
}


class World:
    """Records in memory, with the two views that the store gives."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records = list(records)

    def scan(self) -> pl.LazyFrame:
        return pl.LazyFrame([_flat(record) for record in self.records], schema=FLAT)

    def calls(self) -> pl.LazyFrame:
        rows = [
            {**{name: getattr(call, name, None) for name in CALLS}, **_key(record), "index": i, "purpose": purpose}
            for record in self.records
            for purpose, calls in (("answer", record.calls), ("grading", record.grading))
            for i, call in enumerate(calls)
        ]
        return pl.LazyFrame(rows, schema=CALLS)


def answers(system: str, scores: Sequence[float | None], **fields: Any) -> list[Record]:
    """One answer an item, each with one call; `fields` are the call's."""
    call = Call(**{"model": "m", "prompt_tokens": 100, "completion_tokens": 10, "seconds": 0.5, **fields})
    return [Record(system=system, item=f"q{i}", score=score, calls=(call,), seconds=0.5) for i, score in enumerate(scores)]


def _key(record: Record) -> dict[str, Any]:
    return {"system": record.system, "item": record.item, "attempt": record.attempt}


def _flat(record: Record) -> dict[str, Any]:
    models, calls = {call.model for call in record.calls}, record.calls
    return {
        **{name: getattr(record, name, None) for name in FLAT},
        "model": next(iter(models)) if len(models) == 1 else None,
        "n_calls": len(calls),
        "n_shared": sum(call.shared for call in calls),
        "n_failed": sum(call.error is not None for call in calls),
        **{name: total(getattr(call, part) for call in calls) for name, part in SUMMED.items()},
        "first_token_seconds": calls[0].first_token_seconds if calls else None,
    }
