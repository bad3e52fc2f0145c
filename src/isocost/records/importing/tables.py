"""Tables of others (CSV, JSON lines, Parquet), read as columns: text where the format knows nothing else."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from isocost.records.errors import InputError, did_you_mean, shorten
from isocost.records.lines import blocks, numbered, unreadable


class Table(NamedTuple):
    """Columns, and on which line of the file a row stands."""

    file: Path
    frame: pl.DataFrame
    line: Callable[[int], int]

    def column(self, name: str) -> pl.Series:
        """The column of that name."""
        if name not in self.frame.columns:
            names = self.frame.columns
            raise InputError(
                f"the table has no column '{shorten(name)}'.{did_you_mean(name, names)}",
                file=self.file,
                line=1,
            )
        return self.frame[name]


def read_csv(file: Path, _wanted: Sequence[str]) -> Table:
    """A CSV file with a header, its cells as text, empty ones null."""
    data = _text(file)
    try:
        whole = pl.read_csv(io.BytesIO(data), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise _not_a_csv(file, data, shorten(str(error).splitlines()[0], 200)) from None
    if whole.width and whole[:, -1].null_count() and _ragged(data):
        raise _not_a_csv(file, data, "")  # polars fills a row that ends too early
    rows = whole.select(pl.any_horizontal(pl.all().is_not_null()).arg_true()).to_series()  # empty lines are no rows

    def line_of(row: int) -> int:
        before = int(rows[row])
        breaks = whole.head(before).select(pl.all().str.count_matches("\n", literal=True).sum())
        return before + 2 + sum(count or 0 for count in breaks.row(0))

    return _not_empty(Table(file, whole if rows.len() == whole.height else whole[rows], line_of))


def read_jsonl(file: Path, wanted: Sequence[str]) -> Table:
    """JSON lines, one object a row; a wanted name like `usage.prompt_tokens` reaches into an object."""
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, row in json_lines(file):
        rows.append(row)
        numbers.append(number)
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [_cell(row.get(name)) for row in rows] for name in names}
    for path in wanted:
        if path not in columns and "." in path:
            cells = [_cell(_reach(row, path)) for row in rows]
            if any(cell is not None for cell in cells):
                columns[path] = cells
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return _not_empty(Table(file, frame, numbers.__getitem__))


def read_parquet(file: Path, _wanted: Sequence[str]) -> Table:
    """A Parquet file; what is called a line is a row of it, from 1."""
    try:
        frame = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"expected a Parquet file: {error}. Hint: is it whole?", file=file) from None
    return _not_empty(Table(file, frame, lambda row: row + 1))


def json_lines(file: Path, *, nan: bool = False) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, each with its line's number; with `nan`, NaN is a number, as in Python's JSON."""
    decode = json.loads if nan else msgspec.json.Decoder(dict[str, Any]).decode
    found = []
    for block in blocks(file):
        for number, line in numbered(block):
            try:
                found.append((number, decode(line)))
            except (msgspec.DecodeError, ValueError) as error:
                raise unreadable(error, file, number) from None
    if not found:
        raise InputError("expected JSON lines, the file is empty. Hint: was it written to the end?", file=file)
    return found


def unix(moment: Any) -> float | None:
    """Unix seconds, from seconds or ISO 8601; a moment without a zone is taken for UTC. Raises ValueError."""
    if moment is None or moment == "":
        return None
    try:
        return float(moment)
    except ValueError:
        found = datetime.fromisoformat(moment)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _not_empty(table: Table) -> Table:
    if not table.frame.height:
        raise InputError("expected a table with rows, it has none. Hint: was it written to the end?", file=table.file)
    return table


def _text(file: Path) -> bytes:
    """The file, its lines found to be UTF-8 and of bearable length."""
    parts = []
    for block in blocks(file):
        try:
            block.data.decode()
        except UnicodeDecodeError as error:
            line = block.first + block.data.count(b"\n", 0, error.start)
            raise InputError(
                f"expected UTF-8, this line is not ({error.reason}: {block.data[error.start : error.end].hex()}). "
                "Hint: save the file as UTF-8.",
                file=file,
                line=line,
            ) from None
        parts.append(block.data)
    return b"".join(parts)


def _not_a_csv(file: Path, data: bytes, what: str) -> InputError:
    line = _ragged(data)
    return InputError(
        f"expected a CSV file with a header and rows of its length, {'this row is not' if line else f'got: {what}'}. "
        "Hint: cells with commas or line breaks stand in double quotes.",
        file=file,
        line=line,
    )


def _ragged(data: bytes) -> int | None:
    """The first line whose row is not as long as the header."""
    reader = csv.reader(io.StringIO(data.decode()))
    try:
        width = len(next(reader))
        return next((reader.line_num for row in reader if row and len(row) != width), None)
    except (csv.Error, StopIteration):
        return None


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _reach(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row
