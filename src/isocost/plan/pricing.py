"""A price for what is spent: from expectations to choices, and from a goal to the price at which the choices meet it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isocost.allocate import choose
from isocost.plan.evidence import Evidence, Floats
from isocost.plan.rule import Goal
from isocost.records import InputError

STEPS = 50  # halvings of a price's bracket
BESIDE = 0.1  # how far on either side of a price its two sides are taken, as a share of it


class Expected(NamedTuple):
    """What is expected of each system on each question: (n, S) quality and cost, and the chance of an answer in time."""

    quality: Floats
    cost: Floats
    timely: Floats | None = None


class Prices(NamedTuple):
    """What a unit of cost must buy in quality, and what an answer in time is worth.

    The router asks as if a unit cost `low` for this share of the questions, as if it cost `high` for the others: the two are
    near one, and the lottery spends the budget to the end where many questions look alike, though what is expected of them
    changes a little when the predictor learns from a few questions more.
    """

    low: float
    high: float
    share: float = 1.0
    time: float = 0.0


def priced(expected: Expected, evidence: Evidence, goal: Goal) -> Prices:
    """The prices at which the choices of these expectations meet the goal on these questions."""
    if goal.latency is None:
        return _money(expected, evidence, goal)
    low, high = 0.0, 1.0
    share = goal.latency.share

    def met(time: float) -> bool:
        prices = _money(_worthier(expected, time), evidence, goal)._replace(time=time)
        return _timely(expected, prices) >= share

    if met(0.0):
        return _money(expected, evidence, goal)
    while not met(high):
        low, high = high, high * 4
        if high > 1e6:
            best = float(expected.timely.max(axis=1).mean()) if expected.timely is not None else 0.0
            raise InputError(
                f"{share:.0%} of the answers within {goal.latency.seconds:g} s cannot be had within the goal; at most "
                f"{best:.1%} can be expected. Hint: allow more seconds, or a smaller share."
            )
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if met(middle) else (middle, high)
    high *= 1 + BESIDE  # a promise to keep also where predictions differ a little
    return _money(_worthier(expected, high), evidence, goal)._replace(time=high)


def _timely(expected: Expected, prices: Prices) -> float:
    asked = lottery(expected, prices)
    return float((asked * expected.timely).sum(axis=1).mean()) if expected.timely is not None else 0.0


def _worthier(expected: Expected, time: float) -> Expected:
    return expected if expected.timely is None else expected._replace(quality=expected.quality + time * expected.timely)


def _money(expected: Expected, evidence: Evidence, goal: Goal) -> Prices:
    if goal.at_least is not None:
        return _least(expected, evidence, goal)
    if goal.budget is None:
        return Prices(0.0, 0.0)
    return _most(expected, evidence, goal.budget)


def _most(expected: Expected, evidence: Evidence, budget: float) -> Prices:
    """The price of `choose` at the budget, corrected once by how far these choices really cost what was expected."""
    cheapest = expected.cost.min(axis=1)
    floor = float(cheapest.sum()) * (1 + 1e-12)  # whatever the order of the sum
    count = len(cheapest)
    asked = max(budget * count, floor)
    price = choose(expected.quality, expected.cost, asked).price
    if price > 0:
        made = onehot(pick(expected, price), expected.cost.shape[1])
        really, thought = np.nansum(mixed(evidence.cost, made)), float((made * expected.cost).sum())
        if really > 0:
            asked = max(asked * thought / really, floor)
            price = choose(expected.quality, expected.cost, asked).price
    return _sides(price, lambda prices: float((lottery(expected, prices) * expected.cost).sum()), asked, _beside(expected))


def _least(expected: Expected, evidence: Evidence, goal: Goal) -> Prices:
    """The dearest price at which the choices still get the quality that is asked for on these questions."""
    wanted = goal.at_least or 0.0

    def got(price: float) -> float:
        return float(np.nanmean(mixed(evidence.quality, onehot(pick(expected, price), len(evidence.systems)))))

    low, high = 0.0, 1.0 / max(float(expected.cost.mean()), 1e-300)
    if got(low) < wanted:
        return Prices(0.0, 0.0)
    while got(high) >= wanted and high < 1e300:
        low, high = high, high * 4
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if got(middle) >= wanted else (low, middle)
    low, high = low * (1 - _beside(expected)), high * (1 + _beside(expected))
    above, below = got(low), got(high)
    return Prices(low, high, 1.0 if above <= below else float(min(1.0, max(0.0, (wanted - below) / (above - below)))))


def _beside(expected: Expected) -> float:
    """How far apart the two sides of a price are: hardly, where no question differs from another."""
    return BESIDE if np.ptp(expected.quality, axis=0).any() or np.ptp(expected.cost, axis=0).any() else 1e-9


def _sides(price: float, cost: Callable[[Prices], float], budget: float, beside: float) -> Prices:
    """Both sides of a price, mixed so that the budget is spent to the end."""
    low, high = price * (1 - beside), price * (1 + beside)
    dear, cheap = cost(Prices(low, low)), cost(Prices(high, high))
    return Prices(low, high, 1.0 if dear <= budget else float(max(0.0, (budget - cheap) / (dear - cheap))))


def pick(expected: Expected, price: float, time: float = 0.0) -> NDArray[np.intp]:
    """(n,) the system for each question; among equals the cheapest."""
    gain = _worthier(expected, time).quality - price * expected.cost
    best = gain >= gain.max(axis=1, keepdims=True) - 1e-12
    return np.asarray(np.argmin(np.where(best, expected.cost, np.inf), axis=1))


def lottery(expected: Expected, prices: Prices) -> Floats:
    """(n, S): how often each system is asked each question."""
    count = expected.quality.shape[1]
    dear = onehot(pick(expected, prices.low, prices.time), count)
    return prices.share * dear + (1 - prices.share) * onehot(pick(expected, prices.high, prices.time), count)


def onehot(level: NDArray[np.intp], count: int) -> Floats:
    """(n, count): 1 where a level was chosen."""
    return np.asarray(level[:, None] == np.arange(count), dtype=np.float64)


def mixed(table: Floats, asked: Floats) -> Floats:
    """(n,): what an (S, n) table gives where systems are asked (n, S) so often; NaN where one that is asked is not known."""
    return np.asarray(np.where(asked > 0, asked * table.T, 0.0).sum(axis=1))
