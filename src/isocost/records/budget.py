"""What a request may spend (`Budget`), what quantities cost (`Price`), and what a whole run may spend (`Cap`)."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from isocost.records.calls import Call
from isocost.records.errors import CapReached, InputError


class Price(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a model's quantities cost, in dollars: per million tokens, or per hour of a machine of your own.

    cached: per million cached prompt tokens; None: the same as `input`. source and date say where the figures come from.
    """

    input: float | None = None
    output: float | None = None
    cached: float | None = None
    per_hour: float | None = None
    source: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        for name in ("input", "output", "cached", "per_hour"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise InputError(f"price {name} must be a finite number of dollars, at least 0, got {value}.")
        if self.per_hour is None and (self.input is None or self.output is None):
            raise InputError(
                "a price needs `input` and `output` (dollars per million tokens) or `per_hour` (dollars per hour). "
                "Hint: leave the price out where it is not known; it is then shown as unpriced."
            )

    def dollars(self, call: Call) -> float | None:
        """What the call costs; None where a quantity that the price needs is not known."""
        units = self._units(call)
        return None if units is None else units / UNITS / 1e6

    def microdollars(self, call: Call) -> int | None:
        """What the call costs in whole micro-dollars, rounded up: for caps and ledgers."""
        units = self._units(call)
        return None if units is None else -(-units // UNITS)

    def _units(self, call: Call) -> int | None:
        """The cost in whole `UNITS` of a micro-dollar; seconds count in nanoseconds, rounded up."""
        rates, units = _rates(self), 0
        if rates.hour is not None:
            seconds = call.seconds if call.machine_seconds is None else call.machine_seconds
            if seconds is None:
                return None
            units += -(-rates.hour * math.ceil(seconds * 1e9) // 3_600_000)
        if rates.input is not None and rates.output is not None and rates.cached is not None:
            if call.prompt_tokens is None or call.completion_tokens is None:
                return None
            cached = min(call.cached_tokens or 0, call.prompt_tokens)
            units += rates.input * (call.prompt_tokens - cached) + rates.cached * cached + rates.output * call.completion_tokens
        return units


UNITS = 10**9  # of which a micro-dollar is made: a price is exact to nine decimals of a dollar per million tokens


class _Rates(NamedTuple):
    input: int | None
    output: int | None
    cached: int | None
    hour: int | None


@lru_cache(maxsize=1024)
def _rates(price: Price) -> _Rates:
    """Units a token, and units x 3.6 million a nanosecond; the decimals that the user wrote, not their binary neighbours."""

    def units(dollars: float | None) -> int | None:
        return None if dollars is None else round(Fraction(str(dollars)) * UNITS)

    cached = price.input if price.cached is None else price.cached
    return _Rates(units(price.input), units(price.output), units(cached), units(price.per_hour))


class Budget(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The most that answering may consume; None is no limit.

    tokens: prompt and completion of all calls together. seconds: wall time. microdollars needs `prices` (by model name),
    since a call knows quantities only.
    """

    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None
    microdollars: int | None = None
    prices: dict[str, Price] = {}

    def __post_init__(self) -> None:
        for name in ("tokens", "calls", "seconds", "microdollars"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise InputError(f"budget must be at least 0 {name}, got {value}. Hint: leave it out for no limit.")

    @property
    def spent(self) -> bool:
        """True when nothing more can be asked."""
        return any(limit is not None and limit <= 0 for limit in (self.tokens, self.calls, self.seconds, self.microdollars))

    def minus(self, calls: Iterable[Call], *, seconds: float = 0.0) -> "Budget":
        """What is left after these calls and this much wall time; never below 0."""
        made = list(calls)
        return Budget(
            tokens=_less(self.tokens, sum(call.tokens for call in made)),
            calls=_less(self.calls, len(made)),
            seconds=None if self.seconds is None else max(0.0, self.seconds - seconds),
            microdollars=None if self.microdollars is None else _less(self.microdollars, sum(map(self.cost, made))),
            prices=self.prices,
        )

    def cost(self, call: Call) -> int:
        """What a call costs in micro-dollars, by the budget's own prices."""
        price = self.prices.get(call.model)
        cost = None if price is None else price.microdollars(call)
        if cost is None and call.billed is not None:
            cost = math.ceil(call.billed * 1_000_000)
        if cost is None and price is not None and call.error is not None:
            return 0  # a failed call costs what the upstream stated, and it stated nothing
        if cost is None:
            raise InputError(
                f"a money budget needs a price for model '{call.model}', the budget has prices for "
                f"{sorted(self.prices) or 'none'}. Hint: add it to the budget's prices, or limit tokens instead."
            )
        return cost


def _less(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)


_WATCHED: ContextVar[list[Call] | None] = ContextVar("watched", default=None)


class Cap:
    """What a whole run may spend, shared by all its models; asked before each call, told after it.

    It is never overshot by more than the calls in flight when it is reached. Shared calls cost nothing here: the money of
    an identical call is spent once.
    """

    def __init__(self, *, tokens: int | None = None, microdollars: int | None = None) -> None:
        self.tokens, self.microdollars = tokens, microdollars
        self.spent_tokens = self.spent_microdollars = 0

    def check(self) -> None:
        """Raises CapReached when nothing is left."""
        if self.tokens is not None and self.spent_tokens >= self.tokens:
            raise CapReached(f"the run's cap of {self.tokens} tokens is spent ({self.spent_tokens} used).")
        if self.microdollars is not None and self.spent_microdollars >= self.microdollars:
            raise CapReached(
                f"the run's cap of ${self.microdollars / 1e6:.6g} is spent (${self.spent_microdollars / 1e6:.6g} used)."
            )

    def add(self, call: Call, price: Price | None) -> None:
        """Counts a call; one without a price counts its bill, or else only its tokens."""
        if call.shared:
            return
        if (made := _WATCHED.get()) is not None:
            made.append(call)
        self.spent_tokens += call.tokens
        cost = None if price is None else price.microdollars(call)
        if cost is None and call.billed is not None:
            cost = math.ceil(call.billed * 1_000_000)
        self.spent_microdollars += cost or 0

    @staticmethod
    @contextmanager
    def watch() -> Iterator[list[Call]]:
        """The calls that count towards any cap inside, as they are made: known even where no answer comes to name them."""
        made: list[Call] = []
        before = _WATCHED.set(made)
        try:
            yield made
        finally:
            _WATCHED.reset(before)
