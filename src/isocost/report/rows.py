"""Every answer, packed for the page: columns instead of rows, each text once, deflated, in base64.

57,398 answers take about half a megabyte this way; the browser unpacks them with what it has (DecompressionStream).
"""

import base64
import zlib
from typing import Any, NamedTuple

import msgspec
import polars as pl

from isocost.report.data import ReportData

TEXT_BUDGET = 3_000_000  # characters of questions and answers in one page; each is cut so that all fit
LIMITS = (4000, 2000, 1000, 500, 250, 120)  # the longest text kept, tried in this order; then 0
COLUMNS: dict[str, Any] = {
    "attempt": pl.Int64,
    "score": pl.Float64,
    "cost": pl.Float64,
    "seconds": pl.Float64,
    "prompt_tokens": pl.Int64,
    "completion_tokens": pl.Int64,
    "error": pl.String,
    "final": pl.String,
    "text": pl.String,
    "finish": pl.String,
}


class Packed(NamedTuple):
    """The answers in base64, and how long a text may be before it was cut (None: none was)."""

    text: str
    limit: int | None


def pack(data: ReportData) -> Packed:
    """All questions and answers, in the order of `data.names` within each question."""
    records, items = _records(data), _items(data)
    limit = _limit(records, items)
    answers = records.select(
        pl.coalesce("final", "text").alias("answer"),
        pl.when(pl.col("final").is_not_null() & (pl.col("final") != pl.col("text"))).then("text").alias("whole"),
        "error",
    )
    texts = _Texts(4000 if limit is None else limit)
    body = {
        "items": {
            "id": items["item"].to_list(),
            "task": texts.column(items["task"]),
            "question": texts.column(items["question"]),
            "target": texts.column(items["target"]),
        },
        "item": _starts(records["row"]),
        "system": records["place"].to_list(),
        "score": _numbers(records["score"], 4),
        "cost": _numbers(records["cost"], 9),
        "seconds": _numbers(records["seconds"], 3),
        "tokens": (records["prompt_tokens"] + records["completion_tokens"]).to_list(),
        "answer": texts.column(answers["answer"]),
        "whole": texts.column(answers["whole"]),
        "error": texts.column(answers["error"]),
        "texts": texts.known,
    }
    # zlib's own header is what browsers call "deflate".
    return Packed(base64.b64encode(zlib.compress(msgspec.json.encode(body), 6)).decode(), limit)


def _records(data: ReportData) -> pl.DataFrame:
    place = pl.DataFrame(
        {"system": list(data.names), "place": range(len(data.names))}, schema={"system": pl.String, "place": pl.Int64}
    )
    frame = data.records
    if frame.is_empty():
        frame = pl.DataFrame(schema={"system": pl.String, "item": pl.String, "attempt": pl.Int64})
    missing = [pl.lit(None, kind).alias(name) for name, kind in COLUMNS.items() if name not in frame.columns]
    frame = frame.with_columns(*missing).join(place, on="system", how="inner")
    rows = _items(data).select("item").with_row_index("row")
    return frame.join(rows, on="item", how="inner").sort("row", "place", "attempt")


def _items(data: ReportData) -> pl.DataFrame:
    """The questions: those handed in, and after them any that only the records know."""
    wanted = ("item", "task", "question", "target")
    frame = data.items if not data.items.is_empty() else pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
    frame = frame.select(*(_text(frame, name) for name in wanted)).unique("item", keep="first", maintain_order=True)
    if data.records.is_empty():
        return frame
    asked = data.records.select(*(_text(data.records, name) for name in wanted))
    only = asked.unique("item", keep="first", maintain_order=True).join(frame, on="item", how="anti")
    return pl.concat(
        [frame, only.with_columns(pl.lit(None, pl.String).alias("question"), pl.lit(None, pl.String).alias("target"))]
    )


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    return (pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, pl.String)).alias(name)


def _limit(records: pl.DataFrame, items: pl.DataFrame) -> int | None:
    """The longest text that may stay so that all together fit the budget; None where nothing is cut."""
    columns = [records["final"], records["text"], records["error"], items["question"], items["target"]]
    lengths = pl.concat([column.cast(pl.String).drop_nulls().unique().str.len_chars() for column in columns])
    if not len(lengths) or (lengths.sum() <= TEXT_BUDGET and lengths.le(LIMITS[0]).all()):
        return None
    return next((limit for limit in LIMITS if lengths.clip(0, limit).sum() <= TEXT_BUDGET), 0)


def _starts(rows: pl.Series) -> list[int]:
    """How many answers each question has, in order: shorter than naming the question in every row."""
    counts = dict(rows.value_counts().iter_rows())
    last = max(counts, default=-1)
    return [counts.get(row, 0) for row in range(last + 1)]


def _numbers(column: pl.Series, places: int) -> list[float | None]:
    """Rounded numbers; not-a-number and infinite ones as null, which JSON can say."""
    values = column.cast(pl.Float64)
    return values.set(~values.is_finite().fill_null(False), None).round(places).to_list()


class _Texts:
    """Gives each text a number; equal texts share one. Cut texts end in an ellipsis."""

    def __init__(self, limit: int) -> None:
        self.limit, self.known = limit, list[str]()
        self._numbers: dict[str, int] = {}

    def column(self, texts: pl.Series) -> list[int | None]:
        """The numbers of a column of texts; null stays null."""
        return [None if text is None else self._number(text) for text in texts.to_list()]

    def _number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.known)
            self.known.append(text if len(text) <= self.limit else text[: self.limit] + "…")
        return found
