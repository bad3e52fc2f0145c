"""`Tab`: what one answer has consumed so far. A strategy asks through it: no call is lost, and no budget is exceeded."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

from msgspec.structs import replace

from isocost.records import Answer, Budget, Call, CallFailed, Request, System

T = TypeVar("T")

GRACE = 0.01  # seconds beyond its time that a system gets to stop by itself
_ALARM: ContextVar[asyncio.Timeout | None] = ContextVar("alarm", default=None)


class Tab:
    """Opened when a strategy begins to answer `request`; asks inner systems within what the request's budget still allows.

    Time is the event loop's, so that a test can bring its own clock.
    """

    def __init__(self, request: Request) -> None:
        self._clock = asyncio.get_running_loop().time
        self._started = self._clock()
        self._budget = request.budget  # less the calls made; the seconds are taken off in `left`
        self._parts: list[tuple[Call, ...]] = []  # one an ask, in the order of asking, whichever finishes first
        self.failures: list[CallFailed] = []
        self.refused = False  # an inner system said that the budget ran out
        self._first: Answer | None = None  # the first with any text, for when nothing better comes
        if outer := _ALARM.get():
            outer.reschedule(None)  # this tab watches the time now, and keeps what was asked before it is up

    @property
    def left(self) -> Budget | None:
        """What the budget still allows now; None is no limit."""
        if self._budget is None or self._budget.seconds is None:
            return self._budget
        return self._budget.minus((), seconds=self._clock() - self._started)

    @property
    def open(self) -> bool:
        """True while something more can be asked."""
        left = self.left
        return not self.refused and (left is None or not left.spent)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, failed ones included."""
        return tuple(call for part in self._parts for call in part)

    async def ask(self, system: System, request: Request, role: str, *, within: Budget | None = None) -> Answer | None:
        """The inner system's answer within what is left; None when it failed, which `failures` then holds, or was cut off.

        A system that ignores its budget is cut off when the time is up; what else it takes is known only afterwards, when an
        answer that names no calls counts as one.
        role: what the call is for in the cost breakdown ("sample 3"); nested ones read "stage 1/sample 3".
        within: a part of what is left that this one may take; when that part runs out, the rest can still be asked for.
        """
        place = len(self._parts)
        self._parts.append(())
        try:
            answer = await self._in_time(system, request, self.left if within is None else within)
        except CallFailed as failure:
            self.failures.append(failure)
            self._book(place, failure.calls, role)
            return None
        if answer is None:
            self.refused = self.refused or within is None
            return None
        self._book(place, answer.calls, role)
        if not answer.calls and answer.finish != "budget" and self._budget is not None and self._budget.calls is not None:
            self._budget = replace(self._budget, calls=max(0, self._budget.calls - 1))
        self.refused = self.refused or (within is None and answer.finish == "budget")
        self._first = self._first or (answer if answer.text else None)
        return answer

    async def _in_time(self, system: System, request: Request, left: Budget | None) -> Answer | None:
        """The answer, or None when the time is up."""
        if left is None or left.seconds is None:
            return await system(request if left is None else replace(request, budget=left))
        try:
            async with asyncio.timeout(left.seconds + GRACE) as alarm:
                outer = _ALARM.set(alarm)
                try:
                    return await system(replace(request, budget=left))
                finally:
                    _ALARM.reset(outer)
        except TimeoutError:
            if alarm.expired():
                return None
            raise

    def _book(self, place: int, calls: Sequence[Call], role: str) -> None:
        self._parts[place] = tuple(replace(call, role=f"{role}/{call.role}" if call.role else role) for call in calls)
        if self._budget is not None:
            self._budget = self._budget.minus(calls)

    async def each(self, jobs: Sequence[Callable[[], Coroutine[Any, Any, T]]]) -> list[T]:
        """The results of the jobs in order, all run at once.

        Where the budget counts calls, tokens or money they run one after the other, and no further than it lasts: what a
        job will take is known only afterwards.
        """
        budget = self._budget
        if budget is None or (budget.tokens is None and budget.calls is None and budget.microdollars is None):
            return await together([job() for job in jobs])
        results = []
        for job in jobs:
            if not self.open:
                break
            results.append(await job())
        return results

    def answer(self, best: Answer | None, *, what: str, short: bool = False, **fields: Any) -> Answer:
        """`best`, or else the first that had any text, with the whole tab on it and with `fields`.

        Raises CallFailed when there is none because calls failed. short: the strategy would have gone on, had the budget
        allowed it.
        """
        best = best or self._first
        if best is None and self.failures:
            last = self.failures[-1]
            message = f"{what}: all that was asked failed ({len(self.failures)} times), the last with: {last}"
            raise CallFailed(message, kind=last.kind, calls=self.calls) from last
        best = best or Answer(text="")
        finish = "budget" if short or self.refused else best.finish
        return replace(best, calls=self.calls, finish=finish, **fields)


async def together(jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order. If one raises, the others are cancelled and awaited first: nothing is left running."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except BaseExceptionGroup as several:  # raised again as what it was, without the group around it
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


def says_something(answer: Answer | None) -> bool:
    """False for a failure and for an answer without any content."""
    return answer is not None and bool(answer.value.strip())
