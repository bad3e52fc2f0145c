"""`Model`: the one story that every call to a model goes through.

fit it into the budget -> was it asked before? -> may the run still spend? -> wait for a place -> ask -> account for it
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from isocost.records import Answer, Budget, Call, CallFailed, Cap, InputError, Price, Request, Source
from isocost.systems.models.limits import KEPT_BACK, byte_bound, fits, room

OUT_OF_BUDGET = Answer(text="", finish="budget")


class Draft:
    """What has arrived of an answer so far: `ask` fills it, and a call that is cut short leaves it behind.

    quantities: fields of `Call` known so far. failed: calls that failed on the way. asked: when the asking began.
    place: what `Model.place` gave.
    """

    def __init__(self, alarm: asyncio.Timeout | None = None) -> None:
        self.text: list[str] = []
        self.quantities: dict[str, Any] = {}
        self.failed: list[Call] = []
        self.asked: float | None = None
        self.place: Any = None
        self._alarm = alarm

    def begin(self, now: float, seconds: float | None) -> None:
        """The asking begins; it may last this long, and no longer than the alarm already says."""
        self.asked = now
        if self._alarm is not None and seconds is not None:
            end = now + seconds * (1 - KEPT_BACK)
            when = self._alarm.when()
            self._alarm.reschedule(end if when is None else min(when, end))

    def cut(self, model: str, now: float) -> Answer:
        """What there is when time has run out. Its call has no key: nobody else may share it."""
        if self.asked is None:
            return OUT_OF_BUDGET  # it was still waiting: nothing was asked
        text = "".join(self.text)
        call = Call(model=model, text=text, seconds=now - self.asked, **self.quantities)
        return Answer(text=text, finish="budget", calls=(*self.failed, call))


class Model(ABC):
    """A model as a System. A subclass says how to ask; memo, cap, budget, concurrency and accounting are here.

    name: what its calls, its price and its records are called by.
    price: what its quantities cost, a `Price` or its table; None: unpriced.
    concurrency: calls in flight at once. memo: ask identical seeded calls once, and share the answer.
    max_tokens: the most that is said when the request does not say.

    One model serves one event loop at a time.
    """

    source: Source = "measured"

    def __init__(
        self,
        name: str,
        *,
        price: Price | Mapping[str, Any] | None = None,
        concurrency: int = 8,
        memo: bool = True,
        max_tokens: int | None = None,
    ) -> None:
        _at_least("concurrency", concurrency, 1)
        _at_least("max_tokens", max_tokens, 1)
        self.name = name
        self.price = price_of(price)
        self.max_tokens = max_tokens
        self.cap: Cap | None = None
        self._concurrency, self._sharing = concurrency, memo
        self._memo: dict[str, Answer] = {}
        self._remembered: dict[str, Call] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._flying: dict[str, asyncio.Future[None]] = {}
        self._places = asyncio.Semaphore(concurrency)

    @abstractmethod
    async def ask(self, request: Request, draft: Draft) -> Answer:
        """The upstream's answer, with a `Call` for every attempt, the one that answered last.

        `request.max_tokens` and `request.budget.seconds` are final; what is left to the subclass is `request.budget.calls`.
        """

    async def count_tokens(self, request: Request) -> int:
        """An upper bound of the prompt's tokens; exact where the model has its tokenizer."""
        return byte_bound(request)

    def place(self, request: Request) -> AbstractAsyncContextManager[Any]:
        """One of the places for calls in flight; waits until there is one."""
        return self._places

    async def __call__(self, request: Request) -> Answer:
        clock = self._arrive()
        budget = request.budget
        if budget is None:
            return await self._shared_or_asked(request, Draft())
        if budget.spent:
            return OUT_OF_BUDGET
        end = None if budget.seconds is None else clock() + budget.seconds * (1 - KEPT_BACK)
        try:
            async with asyncio.timeout_at(end) as alarm:
                draft = Draft(alarm)
                fitted = await self._fit(request, budget)
                return OUT_OF_BUDGET if fitted is None else await self._shared_or_asked(fitted, draft)
        except TimeoutError:
            answer = draft.cut(self.name, clock())
            self._count(answer.calls)
            return answer

    def remember(self, calls: Iterable[Call]) -> None:
        """Answers these stored calls from now on without asking again; other models' and failed ones are passed over."""
        for call in calls:
            if call.model == self.name and call.key and call.text is not None and call.error is None:
                self._remembered.setdefault(call.key, call)

    def check(self) -> None:  # noqa: B027  # most models need nothing
        """Raises InputError when the model cannot be asked as it is set up here (no key, say); asks nothing."""

    async def aclose(self) -> None:  # noqa: B027  most models hold nothing
        """Lets go of connections, threads and memory; the model may be asked again afterwards."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _arrive(self) -> Callable[[], float]:
        """The loop's clock. Futures and semaphores belong to an event loop: a new loop starts with new ones."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._flying, self._places = loop, {}, asyncio.Semaphore(self._concurrency)
        return loop.time

    async def _fit(self, request: Request, budget: Budget) -> Request | None:
        """The request with its tokens and seconds cut to what the budget allows; None when not even the prompt fits."""
        counts = budget.tokens is not None or budget.microdollars is not None
        left = room(budget, model=self.name, prompt_tokens=await self.count_tokens(request) if counts else 0)
        if left is None:
            return None
        wanted = self._limit(request)
        if left.tokens is not None and (wanted is None or left.tokens < wanted):
            request = replace(request, max_tokens=left.tokens)
        if left.seconds is not None:
            seconds = left.seconds if budget.seconds is None else min(left.seconds, budget.seconds)
            return replace(request, budget=replace(budget, seconds=seconds))
        return request

    async def _shared_or_asked(self, request: Request, draft: Draft) -> Answer:
        """An identical call's answer, also one that is just being made; or else its own."""
        key = request.key
        if request.seed is None or not self._sharing:
            return await self._ask(request, key, draft)
        while True:
            known = self._memo.get(key) or self._recall(key, request)
            if known is not None:
                return known if request.budget is None or fits(known, request.budget) else OUT_OF_BUDGET
            flight = self._flying.get(key)
            if flight is None:
                return await self._fly(request, key, draft)
            await asyncio.wait([flight])  # if it failed, was cut or cancelled, the next round asks again

    def _recall(self, key: str, request: Request) -> Answer | None:
        """A stored call as an answer. Stored calls have no logprobs: a request for those is asked anew."""
        call = None if request.logprobs else self._remembered.get(key)
        if call is None:
            return None
        answer = self._memo[key] = answer_of(replace(call, shared=True, role=""), self._limit(request))
        return answer

    def _limit(self, request: Request) -> int | None:
        """The most completion tokens of a request."""
        return self.max_tokens if request.max_tokens is None else request.max_tokens

    async def _fly(self, request: Request, key: str, draft: Draft) -> Answer:
        flight = self._flying[key] = asyncio.get_running_loop().create_future()
        try:
            answer = await self._ask(request, key, draft)
            if answer.finish != "budget":
                shared = tuple(replace(call, shared=True) for call in answer.calls if call.error is None)
                self._memo[key] = replace(answer, calls=shared)
            return answer
        finally:
            self._flying.pop(key, None)
            flight.set_result(None)

    async def _ask(self, request: Request, key: str, draft: Draft) -> Answer:
        """Waits for a place, asks, and counts every call towards the cap."""
        async with self.place(request) as place:
            if self.cap is not None:
                self.cap.check()
            draft.place = place
            draft.begin(asyncio.get_running_loop().time(), request.budget.seconds if request.budget else None)
            if request.max_tokens is None and self.max_tokens is not None:
                request = replace(request, max_tokens=self.max_tokens)
            try:
                answer = await self.ask(request, draft)
            except CallFailed as failure:
                self._count(failure.calls)
                raise
            calls = answer.calls
            if calls and not calls[-1].key and answer.finish != "budget":  # a cut answer is nobody else's
                answer = replace(answer, calls=(*calls[:-1], replace(calls[-1], key=key, text=answer.text)))
            self._count(answer.calls)
            return answer

    def _count(self, calls: Iterable[Call]) -> None:
        if self.cap is not None:
            for call in calls:
                self.cap.add(call, self.price)


def answer_of(call: Call, limit: int | None) -> Answer:
    """What a stored call said; it was cut where it has as many tokens as it could have."""
    full = limit is not None and call.completion_tokens == limit
    return Answer(text=call.text or "", calls=(call,), finish="length" if full else "complete")


def price_of(price: Price | Mapping[str, Any] | None) -> Price | None:
    """A price from its table, as a TOML file gives it."""
    if price is None or isinstance(price, Price):
        return price
    try:
        return msgspec.convert(price, Price)
    except msgspec.ValidationError as error:
        raise InputError(
            f"a price is a table of input, output, cached, per_hour, source and date: {error}, got {price}."
        ) from error


def _at_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise InputError(f"{name} must be at least {least}, got {value}.")
