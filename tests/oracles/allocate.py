"""Slow obvious twins of the allocator: every plan tried, every price tried, and the integer program as it is written."""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp


def plans(value: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Every way to take one allowed level for each item."""
    return product(*([j for j, v in enumerate(row) if not math.isnan(v)] for row in value.tolist()))


def total(table: np.ndarray, plan: tuple[int, ...]) -> float:
    """A plan's sum, rounded once."""
    return math.fsum(table[i, j] for i, j in enumerate(plan))


def best_value(value: np.ndarray, cost: np.ndarray, budget: float) -> float:
    """The most that any plan within the budget is worth; minus infinity if there is none."""
    return max((total(value, plan) for plan in plans(value) if total(cost, plan) <= budget), default=-math.inf)


def efficient_levels(value: np.ndarray, cost: np.ndarray) -> list[int]:
    """An item's levels on its upper left hull, from the cheapest: each is best at some price, checked level against level."""
    known = [j for j in range(len(value)) if not math.isnan(value[j])]
    ahead = lambda a, b: cost[a] <= cost[b] and value[a] >= value[b] and ((cost[a], value[a]) != (cost[b], value[b]) or a < b)  # noqa: E731
    kept = [j for j in known if not any(ahead(a, j) for a in known if a != j)]
    under = lambda a, j, b: (value[j] - value[a]) * (cost[b] - cost[j]) <= (value[b] - value[j]) * (cost[j] - cost[a])  # noqa: E731
    inside = [any(cost[a] < cost[j] < cost[b] and under(a, j, b) for a in kept for b in kept) for j in kept]
    return sorted((j for j, out in zip(kept, inside, strict=True) if not out), key=lambda j: cost[j])


def by_integer_program(value: np.ndarray, cost: np.ndarray, budget: float) -> float:
    """HiGHS's best value, within its tolerances."""
    n, k = value.shape
    allowed = ~np.isnan(value).ravel()
    one = LinearConstraint(np.kron(np.eye(n), np.ones(k)), 1, 1)
    within = LinearConstraint(np.where(allowed, cost.ravel(), 0)[None, :], ub=budget)
    worth = np.where(allowed, value.ravel(), 0)
    bounds, options = Bounds(0, allowed.astype(float)), {"mip_rel_gap": 0.0}
    return -float(milp(-worth, integrality=np.ones(n * k), bounds=bounds, constraints=[one, within], options=options).fun)
