"""One question to one system: ask → grade → record. Whatever happens, a record comes out, unless the cap is reached."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from isocost.records import Answer, Call, CallFailed, CapReached, Grade, Grader, Item, Record, Source, total
from isocost.run.job import Job, Question, Team

T = TypeVar("T")


class _Failure(NamedTuple):
    kind: str
    why: str
    calls: tuple[Call, ...] = ()


async def answer(job: Job, team: Team, question: Question, system: str) -> Record:
    """The system's record for the question, after the job's retries; it carries the calls of the failed tries as well.

    Raises CapReached when the run may spend no more.
    """
    record = _with_calls_of(question.tried.get(system), await _record(job, team, question, system))
    for _ in range(job.retries):
        if record.error is None:
            break
        record = _with_calls_of(record, await _record(job, team, question, system))
    return record


async def _record(job: Job, team: Team, question: Question, system: str) -> Record:
    item, blank = question.item, _blank(job, question, system)
    request = item.request(seed=blank.seed, budget=job.budget)
    started, clock = time.time(), time.perf_counter()
    said = await _caught(lambda: team.systems[system](request), Answer, job.timeout)
    seconds = _seconds(time.perf_counter() - clock, said.calls, blank.source)
    record = replace(blank, calls=said.calls, seconds=seconds, started=started)
    if isinstance(said, _Failure):
        return replace(record, error=said.why, error_kind=said.kind)
    record = replace(
        record, text=said.text, final=said.final, finish=said.finish, confidence=said.confidence, details=said.details
    )
    grade = await _caught(lambda: _graded(team.grader, item, said), Grade, job.timeout)
    if isinstance(grade, _Failure):
        return replace(record, error=f"grading: {grade.why}", error_kind="grader", grading=grade.calls)
    return replace(record, score=grade.score, reason=grade.reason, grading=grade.calls)


def _seconds(wall: float, calls: tuple[Call, ...], source: Source) -> float:
    """The wall time; where models only tell their seconds and do not take them, those, one call after the other."""
    told = total(call.seconds for call in calls) if source in ("simulated", "replayed") else None
    return wall if told is None else max(wall, told)


async def _graded(grader: Grader, item: Item, answer: Answer) -> Grade:
    grade = await grader(item, answer)
    if isinstance(grade, Grade) and not 0 <= grade.score <= 1:
        raise ValueError(f"a score must lie between 0 and 1, the grader gave {grade.score}.")
    return grade


def _blank(job: Job, question: Question, system: str) -> Record:
    item, label = question.item, job.systems[system]
    return Record(
        system=system,
        item=item.id,
        attempt=question.attempt,
        task=item.task,
        group=item.group,
        seed=job.seed_of(item.id, question.attempt),
        source=label.source,
        fingerprint=label.fingerprint,
    )


def unanswered(job: Job, question: Question, system: str, *, kind: str, why: str) -> Record:
    """The record of a question that was asked and whose answer is lost."""
    return _with_calls_of(question.tried.get(system), replace(_blank(job, question, system), error=why, error_kind=kind))


async def _caught(work: Callable[[], Awaitable[T]], kind: type[T], seconds: float | None) -> T | _Failure:
    """What the user's code returns within the time, or how it failed."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            value = await work()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return _failure(error)
    except Exception as error:  # noqa: BLE001 - it is anyone's code: its bug is a record, and the study goes on
        late = isinstance(error, TimeoutError) and limit.expired()
        return _Failure("timeout", f"no answer within {seconds:g} s.") if late else _failure(error)
    if not isinstance(value, kind):
        return _Failure("bug", f"expected {kind.__name__}, got {type(value).__name__}: {value!r:.200}")
    return value


def _failure(error: BaseException) -> _Failure:
    """Names the failure; of a group, as asyncio.TaskGroup raises it, the part that says most. Lets CapReached through."""
    leaves = list(_leaves(error))
    for leaf in leaves:
        if isinstance(leaf, CapReached):
            raise leaf
    failed = [leaf for leaf in leaves if isinstance(leaf, CallFailed)]
    if failed:
        return _Failure(failed[0].kind, str(failed[0]), tuple(call for leaf in failed for call in leaf.calls))
    return _Failure("bug", f"{type(leaves[0]).__name__}: {leaves[0]}")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error


def _with_calls_of(before: Record | None, record: Record) -> Record:
    """Puts the calls of a failed try first. Those that this try shares with it are the same ones, counted once."""
    if before is None:
        return record
    made = {call.key for call in before.calls + before.grading if call.key and call.error is None}
    return replace(
        record,
        calls=before.calls + tuple(call for call in record.calls if not (call.shared and call.key in made)),
        grading=before.grading + tuple(call for call in record.grading if not (call.shared and call.key in made)),
    )
