"""The flat view of records: one row a record, the calls summed. Everything that reads records in bulk reads these columns.

A sum is null where any part of it is not known. `model` is the one model that a record's calls went to, or null when there
were several (then price it call by call, from the calls view).
"""

import polars as pl

FLAT: dict[str, pl.DataType | type[pl.DataType]] = {
    "system": pl.String,
    "item": pl.String,
    "attempt": pl.Int64,
    "task": pl.String,
    "group": pl.String,
    "seed": pl.Int64,
    "text": pl.String,
    "final": pl.String,
    "finish": pl.String,
    "confidence": pl.Float64,
    "score": pl.Float64,
    "reason": pl.String,
    "error": pl.String,
    "error_kind": pl.String,
    "seconds": pl.Float64,
    "started": pl.Float64,
    "source": pl.String,
    "fingerprint": pl.String,
    "model": pl.String,
    "n_calls": pl.Int64,
    "n_shared": pl.Int64,
    "n_failed": pl.Int64,
    "prompt_tokens": pl.Int64,
    "completion_tokens": pl.Int64,
    "cached_tokens": pl.Int64,
    "reasoning_tokens": pl.Int64,
    "call_seconds": pl.Float64,
    "first_token_seconds": pl.Float64,  # of the first call
    "machine_seconds": pl.Float64,
    "cpu_seconds": pl.Float64,
    "joules": pl.Float64,
    "billed": pl.Float64,
}

CALLS: dict[str, pl.DataType | type[pl.DataType]] = {
    "system": pl.String,
    "item": pl.String,
    "attempt": pl.Int64,
    "index": pl.Int64,  # position among the record's calls
    "purpose": pl.String,  # "answer", or "grading" for a judge's call
    "model": pl.String,
    "role": pl.String,
    "key": pl.String,
    "prompt_tokens": pl.Int64,
    "completion_tokens": pl.Int64,
    "cached_tokens": pl.Int64,
    "reasoning_tokens": pl.Int64,
    "seconds": pl.Float64,
    "first_token_seconds": pl.Float64,
    "machine_seconds": pl.Float64,
    "cpu_seconds": pl.Float64,
    "joules": pl.Float64,
    "billed": pl.Float64,
    "text": pl.String,
    "error": pl.String,
    "shared": pl.Boolean,
}
