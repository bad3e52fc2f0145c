"""Regressions from a question's coordinates to several numbers at once; fitted with scikit-learn, kept as plain arrays.

Each has `fit(points (n, d), targets (n, r), rng)`, gives (n, r), and is made again of its `arrays()` to predict the same.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from isocost.plan.evidence import Floats
from isocost.plan.rule import Arrays

ROUNDS, RATE, DEPTH, LEAF, SAMPLED, TRIED = 150, 0.05, 3, 20, 0.6, 0.1  # of the boosted trees
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

    feature, threshold, left, right: (trees, nodes), a leaf's children being itself; value: (trees, nodes, r), shrunk already.
    scikit-learn's own boosting has one tree for each target; here systems share the trees' questions, and their strength.
    """

    start: Floats
    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats

    @classmethod
    def fit(cls, points: Floats, targets: Floats, rng: np.random.Generator) -> Self:
        """Each tree sees a random part of the questions and, at each node, of the coordinates."""
        from sklearn.tree import DecisionTreeRegressor

        single, start = points.astype(np.float32), targets.mean(axis=0)
        over, trees = targets - start, []
        for seed in rng.integers(2**31, size=ROUNDS):
            seen = rng.permutation(len(points))[: max(1, round(SAMPLED * len(points)))]
            tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=LEAF, max_features=TRIED, random_state=int(seed))
            grown = tree.fit(single[seen], over[seen], check_input=False).tree_
            over -= RATE * grown.predict(single).reshape(over.shape)
            trees.append(grown)
        return cls(start, *_table(trees, targets.shape[1]))

    def __call__(self, points: Floats) -> Floats:
        """The sum of all trees' leaves; trees compare single-precision coordinates, as they did when they were grown."""
        single = points.astype(np.float32)
        every = np.arange(len(points))
        total = np.tile(self.start, (len(points), 1))
        for feature, threshold, left, right, value in zip(
            self.feature, self.threshold, self.left, self.right, self.value, strict=True
        ):
            node = np.zeros(len(points), dtype=np.int64)
            for _ in range(DEPTH):
                node = np.where(single[every, feature[node]] <= threshold[node], left[node], right[node])
            total += value[node]
        return total


def _table(trees: list[object], targets: int) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64], NDArray[np.int64], Floats]:
    """scikit-learn's trees as arrays of one size, leaves leading to themselves."""
    shape = len(trees), max((tree.node_count for tree in trees), default=1)  # type: ignore[attr-defined]
    feature, left, right = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    threshold, value = np.zeros(shape), np.zeros((*shape, targets))
    for row, tree in enumerate(trees):
        count = tree.node_count  # type: ignore[attr-defined]
        leaf, own = tree.children_left < 0, np.arange(count)  # type: ignore[attr-defined]
        feature[row, :count] = np.where(leaf, 0, tree.feature)  # type: ignore[attr-defined]
        threshold[row, :count] = tree.threshold  # type: ignore[attr-defined]
        left[row, :count] = np.where(leaf, own, tree.children_left)  # type: ignore[attr-defined]
        right[row, :count] = np.where(leaf, own, tree.children_right)  # type: ignore[attr-defined]
        value[row, :count] = RATE * tree.value[:, :, 0]  # type: ignore[attr-defined]
    return feature, threshold, left, right, value


REGRESSIONS: dict[str, type[Linear] | type[Neighbours] | type[Boosted]] = {
    "linear": Linear,
    "neighbours": Neighbours,
    "boosted": Boosted,
}
