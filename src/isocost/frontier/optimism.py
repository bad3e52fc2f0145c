"""How much a frontier flatters the systems on it, since it was chosen on the very questions it is reported on."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from isocost.frontier.axes import bundled, default_reference, means, stacked
from isocost.frontier.dominance import Floats
from isocost.frontier.replicas import hypervolume_each, nondominated_each
from isocost.stats import Interval

BUNDLES = 1000  # questions are halved in this many random bundles at most: halves of bundles are random halves all the same
GROUPS = 20  # of bundles, for the jackknife


class Optimism(NamedTuple):
    """In-sample minus out-of-sample: what a frontier chosen on half of the questions loses on the other half.

    hypervolume: of the chosen systems. axes: the mean over the chosen systems on each axis, positive where they looked better
    than they were. Choosing on all of the questions flatters less: about 1/sqrt(2) of it.
    """

    hypervolume: Interval
    axes: tuple[Interval, ...]
    splits: int


def frontier_optimism(
    *axes: ArrayLike,
    maximise: Sequence[bool] = (False, True),
    reference: Sequence[float] | None = None,
    clusters: ArrayLike | None = None,
    splits: int = 50,
    rng: np.random.Generator,
) -> Optimism:
    """By how much a frontier looks better on the questions it was chosen on than on others, with 95 % intervals.

    Axes and clusters as in `frontier_confidence`. The frontier is chosen on a random half of the questions and measured on
    the other, both ways round, averaged over `splits` halvings. The interval is a delete-a-group jackknife (Kott 2001) over 20
    groups of questions: rather too wide than too narrow (docs/frontier.md), and unbounded below 4 questions.
    """
    whole = stacked(axes, maximise)
    items = whole.shape[2]
    corner = default_reference(means(whole), maximise) if reference is None else reference
    sums = _sums(whole, bundled(items, clusters, BUNDLES, rng))
    bundles = sums.shape[3]
    if bundles < 4:
        unknown = Interval(math.nan, -math.inf, math.inf, items, "unbounded: fewer than 4 questions or clusters")
        return Optimism(unknown, (unknown,) * len(axes), splits)
    half = np.array([rng.permutation(bundles) < bundles // 2 for _ in range(splits)], dtype=float)
    group = rng.permutation(bundles) % min(GROUPS, bundles)
    # What each group of bundles adds to the first halves (groups, 2, splits, systems, axes) and to everything.
    firsts = np.array([_added(sums[..., group == g], half[:, group == g]) for g in np.unique(group)])
    everything = np.array([_added(sums[..., group == g], np.ones((1, np.sum(group == g)))) for g in np.unique(group)])

    def flattery(first: Floats, both: Floats) -> Floats:
        a, b = _means(first), _means(both - first)
        return (_flattery(a, b, corner, maximise) + _flattery(b, a, corner, maximise)) / 2

    first, both = firsts.sum(axis=0), everything.sum(axis=0)
    value = flattery(first, both)
    without = np.array([flattery(first - f, both - e) for f, e in zip(firsts, everything, strict=True)])
    reach = stdtrit(len(without) - 1, 0.975) * np.sqrt((len(without) - 1) * np.var(without, axis=0))
    method = f"cross-fitted on {splits} halvings, "
    method += f"jackknife of {len(without)} groups" if reach.any() else "the same systems chosen on every half"
    volume, *rest = [Interval(float(v), float(v - r), float(v + r), items, method) for v, r in zip(value, reach, strict=True)]
    return Optimism(volume, tuple(rest), splits)


def _sums(axes: Floats, codes: NDArray[np.intp]) -> Floats:
    """Totals and counts of each bundle of questions, (2, axes, systems, bundles)."""
    known = ~np.isnan(axes)
    rows = np.concatenate([np.where(known, axes, 0.0).reshape(-1, len(codes)), known.reshape(-1, len(codes))])
    sums: Floats = np.array([np.bincount(codes, weights=row) for row in rows])
    return sums.reshape(2, *axes.shape[:2], -1)


def _added(sums: Floats, chosen: Floats) -> Floats:
    """Totals and counts (2, splits, systems, axes) over the chosen bundles (splits, bundles)."""
    rows = chosen @ sums.reshape(-1, sums.shape[3]).T
    return rows.reshape(len(chosen), *sums.shape[:3]).transpose(1, 0, 3, 2)


def _means(sums: Floats) -> Floats:
    """The means (splits, systems, axes); NaN where there is no question."""
    totals, counts = sums
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def _flattery(seen: Floats, fresh: Floats, reference: Sequence[float], maximise: Sequence[bool]) -> Floats:
    """How much better the systems chosen on `seen` are there than on `fresh`, on average over the splits: (1 + axes,)."""
    chosen = nondominated_each(seen, maximise)[..., None] & ~np.isnan(fresh).any(axis=2, keepdims=True)
    seen, fresh = np.where(chosen, seen, np.nan), np.where(chosen, fresh, np.nan)
    volume = hypervolume_each(seen, reference, maximise) - hypervolume_each(fresh, reference, maximise)
    gains = np.nan_to_num(seen - fresh).sum(axis=1) / np.maximum(chosen.sum(axis=1), 1) * np.where(maximise, 1.0, -1.0)
    return np.asarray(np.column_stack([volume, gains]).mean(axis=0))
