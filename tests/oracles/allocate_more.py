"""Slow obvious twins of the allocator's other forms: everything tried, one after the other."""

from itertools import product

import numpy as np


def plans(value):
    """Every plan without a forbidden level."""
    n, k = value.shape
    for level in product(range(k), repeat=n):
        if not np.isnan(value[np.arange(n), level]).any():
            yield np.array(level, dtype=int)


def best_within(value, rows, limit):
    """The largest value of a plan with `rows(level) <= limit` everywhere; None if there is none."""
    fits = [level for level in plans(value) if (np.asarray(rows(level)) <= limit).all()]
    return max((float(value[np.arange(len(level)), level].sum()) for level in fits), default=None)


def cheapest(value, cost, at_least):
    """The least cost of a plan that is worth at least so much; None if there is none."""
    rows = np.arange(len(value))
    enough = [level for level in plans(value) if value[rows, level].sum() >= at_least]
    return min((float(cost[rows, level].sum()) for level in enough), default=None)


def fewest_dollars(size, capacity, price, limit):
    """The least cost of bins that hold items (n, d), one item after the other into every open bin and into a new one."""
    best = np.inf

    def place(i, left, kinds):
        nonlocal best
        cost = sum(price[j] for j in kinds)
        if cost >= best - 1e-12:
            return
        if i == len(size):
            best = cost
            return
        for b in range(len(left)):
            if (size[i] <= left[b] + 1e-9).all():
                place(i + 1, [*left[:b], left[b] - size[i], *left[b + 1 :]], kinds)
        for j in range(len(price)):
            if (size[i] <= capacity[j] + 1e-9).all() and kinds.count(j) < limit[j]:
                place(i + 1, [*left, capacity[j] - size[i]], [*kinds, j])

    place(0, [], [])
    return best
