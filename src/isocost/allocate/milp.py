"""The last resort for small hard cases: HiGHS finds and proves the best of the levels that are still open."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
SECONDS = 60.0  # then what was found stands, with what was proved of it
ROWS, WORTH = 1e3, 1e3  # the largest entry of a row and of the values, against HiGHS's absolute tolerances of 1e-6


class Problem(NamedTuple):
    """Values (n, k), NaN for no level; what items' levels use of each limit, (r, m) sparse; the limits (r,); integer values?"""

    value: Floats
    used: Callable[[Levels, Levels], csr_array]
    limit: Floats
    whole: bool

    def worth(self, level: Levels) -> float:
        """The plan's summed value, rounded once."""
        return math.fsum(self.value[np.arange(len(level)), level])

    def spent(self, level: Levels, items: Levels | None = None) -> Floats:
        """What the plan (or some items of it) uses of each limit, each rounded once."""
        chosen = np.arange(len(level)) if items is None else items
        rows = self.used(chosen, level[chosen]).tocsr()
        return np.array([math.fsum(rows.data[a:b]) for a, b in pairwise(rows.indptr)])


class Found(NamedTuple):
    """The best plan known (n,), or None; the most that any plan is worth; and whether HiGHS settled it."""

    level: Levels | None
    bound: float
    proved: bool


def improved(problem: Problem, plan: Levels | None, loss: Floats, bound: float) -> Found:
    """The best plan, by HiGHS over the levels that a better plan than the given one can use.

    loss (n, k) is what each level loses against its item's best at the prices where the dual is `bound` (infinite: no level): a
    plan with a level that loses more than bound - worth is no better (reduced-cost fixing), so most levels need no variable.
    """
    worth = -np.inf if plan is None else problem.worth(plan)
    room = bound - worth - (1 - 1e-6 if problem.whole else 0.0)
    if room < 0:
        return Found(plan, worth, True)
    keep, level = np.isfinite(loss) & (loss <= room), loss.argmin(axis=1)
    free = np.flatnonzero(keep.sum(axis=1) > 1)
    settled = np.delete(np.arange(len(level)), free)
    item, other = np.nonzero(keep[free])
    value, rows = problem.value[free[item], other], problem.used(free[item], other)
    left, most, proved = problem.limit - problem.spent(level, settled), bound, True
    if (rows.data == np.rint(rows.data)).all():
        left = np.floor(left)
    for attempt in range(4):
        taken, above, closed = _solve(value, item, rows, left)
        if attempt == 0:
            most = min(bound, math.fsum(problem.value[settled, level[settled]]) + above)
        proved &= closed
        if taken is None:
            break
        level[free[item[taken]]] = other[taken]
        over = problem.spent(level) - problem.limit
        if (over <= 0).all():
            if problem.worth(level) > worth:
                plan, worth = level, problem.worth(level)
            break
        # HiGHS keeps limits to a tolerance: again, with that much less.
        left, proved = left - np.where(over > 0, np.maximum(2 * over, 2e-6 / ROWS * _largest(rows)), 0.0), False
    return Found(plan, worth if proved else max(worth, most), proved)


def _solve(value: Floats, item: Levels, rows: csr_array, left: Floats) -> tuple[NDArray[np.bool_] | None, float, bool]:
    """One variable of each item (counted from 0) within what is left: those taken, an upper bound, and whether it is closed."""
    if (left < 0).any() or not len(value):
        return None if (left < 0).any() else np.zeros(0, dtype=np.bool_), -np.inf if (left < 0).any() else 0.0, True
    scale = ROWS / _largest(rows)
    worth = WORTH / max(float(np.abs(value).max()), 1e-300)
    result = milp(
        -value * worth,
        integrality=np.ones(len(value)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(csr_array((np.ones(len(value)), (item, np.arange(len(value))))), 1.0, 1.0),
            LinearConstraint(csr_array(rows.multiply(scale[:, None])), -np.inf, left * scale),
        ],
        options={"time_limit": SECONDS, "mip_rel_gap": 0.0},
    )
    above = np.inf if result.mip_dual_bound is None else -float(result.mip_dual_bound) / worth
    if result.status == 2:
        return None, -np.inf, True
    return None if result.x is None else result.x > 0.5, above, result.status == 0


def _largest(rows: csr_array) -> Floats:
    """The largest entry of each row."""
    found: Floats = np.maximum(abs(rows).max(axis=1).toarray().ravel(), 1e-300)
    return found
