"""Dominance and hypervolume in many replicas of the same systems at once: (replicas, systems, axes).

Two axes go through one vectorised sweep over the systems in order of the first axis; more go to moocore, replica by replica.
"""

from collections.abc import Sequence

import numpy as np

from isocost.frontier.dominance import Flags, Floats, corner, hypervolume, nondominated


def nondominated_each(replicas: Floats, maximise: Sequence[bool]) -> Flags:
    """`nondominated` of each replica, (replicas, systems); values equal to 12 digits of their axis' largest are equal.

    A matrix product may give two systems with the same answers means that differ in their last bit: no reason to dominate.
    """
    largest = np.nanmax(np.abs(replicas), axis=(0, 1), initial=0.0)
    replicas = np.round(replicas / np.where(largest > 0, largest, 1.0), 12)
    if replicas.shape[2] != 2:
        return np.array([nondominated(replica, maximise) for replica in replicas], dtype=bool)
    first, second = _losses(replicas, maximise)
    order = np.lexsort((second, first), axis=-1)
    first, second = np.take_along_axis(first, order, -1), np.take_along_axis(second, order, -1)
    least = np.minimum.accumulate(second, axis=-1)
    # Where the running minimum was last lowered: a system that ties it survives only with the same first coordinate.
    lowered = np.pad(least[:, 1:] < least[:, :-1], ((0, 0), (1, 0)))
    record = np.maximum.accumulate(np.where(lowered, np.arange(order.shape[1]), 0), axis=-1)
    flags = (second == least) & (first == np.take_along_axis(first, record, -1)) & np.isfinite(first)
    in_place = np.empty(order.shape, dtype=bool)
    np.put_along_axis(in_place, order, flags, -1)
    return in_place


def hypervolume_each(replicas: Floats, reference: Sequence[float], maximise: Sequence[bool]) -> Floats:
    """`hypervolume` of each replica, (replicas,)."""
    if replicas.shape[2] != 2:
        return np.array([hypervolume(replica, reference, maximise) for replica in replicas])
    first, second = _losses(replicas, maximise)
    right, top = corner(reference, 2) * np.where(maximise, -1.0, 1.0)
    order = np.argsort(first, axis=-1)
    edges = np.minimum(np.take_along_axis(first, order, -1), right)
    heights = top - np.minimum.accumulate(np.minimum(np.take_along_axis(second, order, -1), top), axis=-1)
    return np.asarray((heights * np.diff(edges, axis=-1, append=right)).sum(axis=-1))


def _losses(replicas: Floats, maximise: Sequence[bool]) -> tuple[Floats, Floats]:
    """Both axes with less as better; a system with an unknown coordinate is infinitely bad."""
    signed = replicas * np.where(maximise, -1.0, 1.0)
    signed = np.where(np.isnan(signed).any(axis=2, keepdims=True), np.inf, signed)
    return signed[..., 0], signed[..., 1]
