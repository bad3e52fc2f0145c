"""Records at rest: Parquet shards beside each other, each record in exactly one of them.

The rule that makes compaction safe: **lines win over shards, and lines are removed last.** A crash between any two of its
steps leaves the lines in place, and whatever shards hold of the same records does not count until they are gone.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import polars as pl

from isocost.records.columns import CALLS, FLAT
from isocost.records.disk import sync_folder, write_whole
from isocost.records.errors import InputError
from isocost.records.frames import IDENTITY, STORED
from isocost.records.nouns import Record

ROWS = 50_000  # of a row group, and of a slice when records are read one by one
SHARDS = "records*.parquet"


def scan_shard(file: Path) -> pl.LazyFrame:
    """The shard with all columns of `STORED`, those it lacks null, and whatever a newer isocost added after them.

    Only the nested calls may be lacking for good: an exported flat view has none.
    """
    try:
        frame = pl.scan_parquet(file, glob=False)
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"expected a Parquet file of records: {error}. Hint: is it whole?", file=file) from None
    if lacking := {"system", "item"} - set(schema):
        raise InputError(
            f"expected a Parquet file of records, it has no column {', '.join(sorted(lacking))} "
            f"(it has {', '.join(schema)}). Hint: tables of your own come in by `isocost import --as parquet`.",
            file=file,
        )
    missing = [
        pl.lit(0 if name == "attempt" else None, dtype).alias(name)
        for name, dtype in STORED.items()
        if name not in (*schema, "calls")
    ]
    return frame.with_columns(missing)


def flat(shard: pl.LazyFrame) -> pl.LazyFrame:
    """The flat view of a shard; its nested columns are not read."""
    return shard.select(pl.col(name).cast(dtype) for name, dtype in FLAT.items())


def calls(shard: pl.LazyFrame) -> pl.LazyFrame:
    """The calls view of a shard."""
    _with_calls(shard)
    parts = []
    for field, purpose in (("calls", "answer"), ("grading", "grading")):
        nested = pl.col(field)
        rows = (
            shard.select(*IDENTITY, nested)
            .filter(nested.list.len() > 0)
            .with_columns(index=pl.int_ranges(nested.list.len()), purpose=pl.lit(purpose))
            .explode(field, "index")
        )
        parts.append(rows.select(*IDENTITY, "index", "purpose", nested).unnest(field))
    return pl.concat([part.select(pl.col(name).cast(dtype) for name, dtype in CALLS.items()) for part in parts])


def read(shard: pl.LazyFrame, without: pl.DataFrame) -> Iterator[Record]:
    """The shard's records but those, a slice at a time."""
    _with_calls(shard)
    decode = msgspec.json.decode
    fields = [name for name in STORED if name in Record.__struct_fields__]
    offset = 0
    while (rows := shard.select(fields).slice(offset, ROWS).collect()).height:
        for row in rows.join(without, on=IDENTITY, how="anti", maintain_order="left").iter_rows(named=True):
            kept = {name: value for name, value in row.items() if value is not None}
            yield msgspec.convert(kept | {name: decode(kept[name]) for name in ("details", "extra") if name in kept}, Record)
        offset += ROWS


def _with_calls(shard: pl.LazyFrame) -> None:
    if "calls" not in shard.collect_schema():
        raise InputError(
            "single calls are asked for, this Parquet file holds the flat view only. Hint: open the study's folder."
        )


def next_shard(folder: Path) -> Path:
    """A name that no shard has, after all that have one."""
    numbers = [int(digits) for file in folder.glob(SHARDS) if (digits := file.stem.rpartition("-")[2]).isdigit()]
    return folder / f"records-{max(numbers, default=0) + 1:05}.parquet"


def write_shard(file: Path, frame: pl.DataFrame) -> None:
    """Puts the records in the place of the shard, whole or not at all."""
    write_whole(file, lambda stream: frame.write_parquet(stream, row_group_size=ROWS, statistics=True))


def replace_lines(folder: Path, lines: Sequence[Path], identities: pl.DataFrame, frames: Iterable[pl.DataFrame]) -> None:
    """Moves the records of `lines` into shards; `identities` and `frames` are what the lines hold, each record once."""
    for beside in folder.glob(f"{SHARDS}.tmp"):
        beside.unlink()
    for shard in sorted(folder.glob(SHARDS)):
        _drop(shard, identities)
    for frame in frames:
        write_shard(next_shard(folder), frame)
    for file in lines:
        file.unlink()
    sync_folder(folder)


def _drop(shard: Path, identities: pl.DataFrame) -> None:
    """Takes the records that the lines hold out of the shard."""
    frame = scan_shard(shard)
    if frame.join(identities.lazy(), on=IDENTITY, how="semi").select(pl.len()).collect().item():
        left = frame.join(identities.lazy(), on=IDENTITY, how="anti", maintain_order="left").collect()
        write_shard(shard, left) if left.height else shard.unlink()
