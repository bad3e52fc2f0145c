"""The matrices behind a frontier: one for each axis, (systems, questions), NaN where a system has no value."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.frontier.dominance import Flags, Floats


def default_reference(points: ArrayLike, maximise: Sequence[bool] | Flags) -> tuple[float, ...]:
    """The worst value of any system on a minimised axis; 0 on a maximised one (or the worst value, if that is negative)."""
    matrix = np.asarray(points, dtype=float)
    finite = np.where(np.isfinite(matrix), matrix, np.nan)
    if np.isnan(finite).all(axis=0).any():
        raise ValueError(f"every axis needs a system with a finite mean, got {matrix.tolist()}. Hint: leave the axis out.")
    worst = np.where(maximise, np.minimum(np.nanmin(finite, axis=0), 0.0), np.nanmax(finite, axis=0))
    return tuple(map(float, worst))


def stacked(matrices: Sequence[ArrayLike], maximise: Sequence[bool]) -> Floats:
    """The matrices (systems, questions) as one array (axes, systems, questions), when they fit together."""
    arrays = [np.asarray(matrix, dtype=float) for matrix in matrices]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 2 or 0 in arrays[0].shape:
        raise ValueError(
            "each axis must be a matrix (systems, questions), all of one shape with at least one of each, "
            f"got {', '.join(str(array.shape) for array in arrays)}."
        )
    if len(maximise) != len(arrays):
        raise ValueError(f"maximise must hold a flag for each of the {len(arrays)} axes, got {maximise!r}.")
    whole = np.stack(arrays)
    if np.isinf(whole).any():
        raise ValueError("the values of single questions must be finite, or NaN where missing; found an infinite one.")
    return whole


def means(axes: Floats) -> Floats:
    """Each system's mean on each axis (systems, axes) over the questions it has; NaN where it has none."""
    known = ~np.isnan(axes)
    counts = known.sum(axis=2)
    totals = np.where(known, axes, 0.0).sum(axis=2)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan).T


def bundled(items: int, clusters: ArrayLike | None, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A code for each question by which it is drawn: its cluster, or itself; beyond `most` of them, a random bundle."""
    codes = np.arange(items) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    if codes.shape != (items,):
        raise ValueError(f"clusters must hold a label for each of the {items} questions, got shape {codes.shape}.")
    units = int(codes.max()) + 1
    return codes if units <= most else (rng.permutation(units) % most)[codes]
