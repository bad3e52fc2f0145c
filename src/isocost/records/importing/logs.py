"""What importers of logs share: what they find, checked and gathered into columns."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl
from msgspec import structs

from isocost.records.errors import InputError, shorten
from isocost.records.frames import IDENTITY, STORED, stored_frame
from isocost.records.importing.landing import Harvest
from isocost.records.importing.mapping import Constant, Fields
from isocost.records.lines import decode_line
from isocost.records.nouns import Item, Record, Source

BATCH = 10_000


class Found(NamedTuple):
    """A record, where in the file it stands (a line's or a sample's number, from 1), and its question."""

    place: int
    record: Record
    item: Item | None = None


class Wishes(NamedTuple):
    """What the user says of a log. score: which of its scores; system, task: a name in place of the log's own."""

    score: str | None = None
    system: str | None = None
    task: str | None = None

    @classmethod
    def of(cls, fields: Fields) -> "Wishes":
        """From a mapping: score=NAME, system='name', task='name'."""
        for name in ("system", "task"):
            if name in fields and not isinstance(fields[name], Constant):
                raise InputError(f"of a log, {name} can be set to a constant only. Hint: {name}='name', in single quotes.")
        return cls(**{name: origin[0] for name, origin in fields.items()})

    def apply(self, record: Record, source: Source) -> Record:
        """The record under the names wished for."""
        return structs.replace(record, system=self.system or record.system, task=self.task or record.task, source=source)


def gather(file: Path, found: Iterable[Found], settings: Mapping[str, dict[str, object]]) -> Harvest:
    """The harvest; raises InputError at the first record that cannot be, or stands there twice."""
    encode = msgspec.json.Encoder().encode
    items: dict[str, Item] = {}
    places: list[int] = []
    frames = [pl.DataFrame(schema=STORED)]
    rest = iter(found)
    while batch := list(islice(rest, BATCH)):
        frames.append(stored_frame([decode_line(encode(one.record), file, one.place) for one in batch]))
        places += [one.place for one in batch]
        items |= {one.item.id: one.item for one in batch if one.item is not None and one.item.id not in items}
    frame = pl.concat(frames)
    if not frame.height:
        raise InputError("expected a log with answered questions, it has none. Hint: did the run finish?", file=file)
    repeated = frame.select(~pl.struct(IDENTITY).is_first_distinct()).to_series().arg_true()
    if repeated.len():
        again = frame.row(repeated[0], named=True)
        raise InputError(
            f"system '{again['system']}' answers item '{shorten(again['item'])}' (attempt {again['attempt']}) again; "
            f"{repeated.len()} do so. Hint: keep one of them.",
            file=file,
            line=places[repeated[0]],
        )
    return Harvest(frame=frame, items=items.values(), settings=dict(settings))


def attempts(found: Iterable[Found]) -> Iterator[Found]:
    """The same question asked of the same system again is another attempt at it."""
    asked: dict[tuple[str, str], int] = {}
    for one in found:
        name = one.record.system, one.record.item
        attempt = asked[name] = asked.get(name, -1) + 1
        yield one._replace(record=structs.replace(one.record, attempt=attempt))
