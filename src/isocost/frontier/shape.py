"""The shape of a frontier of two axes: what each step along it costs, its upper hull, and its knee.

Everything here is told in one orientation: x is paid (less is better), y is gained (more is better). Flip the sign of an axis
that runs the other way.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.frontier.dominance import nondominated


class Step(NamedTuple):
    """From one point of the frontier to a better and dearer one; start and end are rows of the given points.

    price: extra x for one more unit of y (a point of accuracy is .01 of a unit: divide by 100).
    """

    start: int
    end: int
    extra: float
    gain: float
    price: float


def staircase(x: ArrayLike, y: ArrayLike) -> NDArray[np.intp]:
    """The rows on the frontier in order of x; of equal points only the first."""
    points = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    rows = np.flatnonzero(nondominated(points, (False, True)))
    return rows[np.unique(points[rows, 0], return_index=True)[1]]


def marginal_costs(x: ArrayLike, y: ArrayLike) -> tuple[Step, ...]:
    """What the next unit of y costs between neighbours on the frontier, cheapest first."""
    return _steps(staircase(x, y), np.asarray(x, dtype=float), np.asarray(y, dtype=float))


def hull_costs(x: ArrayLike, y: ArrayLike) -> tuple[Step, ...]:
    """The same along the upper hull, where prices only rise.

    A frontier point that the hull passes over is beaten by tossing a coin, question by question, between the two hull points
    around it (the convex hull of the ROC literature: Provost and Fawcett, 2001): same x, more y.
    """
    paid, gained = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    hull: list[int] = []
    for row in staircase(x, y):  # Andrew's monotone chain: drop whatever makes the price fall
        while len(hull) >= 2 and _price(hull[-2], hull[-1], paid, gained) >= _price(hull[-1], row, paid, gained):
            hull.pop()
        hull.append(int(row))
    return _steps(hull, paid, gained)


def knee(x: ArrayLike, y: ArrayLike) -> int | None:
    """The row of the frontier point furthest above the chord from its cheapest to its best point, both axes scaled to [0, 1].

    This is Kneedle's difference curve for points already given (Satopaa et al., 2011, without smoothing and sensitivity).
    None with fewer than three points, or when none lies above the chord. Pitfalls: it depends on both ends, so one very dear
    system moves it; and it says where returns diminish on this scale, not what is worth its price (`marginal_costs` does).
    """
    rows = staircase(x, y)
    paid, gained = np.asarray(x, dtype=float)[rows], np.asarray(y, dtype=float)[rows]
    if len(rows) < 3 or not (np.isfinite(paid).all() and np.isfinite(gained).all()):
        return None
    above = (gained - gained[0]) / (gained[-1] - gained[0]) - (paid - paid[0]) / (paid[-1] - paid[0])
    best = int(np.argmax(above))
    return int(rows[best]) if above[best] > 1e-12 else None  # a straight frontier has no knee, rounding aside


def _steps(rows: Sequence[int] | NDArray[np.intp], x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Step, ...]:
    pairs = itertools.pairwise(rows)
    return tuple(Step(int(a), int(b), float(x[b] - x[a]), float(y[b] - y[a]), _price(a, b, x, y)) for a, b in pairs)


def _price(start: int | np.intp, end: int | np.intp, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float((x[end] - x[start]) / (y[end] - y[start]))
