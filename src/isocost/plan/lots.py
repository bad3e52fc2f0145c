"""Which of many measured policies to follow towards a goal: one of them, or two by lot."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isocost.frontier import hull_costs, staircase
from isocost.plan.evidence import Floats
from isocost.plan.rule import Goal, Outcome, OutOfReach
from isocost.records import InputError

CLOSE = 1e-9  # relative: how far rounding may carry a mean beyond a goal


class Lots(NamedTuple):
    """rows: the policies to follow, cheaper first. weights: with what probability each. price: quality a unit of cost buys."""

    rows: tuple[int, ...]
    weights: tuple[float, ...]
    price: float


def settle(cost: Floats, quality: Floats, goal: Goal, in_time: Floats | None = None) -> Lots:
    """The lot that serves the goal best among policies of known mean cost and mean quality.

    Whatever can be had by drawing lots lies under the policies' upper hull, so the best lies on it: at one of its corners, or
    between two neighbours. in_time: each policy's share of answers within the goal's latency. NaN leaves a policy out.
    Raises InputError where no policy meets the goal, naming what could be had.
    """
    quality = np.round(quality, 12)  # sums in another order are no gain that is worth paying for
    rows = np.flatnonzero(np.isfinite(cost) & np.isfinite(quality))
    if goal.latency is not None:
        rows = _punctual(rows, goal, np.full(len(cost), np.nan) if in_time is None else in_time)
    if not len(rows):
        raise InputError(
            "a plan needs a policy of known cost and quality, got none. Hint: measure all systems on the same items."
        )
    corners = _corners(cost[rows], quality[rows])
    paid, gained = cost[rows[corners]], quality[rows[corners]]
    if goal.at_least is not None:
        most = Goal(budget=goal.budget, at_least=float(gained[-1]), latency=goal.latency)
        what = f"at_least: expected a quality of at most {gained[-1]:.4g}, got {goal.at_least:.4g}"
        _check(gained[-1] >= goal.at_least - CLOSE * abs(goal.at_least), what, most)
        lots = _between(gained, paid, goal.at_least)
        spent = float(np.dot(lots.weights, paid[list(lots.rows)]))
        most = Goal(budget=goal.budget, latency=goal.latency)
        what = f"budget: a quality of {goal.at_least:.4g} costs {spent:.4g}, got a budget of {goal.budget}"
        _check(goal.budget is None or spent <= goal.budget * (1 + CLOSE), what, most)
        lots = lots._replace(price=1 / lots.price if lots.price else 0.0)
    elif goal.budget is None:
        lots = Lots((len(paid) - 1,), (1.0,), 0.0)
    else:
        least = Goal(budget=float(paid[0]), latency=goal.latency)
        what = f"budget: expected at least {paid[0]:.4g} a question, got {goal.budget:.4g}"
        _check(paid[0] <= goal.budget * (1 + CLOSE), what, least)
        lots = _between(paid, gained, goal.budget)
    return lots._replace(rows=tuple(int(rows[corners[row]]) for row in lots.rows))


def by_lot(weights: Sequence[float], outcomes: Sequence[Outcome]) -> Outcome:
    """What is got in expectation by taking each of these ways with its weight."""
    return Outcome(*(np.asarray(np.tensordot(weights, values, 1)) for values in zip(*outcomes, strict=True)))


def _punctual(rows: NDArray[np.intp], goal: Goal, in_time: Floats) -> NDArray[np.intp]:
    assert goal.latency is not None
    kept = rows[in_time[rows] >= goal.latency.share]
    if not len(kept):
        best = np.nanmax(in_time[rows], initial=0.0)
        raise InputError(
            f"latency: expected a share of at most {best:.3g} of the questions answered within {goal.latency.seconds:g} s, "
            f"got {goal.latency.share:g}. Hint: allow more seconds, or measure a faster system; the records must know seconds."
        )
    return kept


def _corners(paid: Floats, gained: Floats) -> list[int]:
    steps = hull_costs(paid, gained)
    return [steps[0].start, *(step.end for step in steps)] if steps else [int(staircase(paid, gained)[0])]


def _between(x: Floats, y: Floats, wanted: float) -> Lots:
    """The point of the corners' line at x = wanted; the price is the line's slope dy/dx there, 0 beyond its ends."""
    right = int(np.searchsorted(x, wanted, side="right"))
    if right == 0 or right == len(x):
        return Lots((max(right - 1, 0),), (1.0,), 0.0)
    left, weight = right - 1, float((wanted - x[right - 1]) / (x[right] - x[right - 1]))
    slope = float((y[right] - y[left]) / (x[right] - x[left]))
    return Lots((left,), (1.0,), slope) if weight == 0 else Lots((left, right), (1 - weight, weight), slope)


def _check(holds: bool, what: str, nearest: Goal) -> None:
    if not holds:
        raise OutOfReach(f"{what}. Hint: measure other systems, or ask for less.", nearest)
