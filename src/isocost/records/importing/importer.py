"""`import_file`: logs and tables of other tools, as records."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
from msgspec import Struct

from isocost.records.errors import InputError
from isocost.records.importing import inspect_log, litellm_log, lm_eval_log, openai_batch
from isocost.records.importing.columns import Reading, stored_columns
from isocost.records.importing.landing import Harvest, ImportReport, land
from isocost.records.importing.logs import Wishes
from isocost.records.importing.mapping import Column, parse
from isocost.records.importing.tables import Table, read_csv, read_jsonl, read_parquet
from isocost.records.nouns import Item, Source


class ImportOptions(Struct, frozen=True, kw_only=True):
    """What an import may be told beside its mapping.

    wide: the columns of a wide table that are systems, their cells scores. attempts: rows that repeat (system, item) are
    attempts at it. source: "measured" where the log is of a run (the default: someone asked, and wrote down what came);
    "published" where the figures are a paper's or a leaderboard's. requests: the input of an OpenAI batch.
    """

    wide: Sequence[str] = ()
    attempts: bool = False
    source: Source = "measured"
    requests: str | Path | None = None


TABLES: dict[str, Callable[[Path, Sequence[str]], Table]] = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
}
LOGS: dict[str, Callable[[Path, Wishes, ImportOptions], Harvest]] = {
    "inspect": lambda file, wishes, options: inspect_log.harvest(file, wishes, options.source),
    "lm-eval": lambda file, wishes, options: lm_eval_log.harvest(file, wishes, options.source),
    "openai-batch": lambda file, wishes, options: openai_batch.harvest(
        file, wishes, options.source, Path(options.requests) if options.requests else None
    ),
    "litellm": lambda file, wishes, options: litellm_log.harvest(file, wishes, options.source),
}
KINDS = (*LOGS, *TABLES)


def import_file(
    path: str | Path,
    kind: str,
    into: str | Path,
    mapping: str | Sequence[str] = "",
    options: ImportOptions | None = None,
) -> ImportReport:
    """Imports a log or a table into the study's folder `into`, all of it or nothing.

    kind: one of `KINDS`. mapping: for a table `item=COLUMN,system=COLUMN,score=COLUMN,...` (see `mapping.FIELDS`); for a log
    `score=NAME`, `system='name'` and `task='name'` are known.
    """
    file, options = Path(path), options or ImportOptions()
    if kind not in KINDS:
        raise InputError(f"imports are of {', '.join(KINDS)}; got '{kind}'.")
    if not file.exists():
        raise InputError("there is no such file. Hint: check the path.", file=file)
    if file.is_file() and not file.stat().st_size:
        raise InputError("expected records, the file is empty. Hint: was it written to the end?", file=file)
    if file.is_dir() and kind != "lm-eval":
        raise InputError(f"expected a file of kind {kind}, this is a folder. Hint: import its files one by one.", file=file)
    found = _table(file, kind, mapping, options) if kind in TABLES else _log(file, kind, mapping, options)
    return land(found, file=file, kind=kind, folder=Path(into))


def _log(file: Path, kind: str, mapping: str | Sequence[str], options: ImportOptions) -> Harvest:
    if options.wide or options.attempts:
        raise InputError(f"wide and attempts are for tables, a log of kind {kind} has its own. Hint: leave them out.")
    return LOGS[kind](file, Wishes.of(parse(mapping, ("score", "system", "task"))), options)


def _table(file: Path, kind: str, mapping: str | Sequence[str], options: ImportOptions) -> Harvest:
    fields = parse(mapping)
    table = TABLES[kind](file, [origin.name for origin in fields.values() if isinstance(origin, Column)])
    frame, items = stored_columns(table, Reading(fields, options.wide, options.attempts, options.source))
    asked = items.filter(pl.col("question").is_not_null() | pl.col("target").is_not_null())
    return Harvest(
        frame=frame,
        items=(
            Item(id=item, question=question or "", target=target, task=task or "", group=group)
            for item, task, group, question, target in asked.iter_rows()
        ),
    )
