"""Slow obvious twins of the frontier: dominance pair by pair, hypervolume by counting the cells of the points' own grid."""

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np


def dominates(a: Sequence[float], b: Sequence[float], maximise: Sequence[bool]) -> bool:
    """a is nowhere worse than b, and somewhere better."""
    nowhere_worse = all(p >= q if up else p <= q for p, q, up in zip(a, b, maximise, strict=True))
    somewhere_better = any(p > q if up else p < q for p, q, up in zip(a, b, maximise, strict=True))
    return nowhere_worse and somewhere_better


def nondominated(points: Sequence[Sequence[float]], maximise: Sequence[bool]) -> list[bool]:
    """Every known point against every other."""
    known = [not any(np.isnan(value) for value in point) for point in points]
    rivals = [point for point, whole in zip(points, known, strict=True) if whole]
    return [
        whole and not any(dominates(rival, point, maximise) for rival in rivals)
        for point, whole in zip(points, known, strict=True)
    ]


def hypervolume(points: Sequence[Sequence[float]], reference: Sequence[float], maximise: Sequence[bool]) -> float:
    """The total volume of the grid cells between the points and the reference whose middle some point dominates."""
    losses = [[-v if up else v for v, up in zip(p, maximise, strict=True)] for p in points]
    limit = [-v if up else v for v, up in zip(reference, maximise, strict=True)]
    edges = [sorted({p[axis] for p in losses if p[axis] < limit[axis]} | {limit[axis]}) for axis in range(len(limit))]
    volume = 0.0
    for cell in product(*(pairwise(line) for line in edges)):
        middle = [(low + high) / 2 for low, high in cell]
        if any(all(v <= m for v, m in zip(p, middle, strict=True)) for p in losses):
            volume += float(np.prod([high - low for low, high in cell]))
    return volume
