"""What every kind of plan is: fitted on evidence towards a goal, it becomes a rule; a rule spends, and says what it got."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, Self, runtime_checkable

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from isocost.plan.evidence import Evidence, Floats
from isocost.plan.options import converted
from isocost.records import InputError

Arrays = Mapping[str, NDArray[Any]]


class Latency(Struct, frozen=True):
    """That share of the questions is to be answered within so many seconds."""

    share: float
    seconds: float

    def __post_init__(self) -> None:
        if not (0 < self.share <= 1 and 0 < self.seconds < math.inf):
            raise InputError(f"latency: expected a share in (0, 1] and some seconds, got {self.share} within {self.seconds} s.")


class Goal(Struct, frozen=True, kw_only=True):
    """What a plan is for: the most quality within a budget, or the least cost for a quality; answers in time, either way.

    budget: mean cost of a question, in the evidence's unit; None: no limit. at_least: mean quality. latency: of the answers.
    """

    budget: float | None = None
    at_least: float | None = None
    latency: Latency | None = None

    def __post_init__(self) -> None:
        if self.budget is not None and not 0 <= self.budget < math.inf:
            raise InputError(
                f"budget: expected at least 0 and a finite number, got {self.budget}. Hint: leave it out for none."
            )
        if self.at_least is not None and not math.isfinite(self.at_least):
            raise InputError(f"at least: expected a finite number, got {self.at_least}.")


class OutOfReach(InputError):
    """This goal cannot be met on this evidence; `nearest` can."""

    def __init__(self, message: str, nearest: Goal) -> None:
        super().__init__(message)
        self.nearest = nearest

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.nearest)


class Outcome(NamedTuple):
    """What a rule got: (n,) worth, paid and seconds by question, in expectation where it draws lots; NaN where not known.

    shares: (n, S) how often each system was asked at each question (a vote of five counts five).
    """

    worth: Floats
    paid: Floats
    seconds: Floats
    shares: Floats


def drawn(evidence: Evidence, shares: Floats) -> Outcome:
    """The outcome of asking one system drawn by lot: shares (n, S), each row's sum 1, or (S,), the same for all questions."""
    each = np.broadcast_to(shares, (len(evidence.items), len(evidence.systems)))

    def expected(values: Floats) -> Floats:
        """What has no share need not be known."""
        return np.asarray((each * np.where(each > 0, values.T, 0.0)).sum(axis=1))

    return Outcome(expected(evidence.quality), expected(evidence.cost), expected(evidence.latency), np.array(each))


class Rule(Protocol):
    """A fitted decision."""

    @property
    def price(self) -> float | None:
        """What one more unit of budget would buy, in quality; None where the rule has no such thing."""
        ...

    def spend(self, evidence: Evidence) -> Outcome:
        """What it gets on these questions. It may look at what it would see before and while it decides, never at worth."""
        ...

    def settings(self) -> dict[str, Any]:
        """All of it that a person reads, as plain data for a TOML file: never a question's text, never a key."""
        ...

    def arrays(self) -> Arrays:
        """The rest of it, by name, for the file of numbers beside the plan; often none."""
        ...


class Plain(Struct, frozen=True):
    """A rule all of which a person can read: its fields are its settings."""

    def settings(self) -> dict[str, Any]:
        """All of it; a field that is None is left out, since TOML has no such thing."""
        return {name: value for name, value in msgspec.to_builtins(self).items() if value is not None}

    def arrays(self) -> Arrays:
        """None."""
        return {}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Arrays) -> Self:
        """The same rule again."""
        return converted(settings, cls)


@runtime_checkable
class Predicting(Protocol):
    """A rule that says beforehand how good each answer will be."""

    def predicted(self, evidence: Evidence) -> Floats:
        """(n, S): the quality it expects of each system, in the evidence's order."""
        ...


Fit = Callable[..., Rule]
"""`fit(evidence, goal, rng, *, option=...)`: makes a rule of evidence; what may follow `rng` are the kind's own options.

It tunes whatever it tunes on this evidence alone, so that other questions can judge it. It raises InputError where the goal
cannot be met, naming what could, and where the kind does not apply to such evidence, saying why.
"""


class Kind(NamedTuple):
    """One kind of plan: how it is fitted, and how a rule is made again of its settings and arrays."""

    fit: Fit
    restore: Callable[[Mapping[str, Any], Arrays], Rule]
