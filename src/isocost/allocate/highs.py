"""The last resort for small hard cases: a bound on the swaps that are left, from an integer program."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from isocost.allocate.swaps import Plan, Swaps

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
MANY, NODES = 1_000, 2_000  # swaps that HiGHS is asked about, and the nodes that it may take
TOLERANCE = 1e-6  # HiGHS's own, on feasibility and on its gap


def by_highs(value: Floats, cost: Floats, level: Levels, swaps: Swaps, plan: Plan) -> float:
    """A bound on what the best set of swaps gains; infinite where there are too many swaps.

    HiGHS keeps to a budget and to its gap within a tolerance only: a bound allows for both, a plan of its would not be one.
    """
    i, j = swaps.item, swaps.level
    if not 0 < len(i) <= MANY:
        return np.inf
    gain, more = value[i, j] - value[i, level[i]], cost[i, j] - cost[i, level[i]]
    room = (plan.budget - plan.spent) - plan.rest
    worth, dear = np.abs(gain).max(), np.abs(more).max()
    once, row = np.unique(i, return_inverse=True)
    each = csr_array((np.ones(len(i)), (row, np.arange(len(i)))), shape=(len(once), len(i)))
    limits = [LinearConstraint(each, ub=1.0), LinearConstraint(more[None, :] / dear, ub=room / dear)]
    options = {"mip_rel_gap": 0.0, "node_limit": NODES}
    said = milp(-gain / worth, integrality=np.ones(len(i)), bounds=Bounds(0, 1), constraints=limits, options=options)
    return np.inf if said.mip_dual_bound is None else float((TOLERANCE - said.mip_dual_bound) * worth)
