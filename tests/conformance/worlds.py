"""Small worlds for strategies: a clock that jumps, and a model that keeps to its budget and counts what it did."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec.structs import replace

from isocost.records import Answer, Call, CallFailed, Price, Request, System

T = TypeVar("T")


class JumpingClock(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next thing to do, so that waiting takes no time and is exact."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.now = max(self.now, self._scheduled[0].when())
        super()._run_once()


def run(work: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """What the work gives, and the seconds it took on the jumping clock; nothing may be left running."""

    async def whole() -> tuple[T, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        result = await work()
        seconds = loop.time() - began
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result, seconds

    with asyncio.Runner(loop_factory=JumpingClock) as runner:
        return runner.run(whole())


class Fake:
    """Answers with `says(request)` in 3 + 4 tokens and one second; fails where `fails(number of the call)`.

    It keeps to the budget as every model must: fewer tokens, no call, or cut off when the seconds are over.
    """

    PROMPT, COMPLETION, SECONDS = 3, 4, 1.0
    price = Price(input=1.0, output=2.0)  # so a call costs 11 micro-dollars

    def __init__(
        self,
        says: Callable[[Request], str] = lambda request: "ab"[(request.seed or 0) % 2],
        fails: Callable[[int], bool] = lambda number: False,
        name: str = "fake",
    ) -> None:
        self.says, self.fails, self.name = says, fails, name
        self.asked: list[Request] = []
        self.made: list[Call] = []
        self.running = 0

    def _tokens(self, request: Request) -> int:
        budget = request.budget
        completion = self.COMPLETION if request.max_tokens is None else min(request.max_tokens, self.COMPLETION)
        if budget is not None:
            if budget.spent:
                return 0
            if budget.tokens is not None:
                completion = min(completion, budget.tokens - self.PROMPT)
            if budget.microdollars is not None:
                completion = min(completion, (budget.microdollars - self.PROMPT) // 2)
        return max(0, completion)

    async def __call__(self, request: Request) -> Answer:
        completion = self._tokens(request)
        if completion == 0:
            return Answer(text="", finish="budget")
        self.asked.append(request)
        number = len(self.asked) - 1
        seconds = self.SECONDS
        if request.budget is not None and request.budget.seconds is not None:
            seconds = min(seconds, request.budget.seconds)
        self.running += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self.running -= 1
        failed = self.fails(number)
        call = Call(
            model=self.name,
            prompt_tokens=self.PROMPT,
            completion_tokens=0 if failed else completion,
            seconds=seconds,
            key=request.key,
            error="broken" if failed else None,
        )
        self.made.append(call)
        if failed:
            raise CallFailed(f"call {number} broke", kind="server", calls=[call])
        cut = seconds < self.SECONDS or completion < self.COMPLETION
        logprobs = (-0.5, -0.25) if request.logprobs else None
        return Answer(text=self.says(request), calls=(call,), finish="budget" if cut else "complete", logprobs=logprobs)


def planned(model: System) -> System:
    """The model, which takes apart what it is asked to take apart."""

    async def answer(request: Request) -> Answer:
        given = await model(request)
        return replace(given, text="1. [2] one\n2. [5] two") if given.text and "not answer yet" in request.question else given

    return answer
