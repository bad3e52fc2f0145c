"""The one door: `ask` takes a job and writes its records, whichever engine does the work."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from msgspec.structs import replace

from isocost.records import Cap, InputError, Record
from isocost.run.engine import Engine, Shift, here
from isocost.run.job import Build, Job, Outcome, Team, backlog
from isocost.run.lanes import Stop, ctrl_c
from isocost.run.ray import on_ray

FLUSH_SECONDS = 0.25

_ENGINES: dict[str, Engine] = {"here": here, "ray": on_ray}


class Writer(Protocol):
    """Where records go: `isocost.records.RecordWriter`."""

    def append(self, record: Record) -> None:
        """Takes the record; it is safe once the next flush has returned."""

    def flush(self) -> None:
        """Returns when all that was appended is on the disk."""


class Tally:
    """How far a run is; the one object that an observer is shown again and again."""

    def __init__(self, wanted: int, stored: int, cap: Cap) -> None:
        self.wanted, self.stored, self.cap = wanted, stored, cap
        self.asked = self.errors = 0
        self.last_error = ""

    @property
    def remaining(self) -> int:
        """Records still missing; one with an error is there."""
        return self.wanted - self.stored - self.asked

    def count(self, record: Record) -> None:
        """Adds a record."""
        self.asked += 1
        if record.error is not None:
            self.errors += 1
            self.last_error = f"{record.system} on {record.item}: {record.error}"


Observer = Callable[[Tally], None]
"""Shown the tally before the first record and after each; it must return at once."""


async def ask(
    job: Job,
    team: Team | Build,
    writer: Writer,
    *,
    stored: Iterable[Record] = (),
    cap: Cap | None = None,
    observe: Observer | None = None,
) -> Outcome:
    """Asks the job's systems what is missing, and writes a record of each answer.

    stored: the records the study has already; what they spent counts in the cap. A record is acknowledged once
    `writer.flush` has returned, at most a quarter of a second later. Raises InputError for a job that does not fit the
    team or the stored records; a failing question never raises, it is a record with an `error`.
    """
    cap = Cap() if cap is None else cap
    build: Build = team if callable(team) else lambda cap: team
    todo = backlog(job, stored, cap)
    tally, stop, clock = Tally(job.size, todo.stored, cap), Stop(job.grace), time.perf_counter()
    tell = observe or (lambda tally: None)

    def keep(record: Record) -> None:
        tally.count(_append(writer, record))
        tell(tally)

    tell(tally)
    with ctrl_c(stop):
        async with _flushing(writer, stop):
            await _ENGINES[job.engine](Shift(job, todo.questions, keep, cap, stop), build)
    return Outcome(
        asked=tally.asked,
        errors=tally.errors,
        stored_before=todo.stored,
        remaining=tally.remaining,
        seconds=time.perf_counter() - clock,
        stopped=stop.reason,
        why=stop.why,
    )


def _append(writer: Writer, record: Record) -> Record:
    """Writes the record; or, where the user's code put something into it that cannot be stored, what can be kept of it."""
    try:
        writer.append(record)
    except InputError as error:
        record = replace(
            record,
            **dict.fromkeys(("text", "final", "confidence", "score")),
            details={},
            reason="",
            error=str(error),
            error_kind="bug",
        )
        try:
            writer.append(record)
        except InputError:
            record = replace(record, calls=(), grading=())
            writer.append(record)
    return record


@asynccontextmanager
async def _flushing(writer: Writer, stop: Stop) -> AsyncIterator[None]:
    """Flushes every now and then, and at the end; a disk that takes no more ends the run."""

    async def often() -> None:
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                writer.flush()
        except OSError:
            stop.cut()
            raise

    task = asyncio.create_task(often())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        writer.flush()
