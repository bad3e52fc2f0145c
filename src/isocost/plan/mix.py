"""Systems drawn by lot, whatever the question: what any plan that looks at the question must beat.

Its quality and cost lie on the upper hull of the systems (Provost & Fawcett 2001): the fair comparison at every budget.
"""

import numpy as np

from isocost.frontier import nondominated
from isocost.plan.evidence import Evidence, Floats
from isocost.plan.goal import impossible, means
from isocost.plan.rule import Goal, Kind, Outcome, Plain, drawn

TINY = 1e-9  # a share below this is none


class Mix(Plain, frozen=True):
    """Asks a system drawn with these shares: two of them at most, three where answers must be in time.

    price: the slope of the hull there; 0 where more budget buys nothing.
    """

    shares: dict[str, float]
    price: float | None = None

    def spend(self, evidence: Evidence) -> Outcome:
        """What it gets in expectation."""
        return drawn(evidence, np.array([self.shares.get(name, 0.0) for name in evidence.systems]))


def fit(evidence: Evidence, goal: Goal, rng: np.random.Generator) -> Mix:
    """The shares of most quality within the budget, or of least cost for the quality wanted: a linear programme.

    Every constraint is a mean over what was drawn, so each is linear in the shares: cost, quality, answers in time.
    """
    from scipy.optimize import linprog  # takes a third of a second

    found = means(evidence, goal)
    points = np.column_stack((found.cost, found.quality, found.in_time if goal.latency else np.ones(len(found.cost))))
    rows = np.flatnonzero(~np.isnan(points).any(axis=1))
    if not len(rows):
        raise impossible(goal, evidence)
    rows = rows[nondominated(points[rows], (False, True, True))]  # so that of equally cheap systems the better is drawn
    quality, cost = found.quality[rows], found.cost[rows]
    worth_scale, cost_scale = float(np.ptp(quality)) or 1.0, float(cost.max()) or 1.0  # so that tolerances mean something
    limits: list[tuple[str, Floats, float]] = []
    if goal.budget is not None:
        limits.append(("budget", cost / cost_scale, goal.budget / cost_scale))
    if goal.at_least is not None:
        limits.append(("at_least", -quality / worth_scale, -goal.at_least / worth_scale))
    if goal.latency is not None:
        limits.append(("latency", -found.in_time[rows], -goal.latency.share))
    objective = cost / cost_scale if goal.at_least is not None else -quality / worth_scale
    solved = linprog(
        objective,
        A_ub=np.array([row for _, row, _ in limits]) if limits else None,
        b_ub=np.array([most for _, _, most in limits]) if limits else None,
        A_eq=np.ones((1, len(rows))),
        b_eq=[1.0],
        method="highs-ds",
    )
    if solved.x is None:
        raise impossible(goal, evidence)
    shares = np.where(solved.x < TINY, 0.0, solved.x)
    shares /= shares.sum()
    duals = {name: -float(dual) for (name, _, _), dual in zip(limits, solved.ineqlin.marginals, strict=True)} if limits else {}
    scale = worth_scale / cost_scale
    price: float | None = 0.0
    if goal.at_least is not None:
        price = scale / duals["at_least"] if duals["at_least"] > TINY else None
    elif goal.budget is not None:
        price = duals["budget"] * scale
    return Mix({evidence.systems[row]: float(share) for row, share in zip(rows, shares, strict=True) if share}, price)


MIX = Kind(fit, Mix.restore)
