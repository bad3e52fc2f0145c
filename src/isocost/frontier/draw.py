"""From measured systems to their frontier: who is on it, how surely, and what the next one costs."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from isocost.frontier.confidence import Confidence, frontier_confidence
from isocost.frontier.dominance import Floats
from isocost.frontier.drawn import Frontier, Place, Rise
from isocost.frontier.optimism import frontier_optimism
from isocost.frontier.shape import hull_costs, knee, marginal_costs
from isocost.metrics.estimate import Basis, Estimate, basis_of, estimate
from isocost.metrics.summary import AXES, Axis, ItemTable
from isocost.records.errors import InputError
from isocost.stats import Interval, clustered_wilson, mean_of_sums


def draw(
    table: ItemTable,
    *,
    x: str | Sequence[str] = "cost",
    y: str = "accuracy",
    reference: Sequence[float] | None = None,
    replicates: int = 1000,
    rng: np.random.Generator,
) -> Frontier:
    """The frontier of the table's systems: y against x, or against several x.

    A system without any value on an axis (an unpriced one, say) is left out and named. Systems that are equal on all axes are
    all on the frontier. `reference` is the hypervolume's corner in the order of the axes (x..., y); by default the worst value
    of any system on a minimised axis, and 0 on a maximised one.
    """
    axes = (x, y) if isinstance(x, str) else (*x, y)
    maximise = [_axis(axis).maximise for axis in axes]
    every = np.stack([_matrix(table, axis) for axis in axes])
    left_out = _left_out(table, axes, every)
    kept = [row for row, system in enumerate(table.systems) if system not in left_out]
    if not kept:
        raise InputError(f"no system has values on all of {', '.join(axes)}: {left_out or 'there are no systems'}.")
    whole, clusters = every[:, kept], table.groups
    sure = frontier_confidence(
        *whole, maximise=maximise, reference=reference, clusters=clusters, replicates=replicates, rng=rng
    )
    flattered = frontier_optimism(*whole, maximise=maximise, reference=sure.reference, clusters=clusters, rng=rng)
    bases: list[Basis] = [table.bases[row] for row in kept] if table.bases else ["measured"] * len(kept)
    basis, names = basis_of(bases), [table.systems[row] for row in kept]
    rises, hull, bend = _shape(names, sure.points, maximise)
    places = [
        Place(
            system=name,
            estimates=tuple(_estimate(whole[a, row], maximise[a], clusters, bases[row]) for a in range(len(axes))),
            on_frontier=float(sure.on_frontier[row]),
            member=bool(sure.member[row]),
        )
        for row, name in enumerate(names)
    ]
    order = sorted(range(len(names)), key=lambda row: (sure.points[row, 0], names[row]))
    return Frontier(
        axes=axes,
        frontier=tuple(names[row] for row in order if sure.member[row]),
        systems=tuple(places[row] for row in order),
        hypervolume=estimate(sure.hypervolume, basis),
        bias=sure.bias,
        reference=sure.reference,
        optimism=estimate(flattered.hypervolume, basis),
        flattery=tuple(estimate(one, basis) for one in flattered.axes),
        rises=rises,
        hull=hull,
        knee=bend,
        left_out=left_out,
        notes=tuple(_notes(names, whole, sure)),
    )


def _axis(name: str) -> Axis:
    if name not in AXES:
        raise InputError(f"an axis must be one of {', '.join(AXES)}, got '{name}'.")
    return AXES[name]


def _matrix(table: ItemTable, axis: str) -> Floats:
    if axis not in table.values:
        raise InputError(f"the table has no '{axis}', only {', '.join(table.values)}. Hint: name it to item_table.")
    return table.values[axis]


def _left_out(table: ItemTable, axes: Sequence[str], every: Floats) -> dict[str, str]:
    """The systems without a single value on some axis, and why."""
    reasons = {}
    for row, system in enumerate(table.systems):
        lacks = [axis for axis, matrix in zip(axes, every, strict=True) if np.isnan(matrix[row]).all()]
        if lacks:
            reasons[system] = " and ".join("unpriced" if axis == "cost" else f"{axis} not measured" for axis in lacks)
    return reasons


def _estimate(values: Floats, maximise: bool, clusters: NDArray[np.int64] | None, basis: Basis) -> Estimate:
    """The mean over questions with the metrics' kind of interval: of a share, or of a quantity that is never negative.

    It is the metrics' own where each question was tried once; where it was tried several times, this sees only their means.
    """
    known = ~np.isnan(values)
    codes = (np.arange(len(values)) if clusters is None else np.unique(clusters, return_inverse=True)[1])[known]
    values = values[known]
    totals, counts = np.bincount(codes, weights=values), np.bincount(codes)
    if maximise and values.min() >= 0 and values.max() <= 1:
        return estimate(clustered_wilson(totals, counts, binary=bool(np.isin(values, (0, 1)).all())), basis)
    found = mean_of_sums(totals, counts)
    if found.method == "unbounded: no spread":
        found = Interval(found.value, found.value, found.value, found.n, f"constant over {found.n}")
    return estimate(found, basis, floor=0.0)


def _shape(
    names: Sequence[str], points: Floats, maximise: Sequence[bool]
) -> tuple[tuple[Rise, ...], tuple[Rise, ...], str | None]:
    """Rises between neighbours and along the hull, and the knee: of two axes, else nothing."""
    if len(maximise) != 2:
        return (), (), None
    paid, gained = points[:, 0] * (-1 if maximise[0] else 1), points[:, 1] * (1 if maximise[1] else -1)
    bend = knee(paid, gained)
    rises, hull = (
        tuple(Rise(start=names[a], end=names[b], extra=extra, gain=gain, price=price) for a, b, extra, gain, price in steps)
        for steps in (marginal_costs(paid, gained), hull_costs(paid, gained))
    )
    return rises, hull, None if bend is None else names[bend]


def _notes(names: Sequence[str], whole: Floats, sure: Confidence) -> Iterator[str]:
    """What to know before comparing: systems on other questions than the rest, systems that tie."""
    answered = [~np.isnan(whole[:, row]).any(axis=0) for row in range(len(names))]
    asked, shared = np.any(answered, axis=0).sum(), np.all(answered, axis=0).sum()
    if shared < asked:
        short = [f"{name} ({row.sum()})" for name, row in zip(names, answered, strict=True) if row.sum() < asked]
        yield (
            f"not all systems are compared on the same questions: of {asked}, {shared} have values for all systems; fewer have "
            f"{', '.join(short)}, whose questions may be easier or harder than the others"
        )
    for point in np.unique(sure.points[sure.member], axis=0):
        equal = [name for name, its in zip(names, sure.points, strict=True) if (its == point).all()]
        if len(equal) > 1:
            yield f"{', '.join(equal)} are equal on every axis: none dominates the others, so all are on the frontier"
