"""Rows from JSON lines, CSV and Parquet; every fault names file and line (of Parquet: the row)."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from isocost.records import InputError

MAX_LINE = 32 * 2**20


class Row(NamedTuple):
    """One row: where it stands, and its cells."""

    line: int
    cells: dict[str, Any]


def read_jsonl(path: Path) -> Iterator[Row]:
    """One JSON object a line; blank lines are passed over."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in _lines(path):
        if line.isspace():
            continue
        try:
            cells = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            _check_utf8(path, number, line)
            raise InputError(f"expected one JSON object on the line: {error}", file=path, line=number) from error
        except RecursionError:
            raise InputError("the line's JSON is nested too deeply to be read.", file=path, line=number) from None
        yield Row(number, cells)


def read_csv(path: Path) -> Iterator[Row]:
    """Comma-separated, the first line the names, quoted by double quotes; a cell is text, an empty one None."""
    reader = csv.reader(_texts(path), strict=True)
    names: list[str] = []
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            hint = "Hint: a quote may be left open; cells above 128 KiB are read from JSON lines or Parquet only."
            raise InputError(f"not valid CSV: {error}. {hint}", file=path, line=start) from error
        if cells is None:
            return
        if not cells:
            continue
        if not names:
            names = _header(cells, path)
        elif len(cells) != len(names):
            raise InputError(f"expected {len(names)} cells as in the header, got {len(cells)}.", file=path, line=start)
        else:
            yield Row(start, {name: cell or None for name, cell in zip(names, cells, strict=True)})


def read_parquet(path: Path) -> Iterator[Row]:
    """A Parquet file's rows, counted from 1."""
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError:
        raise
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"cannot be read as Parquet: {error}", file=path) from error
    for number, cells in enumerate(frame.iter_rows(named=True), 1):
        yield Row(number, cells)


def _header(cells: list[str], path: Path) -> list[str]:
    doubles = sorted({name for name in cells if cells.count(name) > 1})
    if doubles:
        raise InputError(f"the header names {', '.join(map(repr, doubles))} twice.", file=path, line=1)
    return cells


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise InputError(
                    f"the line is longer than {MAX_LINE >> 20} MiB. Hint: one item a line; is the file one JSON array?",
                    file=path,
                    line=number,
                )
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _texts(path: Path) -> Iterator[str]:
    for number, line in _lines(path):
        _check_utf8(path, number, line)
        yield line.decode()


def _check_utf8(path: Path, number: int, line: bytes) -> None:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"not valid UTF-8: byte 0x{line[error.start]:02x} at column {error.start + 1}. Hint: iconv -f latin1 -t utf-8 FILE",
            file=path,
            line=number,
        ) from error
