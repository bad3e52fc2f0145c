"""The best single system under the constraints."""

import numpy as np

from isocost.plan.evidence import Evidence
from isocost.plan.goal import CLOSE, impossible, means, timely
from isocost.plan.rule import Goal, Kind, Outcome, Plain, drawn


class Fixed(Plain, frozen=True):
    """Asks the same system every question."""

    system: str

    @property
    def price(self) -> None:
        """None: a little more budget buys nothing, only enough for the next system does."""

    def spend(self, evidence: Evidence) -> Outcome:
        """What the system gets."""
        return drawn(evidence, np.array([float(name == self.system) for name in evidence.systems]))


def fit(evidence: Evidence, goal: Goal, rng: np.random.Generator) -> Fixed:
    """The system of most quality within the budget, or the cheapest that is good enough; ties by the other, then by name."""
    found = means(evidence, goal)
    fits = timely(found, goal)
    with np.errstate(invalid="ignore"):
        if goal.budget is not None:
            fits &= found.cost <= goal.budget * (1 + CLOSE)
        if goal.at_least is not None:
            fits &= found.quality >= goal.at_least - CLOSE * abs(goal.at_least)
    rows = np.flatnonzero(fits)
    if not len(rows):
        raise impossible(goal, evidence)
    better, cheaper = -found.quality[rows], found.cost[rows]
    first, second = (better, cheaper) if goal.at_least is None else (cheaper, better)
    return Fixed(evidence.systems[rows[np.lexsort((rows, second, first))[0]]])


FIXED = Kind(fit, Fixed.restore)
