"""Records as columns: `Line`s into polars frames, in the flat view, the calls view, and the form that Parquet keeps."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import polars as pl

from isocost.records.columns import CALLS, FLAT
from isocost.records.lines import NOTHING

IDENTITY = ["system", "item", "attempt"]
SUMS = {
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
DERIVED = ["model", "n_calls", "n_shared", "n_failed", "first_token_seconds", *SUMS]
OWN = {name: dtype for name, dtype in FLAT.items() if name not in DERIVED}
CALL = {name: dtype for name, dtype in CALLS.items() if name not in (*IDENTITY, "index", "purpose")}
SUMMED = {name: dtype for name, dtype in CALL.items() if name not in ("text", "key", "role")}
NESTED = pl.List(pl.Struct(CALL))
STORED: dict[str, Any] = FLAT | {
    "schema": pl.Int64,
    "details": pl.String,  # JSON, null when empty
    "extra": pl.String,
    "calls": NESTED,
    "grading": NESTED,
}


def identity_frame(lines: Sequence[Any]) -> pl.DataFrame:
    """Who the lines are of, in their order."""
    return _columns(lines, {name: OWN[name] for name in IDENTITY})


def flat_frame(lines: Sequence[Any]) -> pl.DataFrame:
    """The flat view, in the lines' order."""
    calls = _calls([line.calls for line in lines], SUMMED)
    return _with_sums(_columns(lines, OWN), calls).select(*FLAT)


def calls_frame(lines: Sequence[Any]) -> pl.DataFrame:
    """The calls view, in the lines' order, a judge's calls after a record's own."""
    records = identity_frame(lines).with_row_index("row")
    parts = [
        _calls([getattr(line, field) for line in lines]).with_columns(
            index=pl.int_range(pl.len()).over("row"), purpose=pl.lit(purpose)
        )
        for field, purpose in (("calls", "answer"), ("grading", "grading"))
    ]
    calls = pl.concat(parts).sort("row", "purpose", maintain_order=True)
    return calls.join(records, on="row", how="left", maintain_order="left").select(
        pl.col(name).cast(dtype) for name, dtype in CALLS.items()
    )


def stored_frame(lines: Sequence[Any]) -> pl.DataFrame:
    """The form that Parquet keeps: the flat view, then the nested calls and the rest."""
    calls = _calls([line.calls for line in lines])
    frame = _with_sums(_columns(lines, OWN | {"schema": pl.Int64}), calls).with_columns(
        pl.Series(name, [_json(getattr(line, name)) for line in lines], dtype=pl.String) for name in ("details", "extra")
    )
    for name, part in (("calls", calls), ("grading", _calls([line.grading for line in lines]))):
        nested = part.group_by("row", maintain_order=True).agg(pl.struct(*CALL).alias(name))
        frame = frame.join(nested, on="row", how="left", maintain_order="left").with_columns(
            pl.col(name).fill_null(pl.lit([], dtype=NESTED))
        )
    return frame.select(*STORED)


def _columns(things: Sequence[Any], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame({name: list(map(attrgetter(name), things)) for name in schema}, schema=schema)


def _calls(groups: list[Any], fields: dict[str, Any] = CALL) -> pl.DataFrame:
    """All calls of all records below each other; `row` is the record's position."""
    rows = [row for row, group in enumerate(groups) for _ in group]
    calls = [call for group in groups for call in group]
    return _columns(calls, fields).with_columns(pl.Series("row", rows, dtype=pl.UInt32))


def _with_sums(records: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """The records with their calls' sums: null where a part is unknown, or there is none."""
    sums = calls.group_by("row").agg(
        pl.col("model").n_unique().alias("n_models"),
        pl.col("model").first(),
        pl.len().cast(pl.Int64).alias("n_calls"),
        pl.col("shared").sum().cast(pl.Int64).alias("n_shared"),
        pl.col("error").count().cast(pl.Int64).alias("n_failed"),
        pl.col("first_token_seconds").first(),
        *(pl.when(pl.col(source).null_count() == 0).then(pl.col(source).sum()).alias(name) for name, source in SUMS.items()),
    )
    counts = ["n_calls", "n_shared", "n_failed"]
    return (
        records.with_row_index("row")
        .join(sums, on="row", how="left", maintain_order="left")
        .with_columns(pl.when(pl.col("n_models") == 1).then(pl.col("model")).alias("model"), pl.col(counts).fill_null(0))
    )


def _json(raw: Any) -> str | None:
    data = bytes(raw)
    return None if data == bytes(NOTHING) else data.decode()
