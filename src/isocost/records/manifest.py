"""What made a study (`manifest.json`) and what it asked (`items.jsonl`)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec
import polars as pl
from msgspec import Struct, field

from isocost import __version__
from isocost.records.budget import Price
from isocost.records.disk import make_folder, write_whole
from isocost.records.errors import InputError
from isocost.records.lines import blocks, numbered, unreadable
from isocost.records.nouns import SCHEMA, Item, text_of

MANIFEST, ITEMS = "manifest.json", "items.jsonl"
ITEM_COLUMNS = dict.fromkeys(("item", "task", "group", "question", "target"), pl.String)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class SystemEntry(Struct, frozen=True, kw_only=True):
    """How a system was set up; `fingerprint` is that of its records."""

    fingerprint: str = ""
    settings: dict[str, Any] = {}


class Manifest(Struct, frozen=True, kw_only=True):
    """What made a study's records.

    prices: by model name. models, axes: as the study file has them. notes: what a reader should know.
    extra: fields of a newer isocost, kept as they came.
    """

    study: str = ""
    created: str = field(default_factory=_now)
    isocost: str = __version__
    schema: int = SCHEMA
    seed: int | None = None
    prices: dict[str, Price] = {}
    systems: dict[str, SystemEntry] = {}
    models: dict[str, Any] = {}
    axes: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    extra: dict[str, Any] = {}

    def save(self, folder: str | Path) -> None:
        """Writes DIR/manifest.json, whole or not at all."""
        make_folder(Path(folder))
        data = msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"
        write_whole(Path(folder) / MANIFEST, lambda stream: stream.write(data))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """DIR/manifest.json; an empty manifest where there is none."""
        file = Path(folder) / MANIFEST
        if not file.exists():
            return cls(created="", isocost="")
        try:
            raw = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
            extra = {name: raw.pop(name) for name in raw.keys() - set(cls.__struct_fields__)}
            return msgspec.convert(raw | {"extra": raw.get("extra", {}) | extra}, cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(
                f"expected a study's manifest: {error}. Hint: correct it, or remove the file.", file=file
            ) from None


def write_items(folder: str | Path, items: Iterable[Item]) -> int:
    """Writes DIR/items.jsonl, whole or not at all: these items, and those already there under other ids; how many."""
    file = Path(folder) / ITEMS
    make_folder(file.parent)
    known = {item.id: item for item in read_items(folder)} | {item.id: item for item in items}
    encoder = msgspec.json.Encoder()
    if known:
        write_whole(file, lambda stream: stream.writelines(encoder.encode(item) + b"\n" for item in known.values()))
    return len(known)


def read_items(folder: str | Path) -> Iterator[Item]:
    """The questions of DIR/items.jsonl; none where there is no such file."""
    file = Path(folder) / ITEMS
    decoder = msgspec.json.Decoder(Item)
    for block in blocks(file) if file.exists() else ():
        for number, line in numbered(block):
            try:
                yield decoder.decode(line)
            except msgspec.ValidationError as error:
                raise InputError(
                    f"expected an item; {error}. Hint: correct or remove the line.", file=file, line=number
                ) from None
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise unreadable(error, file, number) from None


def items_frame(items: Iterable[Item]) -> pl.DataFrame:
    """Items as a table: item, task, group, question, target; a target that is no text as JSON."""
    rows = [(item.id, item.task, item.group, _question(item), _target(item.target)) for item in items]
    return pl.DataFrame(rows, schema=ITEM_COLUMNS, orient="row")


def _question(item: Item) -> str:
    return item.question if isinstance(item.question, str) else "\n\n".join(map(text_of, item.question))


def _target(target: Any) -> str | None:
    return target if target is None or isinstance(target, str) else msgspec.json.encode(target).decode()
