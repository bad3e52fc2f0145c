"""The whole budget-value curve in one pass: every upgrade of every item, the one that buys most first."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.allocate.check import checked
from isocost.allocate.hull import reordered, steps
from isocost.allocate.order import descending
from isocost.allocate.sums import running

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]


class Curve(NamedTuple):
    """The efficient plans, from every item's cheapest level to every item's best one: m upgrades, so m + 1 plans.

    Plan t costs `cost[t]`, is worth `value[t]`, and no plan of its cost or less is worth more; one more unit of budget buys
    `price[t]` (0 at the end). Upgrade t leads from plan t to plan t + 1: `item[t]` takes `level[t]`. `start` (n,) is plan 0.
    Between two plans the straight line bounds what can be had.
    """

    cost: Floats
    value: Floats
    price: Floats
    item: Levels
    level: Levels
    start: Levels

    def at(self, budget: ArrayLike) -> NDArray[np.intp]:
        """The dearest plan within each budget; a ValueError if a budget is below the cheapest plan."""
        amount = np.asarray(budget, dtype=float)
        if not (amount >= self.cost[0]).all():
            least = f"{float(self.cost[0])!r}, the cost of every item's cheapest level"
            raise ValueError(f"budget must be at least {least}, got {float(amount.min())!r}")
        return np.asarray(np.searchsorted(self.cost, amount, side="right") - 1, dtype=np.intp)

    def level_at(self, budget: float) -> Levels:
        """Every item's level (n,) in the dearest plan within the budget."""
        done, level = int(self.at(budget)), self.start.copy()
        level[self.item[:done]] = self.level[:done]
        return level

    def bound_at(self, budget: ArrayLike) -> Floats:
        """What no plan within each budget can exceed in value, up to rounding: the relaxation's value."""
        at = self.at(budget)
        return np.asarray(self.value[at] + self.price[at] * (np.asarray(budget, dtype=float) - self.cost[at]))


def frontier(value: ArrayLike, cost: ArrayLike) -> Curve:
    """The efficient plans of a table of values and costs (n, k), all budgets at once.

    NaN values forbid levels. Upgrades of equal slope are taken item by item. Sums are of rounded differences, carried exactly:
    integer costs and values stay exact.
    """
    table = checked(value, cost)
    upgrades = steps(table.value, table.cost)
    rows, upgrades = np.arange(len(table.value)), reordered(upgrades, descending(upgrades.slope))
    return Curve(
        running(table.cost[rows, upgrades.start], upgrades.cost),
        running(table.value[rows, upgrades.start], upgrades.value),
        np.append(upgrades.slope, 0.0),
        upgrades.item,
        upgrades.level,
        upgrades.start,
    )
