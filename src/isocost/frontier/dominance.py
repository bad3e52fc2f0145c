"""Dominance and hypervolume over any number of axes, each with its direction. The work is done by moocore's C.

A point dominates another when it is at least as good on every axis and better on one (Zitzler et al., 2003). Here:
- equal points do not dominate each other: duplicates of a frontier point are all on the frontier (moocore alone would keep
  the first only);
- a point with an unknown (NaN) coordinate is never on the frontier and adds no volume (moocore alone would keep it);
- infinite coordinates are allowed in dominance: an infinite cost is worse than any finite one.
"""

from collections.abc import Sequence

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def nondominated(points: ArrayLike, maximise: bool | Sequence[bool] = False) -> Flags:
    """Which points (n, d) no other point dominates, as n flags; `maximise` is one direction, or one for each axis."""
    matrix, directions = _checked(points, maximise)
    known = ~np.isnan(matrix).any(axis=1)
    flags = np.zeros(len(matrix), dtype=bool)
    whole = matrix[known]
    if np.isinf(whole).any():  # moocore 0.3.2 errs on infinities from four axes on; ranks order alike
        whole = np.column_stack([np.unique(column, return_inverse=True)[1].astype(float) for column in whole.T])
    if len(whole):
        flags[known] = moocore.is_nondominated(whole, maximise=directions, keep_weakly=True)
    return flags


def hypervolume(points: ArrayLike, reference: ArrayLike, maximise: bool | Sequence[bool] = False) -> float:
    """The volume that the points (n, d) dominate and that in turn dominates the reference (d); 0 for no points.

    Points no better than the reference on some axis add nothing. With cost minimised, accuracy maximised and the reference
    (c, 0), the hypervolume divided by c is the best affordable accuracy, averaged over budgets spread evenly from 0 to c.
    """
    matrix, directions = _checked(points, maximise)
    sign = np.where(directions, -1.0, 1.0)
    losses, limit = matrix * sign, corner(reference, len(directions)) * sign
    losses = losses[(losses < limit).all(axis=1)]  # drops NaN rows too: they compare false
    if not len(losses):
        return 0.0
    if np.isneginf(losses).any():
        return float("inf")
    return float(moocore.hypervolume(losses, ref=limit))


def corner(reference: ArrayLike, axes: int) -> Floats:
    """The reference as an array, when it has a finite number for each axis."""
    array = np.asarray(reference, dtype=float)
    if array.shape != (axes,) or not np.isfinite(array).all():
        raise ValueError(f"the reference must be {axes} finite numbers, one for each axis, got {reference!r}.")
    return array


def _checked(points: ArrayLike, maximise: bool | Sequence[bool]) -> tuple[Floats, Flags]:
    matrix = np.asarray(points, dtype=float)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise ValueError(
            f"points must be a matrix (points, axes) with at least one axis, got shape {matrix.shape}. "
            "Hint: np.column_stack([cost, accuracy])."
        )
    directions = np.asarray(maximise)
    if directions.dtype != bool:
        raise ValueError(f"maximise must be true or false for each axis, got {maximise!r}.")
    if directions.shape not in ((), (matrix.shape[1],)):
        raise ValueError(f"maximise must be one flag or {matrix.shape[1]}, one for each axis, got {maximise!r}.")
    return matrix, np.broadcast_to(directions, matrix.shape[1])
