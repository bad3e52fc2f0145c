"""A table's columns into records' columns: typed, checked with the line that is wrong, and summed up as Parquet keeps them.

No record is made on the way: everything happens a column at a time.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from isocost.records.errors import InputError, shorten
from isocost.records.frames import CALL, IDENTITY, NESTED, STORED
from isocost.records.importing.mapping import AMOUNTS, COUNTS, TEXTS, Column, Constant, Fields
from isocost.records.importing.tables import Table, unix
from isocost.records.nouns import SCHEMA, Source

CALL_FIELDS = {name: name for name in ("model", *COUNTS[1:], "seconds", "first_token_seconds")} | {"billed": "cost"}


class Reading(NamedTuple):
    """How a table is to be read. wide: the columns that are systems, their cells scores. attempts: repeats are attempts."""

    fields: Fields
    wide: Sequence[str]
    attempts: bool
    source: Source


def stored_columns(table: Table, reading: Reading) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records in the form that Parquet keeps, and the items: item, task, group, question, target."""
    readings = [_of_system(reading.fields, name) for name in reading.wide] or [reading.fields]
    for needed in ("item", "system"):
        if needed not in readings[0]:
            raise InputError(
                f"the mapping must say where '{needed}' comes from, it names {', '.join(readings[0]) or 'nothing'}. "
                f"Hint: {needed}=COLUMN, or {needed}='name' for all rows alike."
            )
    frame = pl.concat([_typed(table, fields) for fields in readings])
    extra = None if reading.wide else _unmapped(table, reading.fields)
    frame = _with_attempts(table, frame, numbered="attempt" in reading.fields, allowed=reading.attempts)
    items = frame.select("item", "task", "group", "question", "target").unique("item", keep="first", maintain_order=True)
    return _stored(frame, extra, reading.source), items


def _of_system(fields: Fields, system: str) -> Fields:
    """The mapping of a wide table's one system: its column holds the score, {system} stands for its name."""
    own = {
        field: Column(origin.name.replace("{system}", system)) if isinstance(origin, Column) else origin
        for field, origin in fields.items()
    }
    return {"score": Column(system)} | own | {"system": Constant(system)}


def _typed(table: Table, fields: Fields) -> pl.DataFrame:
    """One column for each of our fields, null where the mapping does not name it, and the table's row."""
    columns = [pl.int_range(table.frame.height, dtype=pl.UInt32, eager=True).alias("row")]
    for field in (*TEXTS, "attempt", "score", *COUNTS, *AMOUNTS, "started"):
        origin = fields.get(field)
        if origin is None:
            columns.append(pl.repeat(None, table.frame.height, dtype=_dtype(field), eager=True).alias(field))
        else:
            constant = isinstance(origin, Constant)
            values = pl.Series([origin.value]) if isinstance(origin, Constant) else table.column(origin.name)
            cast = _cast(table, field, values)
            columns.append((cast.new_from_index(0, table.frame.height) if constant else cast).alias(field))
    return pl.DataFrame(columns)


def _dtype(field: str) -> Any:
    return pl.String if field in (*TEXTS, "attempt") else pl.Int64 if field in COUNTS else pl.Float64


def _cast(table: Table, field: str, values: pl.Series) -> pl.Series:
    """The values in the field's type; an empty cell is an unknown value."""
    if field in ("text", "final", "question", "target"):
        return _text(table, field, values)
    if values.dtype == pl.String:
        values = values.str.strip_chars().replace("", None)
    if field in TEXTS or field == "attempt":
        cast = _text(table, field, values)
        if field in ("item", "system"):
            _refuse(table, field, values, cast.is_null(), "must not be empty")
        return cast
    known = values.is_not_null()
    if field == "score":
        values = _truth(values)
    if field == "started" and values.dtype == pl.String:
        cast = pl.Series([_moment(value) for value in values], dtype=pl.Float64)
    elif field == "started" and values.dtype.is_temporal():
        cast = values.dt.timestamp("us") / 1e6
    else:
        cast = values.cast(pl.Float64, strict=False)
    number = "seconds or ISO 8601" if field == "started" else "a finite number"
    _refuse(table, field, values, known & (cast.is_null() | ~cast.is_finite()), f"must be {number}, or empty if unknown")
    if field == "score":
        _refuse(table, field, values, (cast < 0) | (cast > 1), "must be between 0 and 1, true or false")
    elif field != "started":
        _refuse(table, field, values, cast < 0, "must be at least 0")
    if field in COUNTS:
        _refuse(table, field, values, (cast != cast.round()) | (cast > 2**53), "must be a whole number")
        return cast.cast(pl.Int64)
    return cast


def _moment(text: str | None) -> float | None:
    try:
        return unix(text)
    except ValueError:
        return math.nan


