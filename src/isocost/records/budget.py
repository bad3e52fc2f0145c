"""What a request may spend (`Budget`), what quantities cost (`Price`), and what a whole run may spend (`Cap`)."""

import math
from collections.abc import Iterable
from fractions import Fraction

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
        exact = self._exact(call)
        return None if exact is None else float(exact) / 1e6

    def microdollars(self, call: Call) -> int | None:
        """What the call costs in whole micro-dollars, rounded up: for caps and ledgers."""
        exact = self._exact(call)
        return None if exact is None else math.ceil(exact)

    def _exact(self, call: Call) -> Fraction | None:
        whole = Fraction(0)
        if self.per_hour is not None:
            seconds = call.seconds if call.machine_seconds is None else call.machine_seconds
            if seconds is None:
                return None
            whole += _exactly(self.per_hour) * Fraction(seconds) * 1_000_000 / 3600
        if self.input is not None and self.output is not None:
            if call.prompt_tokens is None or call.completion_tokens is None:
                return None
            cached = min(call.cached_tokens or 0, call.prompt_tokens)
            whole += _exactly(self.input) * (call.prompt_tokens - cached) + _exactly(self.output) * call.completion_tokens
            whole += _exactly(self.input if self.cached is None else self.cached) * cached
        return whole


def _exactly(dollars: float) -> Fraction:
    """The decimal that the user wrote, not its binary neighbour: .15 is 15/100."""
    return Fraction(str(dollars))


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
        if cost is None:
            raise InputError(
                f"a money budget needs a price for model '{call.model}', the budget has prices for "
                f"{sorted(self.prices) or 'none'}. Hint: add it to the budget's prices, or limit tokens instead."
            )
        return cost


def _less(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)


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
        self.spent_tokens += call.tokens
        cost = None if price is None else price.microdollars(call)
        if cost is None and call.billed is not None:
            cost = math.ceil(call.billed * 1_000_000)
        self.spent_microdollars += cost or 0
