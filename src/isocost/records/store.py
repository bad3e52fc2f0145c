"""`open_records`: one reader over a study's records, while they are written and after they are compacted."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import polars as pl

from isocost.records import parquet
from isocost.records.columns import CALLS
from isocost.records.disk import locked, write_whole
from isocost.records.errors import InputError
from isocost.records.frames import IDENTITY, calls_frame
from isocost.records.lines import as_record
from isocost.records.manifest import ITEMS, MANIFEST, Manifest, items_frame, read_items
from isocost.records.nouns import Record
from isocost.records.running import RunningLines

LINES = "records*.jsonl"
EXPORTS: dict[str, Callable[[pl.DataFrame, Any], object]] = {
    ".csv": pl.DataFrame.write_csv,
    ".jsonl": pl.DataFrame.write_ndjson,
    ".parquet": pl.DataFrame.write_parquet,
}


def open_records(path: str | Path, *, skip_damaged: bool = False) -> "Records":
    """The records of a study's folder, of one .jsonl or of one .parquet file.

    skip_damaged: leave out lines that cannot be read, and list them in `damaged`, instead of raising.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(
            "expected a study's folder or a file of records, there is nothing here. Hint: check the path.", file=path
        )
    if path.is_dir() and not any(any(path.glob(name)) for name in (LINES, parquet.SHARDS, MANIFEST, ITEMS)):
        raise InputError(
            "expected a study's folder, this one holds no records (records*.jsonl or records*.parquet). "
            "Hint: `isocost study` and `isocost import` make one.",
            file=path,
        )
    if path.is_file() and path.suffix not in (".jsonl", ".parquet"):
        raise InputError(
            f"expected records in .jsonl or .parquet, this is '{path.suffix or path.name}'. "
            "Hint: logs and tables of others come in by `isocost import`.",
            file=path,
        )
    if path.is_file() and not path.stat().st_size:
        raise InputError("expected records, the file is empty. Hint: was it written to the end?", file=path)
    return Records(path, skip_damaged=skip_damaged)


class Records:
    """A study's records. (system, item, attempt) is unique here.

    damaged: the lines left out by what was read last, where skipping them was asked for.
    """

    def __init__(self, path: Path, *, skip_damaged: bool = False) -> None:
        self.path, self.skip_damaged = path, skip_damaged
        self.damaged: list[InputError] = []
        self._flat: tuple[object, pl.DataFrame] = (None, pl.DataFrame())

    @property
    def folder(self) -> Path:
        """Where the manifest and the items are."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def manifest(self) -> Manifest:
        """What made the records."""
        return Manifest.load(self.folder)

    def items(self) -> pl.DataFrame:
        """The questions: item, task, group, question, target; no rows where they were not kept."""
        return items_frame(read_items(self.folder))

    def scan(self) -> pl.LazyFrame:
        """The flat view, exactly `columns.FLAT`; of a compacted store nothing is read before it is asked for."""
        lines = self._lines_flat()
        parts = [*map(parquet.flat, self._shards(lines)), lines.lazy()]
        return pl.concat(parts if lines.height or len(parts) == 1 else parts[:-1])

    def calls(self) -> pl.LazyFrame:
        """The calls view, exactly `columns.CALLS`."""
        lines = self._lines()
        said = lines.identities()
        frames = [pl.LazyFrame(schema=CALLS), *(calls_frame(batch).lazy() for batch in lines.batches(said))]
        return pl.concat([*map(parquet.calls, self._shards(said)), *frames])

    def read(self) -> Iterator[Record]:
        """Every record, a few at a time."""
        lines = self._lines()
        said = lines.identities()
        for file in self._files(parquet.SHARDS):
            yield from parquet.read(parquet.scan_shard(file), said.select(IDENTITY))
        for batch in lines.batches(said):
            yield from map(as_record, batch)

    def compact(self) -> Self:
        """Moves the lines into Parquet; refuses while the study is being written.

        Where damaged lines are skipped, the file they stand in stays beside the shards under another name.
        """
        if not self.path.is_dir():
            raise InputError("only a study's folder is compacted, this is a file. Hint: export it as .parquet.", file=self.path)
        with locked(self.path):
            if files := self._files(LINES):
                lines = self._lines()
                said = lines.identities()
                for file in {error.file for error in lines.damaged}:
                    os.link(str(file), f"{file}.damaged-{time.time_ns()}")
                parquet.replace_lines(self.path, files, said, lines.shards(said))
        return self

    def export(self, file: str | Path) -> int:
        """Writes the flat view to a .csv, .jsonl or .parquet file; how many records."""
        file = Path(file)
        if file.suffix not in EXPORTS:
            raise InputError(
                f"exports are {', '.join(EXPORTS)}, got '{file.suffix}'. Hint: name the file accordingly.", file=file
            )
        frame = self.scan().collect()
        write_whole(file, lambda stream: EXPORTS[file.suffix](frame, stream))
        return frame.height

    def _files(self, pattern: str) -> list[Path]:
        if self.path.is_dir():
            return sorted(self.path.glob(pattern))
        return [self.path] if pattern.endswith(self.path.suffix) else []

    def _shards(self, lines: pl.DataFrame) -> list[pl.LazyFrame]:
        """The shards without what the lines say again: lines win."""
        shards = [parquet.scan_shard(file) for file in self._files(parquet.SHARDS)]
        said = lines.lazy().select(IDENTITY)
        return (
            [shard.join(said, on=IDENTITY, how="anti", maintain_order="left") for shard in shards] if lines.height else shards
        )

    def _lines(self) -> RunningLines:
        lines = RunningLines(self._files(LINES), skip_damaged=self.skip_damaged)
        self.damaged = lines.damaged
        return lines

    def _lines_flat(self) -> pl.DataFrame:
        """Read once as long as the files stay as they are."""
        now = [(file, stat.st_size, stat.st_mtime_ns) for file in self._files(LINES) if (stat := file.stat())]
        if now != self._flat[0]:
            self._flat = (now, self._lines().flat())
        return self._flat[1]
