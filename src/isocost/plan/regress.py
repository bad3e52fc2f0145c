"""Regressions from a question's coordinates to several numbers at once, kept as plain arrays.

Each has `fit(points (n, d), targets (n, r), rng)`, gives (n, r), and is made again of its `arrays()` to predict the same.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from isocost.plan.evidence import Floats
from isocost.plan.rule import Arrays

ROUNDS, RATE, DEPTH, LEAF, SAMPLED, TRIED, BINS = 150, 0.05, 3, 20, 0.6, 0.1, 32  # of the boosted trees
NEAREST = 100
PENALTIES = np.geomspace(10, 1e5, 9)


class Regression(Protocol):
    """From points to numbers."""

    @classmethod
    def fit(cls, points: Floats, targets: Floats, rng: np.random.Generator) -> Self:
        """The regression that these points and targets suggest."""
        ...

    def __call__(self, points: Floats) -> Floats:
        """(n, r): what is expected at these points."""
        ...

    def arrays(self) -> Arrays:
        """All that it is made of."""
        ...


class _Kept:
    """What a dataclass of arrays is kept as."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def arrays(self) -> Arrays:
        """Its fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Linear(_Kept):
    """Ridge regression; how much it shrinks is chosen for each target by leave-one-out, in closed form (Golub et al. 1979)."""

    weights: Floats
    constant: Floats

    @classmethod
    def fit(cls, points: Floats, targets: Floats, rng: np.random.Generator) -> Self:
        """Draws nothing. One decomposition serves all penalties: scikit-learn's RidgeCV gives the same more slowly."""
        middle, start = points.mean(axis=0), targets.mean(axis=0)
        around, over = points - middle, targets - start
        size, turn = np.linalg.eigh(around.T @ around)
        size, turned = np.maximum(size, 0.0), around @ turn
        shrunk = 1.0 / (size + PENALTIES[:, None])
        along = turned.T @ over
        missed = over - np.stack([turned @ (each[:, None] * along) for each in shrunk])
        own = 1 / len(points) + shrunk @ (turned**2).T
        best = ((missed / (1 - own)[:, :, None]) ** 2).mean(axis=1).argmin(axis=0)
        weights = turn @ (shrunk[best].T * along)
        return cls(weights, start - middle @ weights)

    def __call__(self, points: Floats) -> Floats:
        """The targets' plane."""
        return points @ self.weights + self.constant


@dataclass(frozen=True)
class Neighbours(_Kept):
    """The mean of the NEAREST questions' targets; kept are the questions' coordinates, from which no text can be read."""

    points: Floats
    targets: Floats

    @classmethod
    def fit(cls, points: Floats, targets: Floats, rng: np.random.Generator) -> Self:
        """Remembers."""
        return cls(points, targets)

    def __call__(self, points: Floats) -> Floats:
        """The means of the nearest, by a tree where few dimensions allow it (scikit-learn decides)."""
        from sklearn.neighbors import KNeighborsRegressor

        count = min(NEAREST, len(self.points))
        found = KNeighborsRegressor(count).fit(self.points, self.targets).predict(points)
        return np.asarray(found, dtype=np.float64).reshape(len(points), -1)


@dataclass(frozen=True)
class Boosted(_Kept):
    """Small trees for all targets at once, each fitted to what those before it left over (Friedman 2001, squared loss).

    feature, threshold: (trees, 2^DEPTH - 1) by node, the children of node i being 2 i + 1 (at most the threshold) and 2 i + 2;
    value: (trees, 2^DEPTH, r) by leaf, shrunk already. scikit-learn's own boosting has one tree for each target; here targets
    share the trees' questions, and their strength. Thresholds are quantiles, as in its histogram trees.
    """

    start: Floats
    feature: NDArray[np.int64]
    threshold: Floats
    value: Floats

    @classmethod
    def fit(cls, points: Floats, targets: Floats, rng: np.random.Generator) -> Self:
        """Each tree sees a random part of the questions and, at each node, of the coordinates."""
        from isocost.plan.trees import grow

        edges = np.quantile(points, np.arange(1, BINS) / BINS, axis=0).T
        codes = np.column_stack([np.searchsorted(*pair) for pair in zip(edges, points.T, strict=True)]).astype(np.uint8)
        ends = np.column_stack([edges, np.full((len(edges), 2), np.inf)])  # all go left
        count, nodes = len(points), 2**DEPTH - 1
        coordinates = np.tile(np.arange(points.shape[1]), (nodes, 1))
        start = targets.mean(axis=0)
        over, trees = targets - start, []
        for _ in range(ROUNDS):
            seen = rng.permutation(count)[: max(1, round(SAMPLED * count))]
            tried = rng.permuted(coordinates, axis=1)[:, : max(1, round(TRIED * points.shape[1]))]
            feature, cut, value, leaf = grow(codes, over, seen, tried, BINS, LEAF)
            over -= RATE * value[leaf]
            trees.append((feature, ends[feature, cut], RATE * value))
        return cls(start, *(np.stack(parts) for parts in zip(*trees, strict=True)))

    def __call__(self, points: Floats) -> Floats:
        """The sum of all trees' leaves."""
        every, total = np.arange(len(points)), np.tile(self.start, (len(points), 1))
        for feature, threshold, value in zip(self.feature, self.threshold, self.value, strict=True):
            node = np.zeros(len(points), dtype=np.int64)
            for _ in range(DEPTH):
                node = 2 * node + 1 + (points[every, feature[node]] > threshold[node])
            total += value[node - len(feature)]
        return total


REGRESSIONS: dict[str, type[Linear] | type[Neighbours] | type[Boosted]] = {
    "linear": Linear,
    "neighbours": Neighbours,
    "boosted": Boosted,
}
