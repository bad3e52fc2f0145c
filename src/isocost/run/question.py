"""One question to one system: ask → grade → record. Whatever happens, a record comes out, unless the cap is reached."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from isocost.records import (
    Answer,
    Call,
    CallFailed,
    Cap,
    CapReached,
    Grade,
    Grader,
    Item,
    Record,
    Request,
    Source,
    System,
    total,
)
from isocost.run.job import Job, Question, Team
from isocost.workload import GraderError

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
    item = question.item
    request = item.request(seed=job.seed_of(item.id, question.attempt), budget=job.budget)
    started, clock = time.time(), time.perf_counter()
    said = await _caught(lambda: _answered(team.systems[system], request), Answer, job.timeout)
    seconds = _seconds(time.perf_counter() - clock, said.calls, job.systems[system].source)
    known: dict[str, Any] = {"seed": request.seed, "started": started, "seconds": seconds, "calls": said.calls}
    if isinstance(said, _Failure):
        return _blank(job, question, system, **known, error=said.why, error_kind=said.kind)
    known |= {name: getattr(said, name) for name in ("text", "final", "finish", "confidence", "details")}
    grade = await _caught(lambda: _graded(team.grader, item, said), Grade, job.timeout)
    known["grading"] = grade.calls
    if isinstance(grade, _Failure):
        return _blank(job, question, system, **known, error=f"grading: {grade.why}", error_kind="grader")
    return _blank(job, question, system, **known, score=grade.score, reason=grade.reason)


def _blank(job: Job, question: Question, system: str, **fields: Any) -> Record:
    item, label = question.item, job.systems[system]
    return Record(
        system=system,
        item=item.id,
        attempt=question.attempt,
        task=item.task,
        group=item.group,
        source=label.source,
        fingerprint=label.fingerprint,
        **fields,
    )


def unanswered(job: Job, question: Question, system: str, *, kind: str, why: str) -> Record:
    """The record of a question that was asked and whose answer is lost."""
    seed = job.seed_of(question.item.id, question.attempt)
    return _with_calls_of(question.tried.get(system), _blank(job, question, system, seed=seed, error=why, error_kind=kind))


def _seconds(wall: float, calls: tuple[Call, ...], source: Source) -> float:
    """The wall time; where models only tell their seconds and do not take them, those, one call after the other."""
    told = total(call.seconds for call in calls) if source in ("simulated", "replayed") else None
    return wall if told is None else max(wall, told)


async def _answered(system: System, request: Request) -> Answer:
    answer = await system(request)
    if isinstance(answer, Answer) and not (
        isinstance(answer.calls, tuple) and all(isinstance(call, Call) for call in answer.calls)
    ):
        raise TypeError(f"Answer.calls must be a tuple of Call, got {answer.calls!r:.200}")
    return answer


async def _graded(grader: Grader, item: Item, answer: Answer) -> Grade:
    grade = await grader(item, answer)
    if isinstance(grade, Grade) and not 0 <= grade.score <= 1:
        raise ValueError(f"a score must lie between 0 and 1, the grader gave {grade.score}.")
    return grade


async def _caught(work: Callable[[], Awaitable[T]], kind: type[T], seconds: float | None) -> T | _Failure:
    """What the user's code returns within the time, or how it failed and what had been spent."""
    with Cap.watch() as made:
        result = await _tried(work, kind, seconds)
    return result if not isinstance(result, _Failure) or result.calls else result._replace(calls=tuple(made))


async def _tried(work: Callable[[], Awaitable[T]], kind: type[T], seconds: float | None) -> T | _Failure:
    limit = None if seconds is None else asyncio.timeout(seconds)
    try:
        if limit is None:
            value = await work()
        else:
            async with limit:
                value = await work()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return _failure(error)
    except Exception as error:  # noqa: BLE001 - it is anyone's code: its bug is a record, and the study goes on
        late = limit is not None and limit.expired() and isinstance(error, TimeoutError)
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
    failed = [leaf for leaf in leaves if isinstance(leaf, CallFailed | GraderError)]
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
