"""The whole story of a study, and the only place where its loop closes: questions -> answers -> records -> report."""

import asyncio
import math
import shutil
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from isocost.records import Cap, InputError, Item, Manifest, Record, RecordWriter, open_records
from isocost.records.disk import locked
from isocost.records.manifest import SystemEntry, read_items, write_items
from isocost.run import Job, Observer, Outcome, ask
from isocost.study.team import Prepared, job_of, make_team

Asking = Callable[..., Coroutine[None, None, Outcome]]


class How(NamedTuple):
    """How a study is to be conducted: where its records go, by which engine, within which cap in dollars."""

    into: Path
    engine: str = "here"
    max_cost: float | None = None


def conduct(prepared: Prepared, how: How, observe: Observer | None = None, asking: Asking = ask) -> Outcome:
    """Asks what is missing, and leaves a folder of records; the same study again goes on where it stopped.

    asking: `run.ask`, which asks everything, or `study.adaptive.Adaptive`, which is called like it and asks what it must.
    """
    job = job_of(prepared, how.engine)
    cap = _cap(prepared, how)
    with RecordWriter(how.into) as writer:
        _check_same_questions(how.into, job)
        team = partial(make_team, prepared.study, prepared.prices)
        outcome = asyncio.run(asking(job, team, writer, stored=_stored(prepared, how), cap=cap, observe=observe))
    if not outcome.remaining:
        open_records(how.into).compact()
    return outcome


def set_aside(folder: Path) -> Path | None:
    """Moves a study's folder out of the way of a fresh start; where to, or None where there was none. Nothing is deleted.

    A folder without records stays where it is; so does one that is being written, or in which the command was given.
    """
    if not _has_records(folder):
        return None
    if Path.cwd().is_relative_to(folder.resolve()):
        raise InputError(f"{folder} cannot be set aside from inside. Hint: give the command in another folder.")
    aside = folder.with_name(f"{folder.name}.{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
    with locked(folder):
        shutil.move(folder, aside)
    return aside


def _stored(prepared: Prepared, how: How) -> Iterator[Record]:
    """The stored records; the folder is told of this study after the last of them, so a refused one leaves it as it was."""
    yield from open_records(how.into).read()
    _introduce(prepared, how)


def _introduce(prepared: Prepared, how: How) -> None:
    """Writes down what is about to be asked, and how: before the first answer, so that no record is without its story."""
    study = prepared.study
    manifest = Manifest(
        study=study.settings.name or study.path.stem,
        seed=study.settings.seed,
        prices=prepared.prices,
        systems={
            name: SystemEntry(fingerprint=label.fingerprint, settings=study.systems[name])
            for name, label in prepared.labels.items()
        },
        models=study.models,
        axes=dict(zip(("x", "y"), study.settings.axes, strict=True)),
        notes=(study.settings.description,) if study.settings.description else (),
        extra={"file": str(study.path), "target": study.settings.target},
    )
    manifest.save(how.into)
    (how.into / "study.toml").write_text(study.text, encoding="utf-8")
    write_items(how.into, prepared.workload.items)


def _check_same_questions(folder: Path, job: Job) -> None:
    """Raises InputError where a stored question has the same id as one of these but asks something else."""
    if not _has_records(folder):
        return
    stored = {item.id: item for item in read_items(folder)}
    for item in job.items:
        if item.id in stored and _content(stored[item.id]) != _content(item):
            raise InputError(
                f"question '{item.id}' is not the one that was asked before under this id in {folder}. "
                "Hint: start again with --fresh, or give another folder with -o."
            )


def _content(item: Item) -> bytes:
    return msgspec.json.encode((item.question, item.target, item.task), order="deterministic")


def _has_records(folder: Path) -> bool:
    return any(folder.glob("records*.jsonl")) or any(folder.glob("records*.parquet"))


def _cap(prepared: Prepared, how: How) -> Cap:
    settings = prepared.study.settings
    dollars = settings.max_cost if how.max_cost is None else how.max_cost
    if dollars is not None and not 0 <= dollars < math.inf:
        raise InputError(f"a cap must be a finite number of dollars, got {dollars}. Hint: leave it out for none.")
    if dollars is not None and prepared.unpriced:
        raise InputError(
            f"a cap of ${dollars:g} needs a price for every model, there is none for {', '.join(prepared.unpriced)}. "
            "Hint: give the model a `price` in the study file, or cap tokens with max_tokens."
        )
    return Cap(tokens=settings.max_tokens, microdollars=None if dollars is None else round(dollars * 1e6))
