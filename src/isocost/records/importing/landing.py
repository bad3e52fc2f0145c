"""Where imports come down: all of it in one shard of a folder, or nothing."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
from msgspec import Struct, structs

from isocost.records.disk import locked
from isocost.records.errors import InputError
from isocost.records.frames import IDENTITY
from isocost.records.manifest import Manifest, SystemEntry, write_items
from isocost.records.nouns import Item
from isocost.records.parquet import next_shard, write_shard
from isocost.records.store import Records


class ImportReport(Struct, frozen=True, kw_only=True):
    """What an import brought in. notes: what a reader of the records should know."""

    file: str
    kind: str
    folder: str
    records: int
    systems: tuple[str, ...]
    items: int
    errors: int
    unscored: int
    notes: tuple[str, ...] = ()


class Harvest(Struct, kw_only=True):
    """What an importer found: records as Parquet keeps them, their questions, and how the systems were set up."""

    frame: pl.DataFrame
    items: Iterable[Item] = ()
    settings: dict[str, dict[str, object]] = {}
    notes: tuple[str, ...] = ()


def land(harvest: Harvest, *, file: Path, kind: str, folder: Path) -> ImportReport:
    """Puts the harvest into the folder, beside what is there; refuses records that are there already."""
    frame = harvest.frame
    systems = tuple(frame["system"].unique(maintain_order=True))
    with locked(folder):
        _refuse_known(folder, frame, file)
        write_items(folder, harvest.items)
        manifest = Manifest.load(folder)
        if not manifest.created:
            manifest = Manifest(study=folder.resolve().name)
        entries = {name: SystemEntry(settings={"imported": file.name, **harvest.settings.get(name, {})}) for name in systems}
        note = f"{frame.height} records imported from {file.name} as {kind}"
        structs.replace(manifest, systems=manifest.systems | entries, notes=(*manifest.notes, note, *harvest.notes)).save(
            folder
        )
        write_shard(next_shard(folder), frame)
    return ImportReport(
        file=str(file),
        kind=kind,
        folder=str(folder),
        records=frame.height,
        systems=systems,
        items=frame["item"].n_unique(),
        errors=frame["error"].count(),
        unscored=frame.filter(pl.col("score").is_null() & pl.col("error").is_null()).height,
        notes=(*harvest.notes, *_remarks(frame)),
    )


def _refuse_known(folder: Path, frame: pl.DataFrame, file: Path) -> None:
    known = Records(folder).scan().select(IDENTITY)
    twice = frame.lazy().select(IDENTITY).join(known, on=IDENTITY, how="semi").collect()
    if twice.height:
        system, item, attempt = twice.row(0)
        raise InputError(
            f"{folder} already holds {twice.height} of the {frame.height} records, such as system '{system}', item '{item}', "
            f"attempt {attempt}. Hint: import into another folder, or remove this one first.",
            file=file,
        )


def _remarks(frame: pl.DataFrame) -> Iterable[str]:
    costly = frame.filter((pl.col("billed") > 0) & (pl.col("prompt_tokens") + pl.col("completion_tokens") == 0)).height
    if costly:
        yield f"{costly} records cost money and state 0 tokens: their token counts are probably not known"
