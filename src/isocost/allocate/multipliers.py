"""The Lagrangian dual of choosing within several budgets: the prices at which it is least, by cutting planes in a box."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from isocost.allocate.rows import in_blocks

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
SAMPLE, ROUNDS, CLOSE = 4000, 300, 1e-10


class Multipliers(NamedTuple):
    """The prices (r,), the dual's value there, and the plans that the relaxation mixes: their prices (m, r) and shares (m,)."""

    price: Floats
    bound: float
    mixed: Floats
    share: Floats


class _Cut(NamedTuple):
    """The dual and its slope at some prices."""

    price: Floats
    bound: float
    slope: Floats


def multipliers(value: Floats, cost: Floats, budget: Floats) -> Multipliers:
    """The prices at which the dual is least; a ValueError if it has no least, for then no choice keeps to all budgets.

    D(price) = price . budget + sum of every item's best value - price . cost bounds what any choice is worth, is convex, and
    its slope is what the items' best levels leave of the budgets. A linear program over the slopes seen so far says where it
    may be least (Kelley 1960), in a box around the best prices yet (Marsten, Hogan & Blankenship 1975); large tables begin
    where a sample of their items ends. In every unit of these programs a price is what exchanges all the value at stake
    for all the room in a budget.
    """
    least = sum(in_blocks(lambda a, b: _worst(value, a, b), *value.shape))
    low = sum(in_blocks(lambda a, b: _cheapest(value, cost, a, b), *value.shape))
    room = budget - low
    binding = room > 0
    start, radius = np.zeros(len(budget)), 1.0
    if len(value) > 4 * SAMPLE:
        some = np.sort(np.random.default_rng(0).choice(len(value), SAMPLE, replace=False))
        part_value, part_cost = value[some], cost[some]
        part_low = _cheapest(part_value, part_cost, 0, SAMPLE)
        start = multipliers(part_value, part_cost, part_low + np.maximum(room, 0) * SAMPLE / len(value)).price
        radius = 0.05
    cuts = [_cut(value, cost, budget, np.zeros(len(budget)))]
    stake = max(cuts[0].bound - least, 1e-300)
    unit = np.where(binding, stake / np.where(binding, room, 1.0), 0.0)
    if start.any():
        cuts.append(_cut(value, cost, budget, start))
    best = min(cuts, key=lambda cut: cut.bound)
    for _ in range(ROUNDS):
        if best.bound < least - 1e-9 * (abs(least) + stake):
            raise ValueError(_too_little(best, budget))
        where, model, share, edge = _master(cuts, best, unit, radius)
        hope = best.bound - model
        if hope <= CLOSE * stake:
            break
        new = _cut(value, cost, budget, where)
        cuts.append(new)
        if new.bound < best.bound - 0.1 * hope:
            radius *= 2.0 if edge else 1.0
            best = new
        elif new.bound > best.bound:
            radius *= 0.5
            best = min(best, new, key=lambda cut: cut.bound)
    kept = np.flatnonzero(share > 1e-9)
    return Multipliers(best.price, best.bound, np.array([cuts[j].price for j in kept]), share[kept] / share[kept].sum())


def at_prices(value: Floats, cost: Floats, price: Floats) -> Levels:
    """Each item's best level at the prices: largest value - price . cost, of equals the one with the least cost, (n,)."""
    level = np.empty(len(value), dtype=np.intp)
    in_blocks(lambda a, b: _at_prices(value, cost, price, level, a, b), *value.shape)
    return level


def _cut(value: Floats, cost: Floats, budget: Floats, price: Floats) -> _Cut:
    level = np.empty(len(value), dtype=np.intp)
    blocks = in_blocks(lambda a, b: _at_prices(value, cost, price, level, a, b), *value.shape)
    return _Cut(price, float(price @ budget) + sum(block[0] for block in blocks), budget - sum(block[1] for block in blocks))


def _master(cuts: list[_Cut], best: _Cut, unit: Floats, radius: float) -> tuple[Floats, float, Floats, bool]:
    """Where the highest cut is least in the box around the best prices, how high, the cuts' shares, and if at its edge."""
    scale = max(1e-300, max(abs(cut.bound - best.bound) for cut in cuts[-3:]), radius * np.abs(best.slope * unit).sum())
    heights = np.array([cut.bound + cut.slope @ (best.price - cut.price) - best.bound for cut in cuts]) / scale
    slopes = np.array([cut.slope * unit for cut in cuts]) * radius / scale
    down = np.minimum(1.0, best.price / np.where(unit > 0, unit * radius, np.inf))
    bounds = [*((-d, 1.0 if u > 0 else 0.0) for d, u in zip(down, unit, strict=True)), (None, None)]
    aim = np.zeros(len(unit) + 1)
    aim[-1] = 1.0
    result = linprog(aim, np.column_stack([slopes, -np.ones(len(cuts))]), -heights, bounds=bounds, method="highs")
    step = result.x[:-1]
    where = np.maximum(best.price + step * radius * unit, 0.0)
    edge = bool((np.abs(step) > 0.999).any())
    return where, best.bound + float(result.x[-1]) * scale, -result.ineqlin.marginals, edge


def _too_little(best: _Cut, budget: Floats) -> str:
    return (
        f"no choice keeps to all budgets at once: {budget.tolist()} is too little. At the prices "
        f"{best.price.tolist()} all choices cost more than the budgets together. Hint: raise the dearest budget."
    )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _at_prices(value: Floats, cost: Floats, price: Floats, level: Levels, start: int, stop: int) -> tuple[float, Floats]:
    """Fills each item's best level; the sum of their value net of cost, and what they cost."""
    budgets = len(price)
    total, spent = 0.0, np.zeros(budgets)
    for i in range(start, stop):
        best, own = -np.inf, 0
        for j in range(value.shape[1]):
            paid = 0.0
            for a in range(budgets):
                paid += price[a] * cost[i, j, a]
            net = value[i, j] - paid
            if net > best:  # never for NaN
                best, own = net, j
            elif net == best:
                cheaper = 0.0
                for a in range(budgets):
                    cheaper += cost[i, own, a] - cost[i, j, a]
                if cheaper > 0:
                    own = j
        level[i] = own
        total += best
        for a in range(budgets):
            spent[a] += cost[i, own, a]
    return total, spent


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _worst(value: Floats, start: int, stop: int) -> float:
    """The sum of every item's smallest value: no choice is worth less."""
    total = 0.0
    for i in range(start, stop):
        low = np.inf
        for j in range(value.shape[1]):
            low = min(low, value[i, j]) if value[i, j] == value[i, j] else low
        total += low
    return total


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _cheapest(value: Floats, cost: Floats, start: int, stop: int) -> Floats:
    """The sum of every item's smallest cost in each budget."""
    total = np.zeros(cost.shape[2])
    for i in range(start, stop):
        for a in range(cost.shape[2]):
            low = np.inf
            for j in range(value.shape[1]):
                low = min(low, cost[i, j, a]) if value[i, j] == value[i, j] else low
            total[a] += low
    return total