def _text(table: Table, field: str, values: pl.Series) -> pl.Series:
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        raise InputError(f"'{field}' must be text, the column '{values.name}' holds {values.dtype}.", file=table.file)
    return values.cast(pl.String)


def _truth(values: pl.Series) -> pl.Series:
    """true and false, in any case, as 1 and 0."""
    if values.dtype != pl.String:
        return values
    return values.str.to_lowercase().replace({"true": "1", "false": "0"})


def _refuse(table: Table, field: str, values: pl.Series, wrong: pl.Series, rule: str) -> None:
    rows = wrong.fill_null(False).arg_true()
    if rows.len():
        value = shorten(str(values[rows[0]]))
        more = f" ({rows.len() - 1} more like it)" if rows.len() > 1 else ""
        raise InputError(
            f"{field} {rule}, got '{value}' in column '{shorten(values.name)}'{more}. "
            "Hint: correct the cell, or map another column.",
            file=table.file,
            line=table.line(rows[0]),
        )


def _with_attempts(table: Table, frame: pl.DataFrame, *, numbered: bool, allowed: bool) -> pl.DataFrame:
    """`attempt` as a whole number: as it is, by its label's first appearance, or by counting repeats."""
    if numbered:
        _refuse(table, "attempt", frame["attempt"], frame["attempt"].is_null(), "must not be empty")
        numbers = frame["attempt"].cast(pl.Int64, strict=False)
        if numbers.null_count() or (numbers < 0).any():
            labels = frame["attempt"].unique(maintain_order=True)
            numbers = frame["attempt"].replace_strict(labels, pl.int_range(labels.len(), eager=True), return_dtype=pl.Int64)
        frame = frame.with_columns(numbers.alias("attempt"))
    elif allowed:
        frame = frame.with_columns(pl.int_range(pl.len()).over("system", "item").alias("attempt"))
    else:
        frame = frame.with_columns(pl.lit(0, pl.Int64).alias("attempt"))
    repeated = frame.select(~pl.struct(IDENTITY).is_first_distinct()).to_series().arg_true()
    if repeated.len():
        again = frame.row(repeated[0], named=True)
        same = frame.filter(*(pl.col(name) == again[name] for name in IDENTITY))
        raise InputError(
            f"system '{shorten(again['system'])}' answers item '{shorten(again['item'])}' again (attempt {again['attempt']}, "
            f"first on line {table.line(same['row'][0])}); {repeated.len()} rows do so. Hint: map the column that tells "
            "repeats apart (attempt=COLUMN), or say that repeats are attempts (--attempts).",
            file=table.file,
            line=table.line(again["row"]),
        )
    return frame


def _unmapped(table: Table, fields: Fields) -> pl.Series | None:
    """The columns that the mapping does not name, as a JSON object a row."""
    named = {origin.name for origin in fields.values() if isinstance(origin, Column)}
    rest = [name for name in table.frame.columns if name not in named]
    return table.frame.select(pl.struct(rest).struct.json_encode()).to_series() if rest else None


def _stored(frame: pl.DataFrame, extra: pl.Series | None, source: Source) -> pl.DataFrame:
    """The records as Parquet keeps them: a row is one call, or stands for the several that `calls` counts."""
    n_calls = pl.col("calls").fill_null(1)
    role = pl.when(n_calls > 1).then(pl.format("sum of {} calls", n_calls)).otherwise(pl.lit(""))
    call = {name: pl.col(CALL_FIELDS[name]) if name in CALL_FIELDS else pl.lit(None, dtype) for name, dtype in CALL.items()} | {
        "role": role,
        "key": pl.lit(""),
        "error": pl.col("error"),
        "shared": pl.lit(False),
    }
    frame = frame.with_columns(pl.col("model").fill_null(pl.col("system")), n_calls=n_calls)
    nested = pl.concat_list(pl.struct(expression.cast(CALL[name]).alias(name) for name, expression in call.items()))
    known = {
        "score": pl.when(pl.col("error").is_null()).then(pl.col("score")),  # a failed call is not a wrong answer
        "task": pl.col("task").fill_null(""),
        "finish": pl.lit("complete"),
        "reason": pl.lit(""),
        "fingerprint": pl.lit(""),
        "source": pl.lit(source),
        "n_shared": pl.lit(0),
        "n_failed": pl.col("error").is_not_null(),
        "call_seconds": pl.col("seconds"),
        "billed": pl.col("cost"),
        "schema": pl.lit(SCHEMA),
        "extra": pl.lit(None) if extra is None else pl.lit(extra),
        "calls": pl.when(n_calls > 0).then(nested).otherwise(pl.lit([], dtype=NESTED)),
        "grading": pl.lit([], dtype=NESTED),
    }
    return frame.select(
        (known[name] if name in known else pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in STORED.items()
    )
