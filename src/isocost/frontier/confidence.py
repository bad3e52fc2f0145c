"""How surely a system is on the frontier.

Systems answer the same questions, so whole questions are drawn again (a paired bootstrap): every replicate keeps what makes
a question hard, or dear, for all systems together.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from isocost.frontier.axes import bundled, default_reference, means, stacked
from isocost.frontier.dominance import Flags, Floats, hypervolume, nondominated
from isocost.frontier.replicas import hypervolume_each, nondominated_each
from isocost.stats import Interval, bootstrap_means

BUNDLES = 8192  # beyond it, random bundles of questions are drawn: the same variance, estimated with as many degrees of freedom


class Confidence(NamedTuple):
    """What resampling the questions says.

    points: the means (systems, axes); member: on the frontier of these means; on_frontier: in which share of replicates.
    bias: by how much the replicates' mean hypervolume exceeds the hypervolume. reference: the corner it is measured from.
    """

    points: Floats
    member: Flags
    on_frontier: Floats
    hypervolume: Interval
    bias: float
    reference: tuple[float, ...]


def frontier_confidence(
    *axes: ArrayLike,
    maximise: Sequence[bool] = (False, True),
    reference: Sequence[float] | None = None,
    clusters: ArrayLike | None = None,
    replicates: int = 1000,
    rng: np.random.Generator,
) -> Confidence:
    """The chance of each system to be on the frontier, and the 95 % interval of the hypervolume.

    Each axis is a matrix (systems, questions) of the same questions in the same order, NaN where a system has no value: its
    mean is then over the questions it has. By default there are two, x to be small and y to be large; `maximise` holds a flag
    for each. `clusters` labels questions that belong together and are drawn together.

    The chance is the share of replicates in which no other system dominates it; of two systems that differ by z standard
    errors the better one wins in about Phi(z) of them. The interval is the basic (reflected) bootstrap: a hypervolume is a
    maximum, too large on average, and replicates repeat that bias, so their quantiles taken as they are would miss twice
    over (Davison and Hinkley 1997, 5.2.1). Systems that are all equal still defeat it: docs/frontier.md has the coverage.
    """
    whole = stacked(axes, maximise)
    points = means(whole)
    corner = default_reference(points, maximise) if reference is None else tuple(map(float, reference))
    codes = bundled(whole.shape[2], clusters, BUNDLES, rng)
    units = int(codes.max()) + 1
    drawn = codes if units < len(codes) else None
    resampled = bootstrap_means(whole.reshape(-1, len(codes)), replicates, rng, drawn)
    replicas = resampled.reshape(replicates, len(axes), -1).swapaxes(1, 2)  # (replicates, systems, axes)
    on_frontier = nondominated_each(replicas, maximise).mean(axis=0)
    volumes = hypervolume_each(replicas, corner, maximise)
    volume = hypervolume(points, corner, maximise)
    interval = _reflected(volume, volumes, n=len(codes), units=units)
    return Confidence(points, nondominated(points, maximise), on_frontier, interval, float(volumes.mean()) - volume, corner)


def _reflected(value: float, replicas: Floats, n: int, units: int) -> Interval:
    if units < 2:
        return Interval(value, 0.0, math.inf, n, "unbounded: one question or cluster")
    low, high = np.quantile(replicas, (0.025, 0.975))
    if low == high:
        return Interval(value, 0.0, math.inf, n, "unbounded: no spread")
    # Widened, where need be, so that it holds its own value and nothing below 0.
    return Interval(
        value,
        max(0.0, min(value, 2 * value - float(high))),
        max(value, 2 * value - float(low)),
        n,
        f"basic bootstrap, {len(replicas)} replicates",
    )
