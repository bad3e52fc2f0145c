"""Several budgets at once (money and seconds and energy): Lagrangian prices with a certified bound, made whole and improved."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from isocost.allocate.check import affordable, checked
from isocost.allocate.exchange import exchanged, rounded
from isocost.allocate.milp import SECONDS, Found, Problem, improved
from isocost.allocate.multipliers import at_prices, multipliers

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
NEAR = 2000  # changes of level, nearest to a tie at the prices, of which one or two at a time are tried


class SeveralChoice(NamedTuple):
    """A level for each item (n,), its summed value, its cost and the price by budget (r,), and how good it is.

    The fields mean what they mean in `Choice`: `price[a]` is the value that one more unit of budget a buys, and no choice
    within the budgets is worth more than `bound`.
    """

    level: Levels
    value: float
    cost: Floats
    price: Floats
    bound: float
    optimal: bool


def choose_several(value: ArrayLike, cost: ArrayLike, budget: ArrayLike, *, exact: bool = False) -> SeveralChoice:
    """The levels that are worth most together and cost at most every budget: value (n, k), cost (n, k, r), budget (r,).

    The bound is the Lagrangian dual, which for this problem equals the linear relaxation (Geoffrion 1974); the multipliers that
    minimise it are the prices. The relaxation mixes levels in some items; these are rounded one after the other, each making up
    for the error of those before it, which leaves every budget about one item off; changes of one or two items mend that and
    improve it. `exact` hands what may still be better to HiGHS. ValueError: as `choose`, and when no choice keeps to all
    budgets at once (proved by the prices or by HiGHS), or none was found.
    """
    problem, c = _read(value, cost, budget)
    found = multipliers(problem.value, c, problem.limit)
    plans = [at_prices(problem.value, c, price) for price in found.mixed]
    unit = np.where(problem.limit > 0, problem.limit, 1.0)
    level = rounded(np.array(plans), found.share, c, unit)
    net = problem.value - c @ found.price
    loss = np.where(np.isnan(net), np.inf, np.nanmax(net, axis=1, keepdims=True) - net)
    fits = _exchange(problem, c, level, loss, unit)
    # A little more than the dual, so that rounding cannot break the bound.
    bound = found.bound + 1e-13 * (abs(found.bound) + float(np.nanmax(np.abs(problem.value))))
    best = Found(level, bound, False) if fits else Found(None, bound, False)
    if exact or not fits:
        best = improved(problem, best.level, loss, bound)
    if best.level is None:
        why = "there is none (proved by HiGHS)" if best.proved else f"none was found in {SECONDS:g} s of HiGHS"
        raise ValueError(f"no choice keeps to all budgets {problem.limit.tolist()} at once: {why}. Hint: raise one of them")
    total = problem.worth(best.level)
    bound = max(total, math.floor(best.bound + 1e-9) if problem.whole else best.bound)
    proved = best.proved or bound - total <= 1e-12 * abs(total)
    return SeveralChoice(best.level, total, problem.spent(best.level), found.price, bound, proved)


def _read(value: ArrayLike, cost: ArrayLike, budget: ArrayLike) -> tuple[Problem, Floats]:
    """The problem, with NaN for every level that no choice within the budgets can use, and its costs (n, k, r)."""
    v, c, b = (
        np.array(value, dtype=np.float64),
        np.ascontiguousarray(cost, dtype=np.float64),
        np.asarray(budget, dtype=np.float64),
    )
    if b.ndim != 1 or not len(b) or c.shape != (*v.shape, len(b)):
        raise ValueError(f"with value {v.shape} and budget {b.shape}, cost must be (items, levels, budgets), got {c.shape}")
    whole, forbidden = False, np.isnan(v)
    for a in range(len(b)):
        try:
            table = checked(v, c[:, :, a])
            affordable(table, float(b[a]))
        except ValueError as error:
            raise ValueError(f"budget {a}: {error}") from None
        whole = table.whole
        least = np.where(np.isnan(v), np.inf, c[:, :, a]).min(axis=1, keepdims=True)
        room = (b[a] - table.least) * (1 + 1e-9) + 1e-12 * b[a]
        forbidden |= c[:, :, a] - least > room  # beside the cheapest of everything else it does not fit
    if (closed := forbidden.all(axis=1)).any():
        raise ValueError(
            f"no choice keeps to all budgets {b.tolist()} at once: no level of item {int(closed.argmax())} fits into what the "
            "other items' cheapest levels leave"
        )
    v[forbidden] = np.nan
    return Problem(v, lambda item, level: csr_array(c[item, level].T), b, whole), c


def _exchange(problem: Problem, cost: Floats, level: Levels, loss: Floats, unit: Floats) -> bool:
    """Improves the plan in place by changes among the levels nearest to a tie; whether it keeps to the budgets."""
    change = loss.copy()
    change[np.arange(len(level)), level] = np.inf
    near = np.argpartition(change, NEAR, axis=None)[:NEAR] if change.size > NEAR else np.arange(change.size)
    item, other = np.unravel_index(near[np.isfinite(change.ravel()[near])], change.shape)
    core, place = np.unique(item, return_inverse=True)
    value = np.full((len(core), change.shape[1]), np.nan)
    for rows, columns in ((place, other), (np.arange(len(core)), level[core])):
        value[rows, columns] = problem.value[core[rows], columns]
    safety = np.zeros(len(unit))
    for _ in range(3):
        own = level[core]
        exchanged(value, cost[core], own, problem.limit - problem.spent(level) - safety, unit)
        level[core] = own
        over = problem.spent(level) - problem.limit
        if (over <= 0).all():
            return True
        safety += np.where(over < 1e-9 * unit, 2 * np.maximum(over, 0.0), 0.0)  # rounding: again, with that much less
    return False
