"""The lines of a store that is still being written, each record once: of lines that say it twice, the last counts."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from isocost.records.columns import FLAT
from isocost.records.errors import InputError
from isocost.records.frames import IDENTITY, flat_frame, identity_frame, stored_frame
from isocost.records.lines import blocks, decode

SHARD_ROWS, SHARD_BYTES = 500_000, 512 * 2**20


class RunningLines:
    """The records in some files of JSON lines, later files after earlier ones.

    With `skip_damaged`, what cannot be read is left out and listed in `damaged`.
    """

    def __init__(self, files: Sequence[Path], *, skip_damaged: bool) -> None:
        self.files, self.skip_damaged = tuple(files), skip_damaged
        self.damaged: list[InputError] = []

    def flat(self) -> pl.DataFrame:
        """The flat view."""
        frames = [flat_frame(lines) for lines in self._decoded()]
        return pl.concat([pl.DataFrame(schema=FLAT), *frames]).unique(IDENTITY, keep="last", maintain_order=True)

    def identities(self) -> pl.DataFrame:
        """Each identity once, with the number of the line that counts in `row`."""
        frames = [identity_frame(lines) for lines in self._decoded()]
        frame = pl.concat([identity_frame(()), *frames]).with_row_index("row")
        return frame.unique(IDENTITY, keep="last", maintain_order=True)

    def batches(self, identities: pl.DataFrame) -> Iterator[list[Any]]:
        """The lines that count, a few thousand at a time, in order."""
        counts, start = set(identities["row"]) if _superseded(identities) else None, 0
        for lines in self._decoded():
            yield lines if counts is None else [line for row, line in enumerate(lines, start) if row in counts]
            start += len(lines)

    def shards(self, identities: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The same in the form that Parquet keeps, in frames of a good size for a shard."""
        yield from _gathered(map(stored_frame, self.batches(identities)))

    def _decoded(self) -> Iterator[list[Any]]:
        self.damaged.clear()
        for file in self.files:
            for block in blocks(file, torn=True):
                yield decode(block, self.damaged if self.skip_damaged else None)


def _superseded(identities: pl.DataFrame) -> bool:
    """True when some line does not count: then the last row's number is beyond the number of identities."""
    return identities.height > 0 and identities["row"][-1] >= identities.height


def _gathered(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    parts: list[pl.DataFrame] = []
    rows = size = 0
    for frame in frames:
        parts.append(frame)
        rows, size = rows + frame.height, size + int(frame.estimated_size())
        if rows >= SHARD_ROWS or size >= SHARD_BYTES:
            yield pl.concat(parts)
            parts, rows, size = [], 0, 0
    if rows:
        yield pl.concat(parts)
