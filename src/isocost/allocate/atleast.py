"""The other way round: the least cost at which the summed value reaches what is asked."""

import math

import numpy as np
from numpy.typing import ArrayLike

from isocost.allocate.check import checked
from isocost.allocate.single import Choice, single


def cheapest(value: ArrayLike, cost: ArrayLike, at_least: float, *, exact: bool = False) -> Choice:
    """The levels (n,) that cost least together and are worth at least `at_least`.

    The fields mean what they mean in `Choice`, turned round: `price` is what one more unit of value costs (0: the cheapest
    levels are worth enough), and `bound` is a lower bound: no choice that is worth enough costs less. It is the same knapsack:
    what a level falls short of its item's best value is spent, from a budget of what the best values sum to beyond `at_least`;
    what is saved in cost is won. ValueError: as `choose`, and when the best levels of all items together are not worth enough.
    """
    table = checked(value, cost)
    best = np.nanmax(table.value, axis=1, keepdims=True)
    rows, most = np.arange(len(best)), math.fsum(best.ravel())
    if not at_least <= most:
        raise ValueError(f"at_least must be at most {most!r}, what every item's best level is worth together, got {at_least!r}")
    short = 0.0
    for _ in range(4):
        slack = max(0.0, math.fsum([*best.ravel(), -at_least, -short]))
        found = single(-table.cost, best - table.value, slack, exact)
        worth = math.fsum(table.value[rows, found.level])
        if worth >= at_least:
            break
        short += 2 * (at_least - worth)  # best - value was rounded: again, with that much less slack
    return Choice(found.level, worth, -found.value, found.price, -found.bound, found.optimal and not short)
