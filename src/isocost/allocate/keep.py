"""Which of many things to keep when they share parts: each is worth something, each part that is still needed costs once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import LinearConstraint, milp


class Kept(NamedTuple):
    """What is kept (n,), and the value less the cost of it."""

    keep: NDArray[np.bool_]
    worth: float


def keep(value: ArrayLike, parts: ArrayLike, cost: ArrayLike, groups: ArrayLike | None = None, *, bonus: float = 0.0) -> Kept:
    """The non-empty set of things S that maximises

        sum of value over S  -  sum of cost over the parts that any of S needs  +  bonus x (groups that S has a member of)

    value: (n,). parts: (n, m) booleans, whether a thing needs a part. cost: (m,), at least 0. groups: (n,), any labels. Exact:
    an integer program (HiGHS) in which only the things are whole numbers; a part is then 1 where a thing needs it and a group
    is 1 where it has a member, since each costs or pays. It is the selection step of ETS (Hooper et al. 2025, arXiv
    2502.13575): leaves of a search tree, the nodes on their paths, and clusters of like steps.
    """
    worth, needs, price = (np.asarray(given, kind) for given, kind in ((value, float), (parts, bool), (cost, float)))
    n, m = _checked(worth, needs, price, bonus)
    labels = np.zeros(n, int) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1)
    if len(labels) != n:
        raise ValueError(f"groups must be one label for each of {n} things, got {len(labels)}.")
    k = int(labels.max()) + 1
    thing, part = np.nonzero(needs)
    links = np.zeros((len(thing) + k + 1, n + m + k))  # rows: part >= thing; members - group >= 0; at least one thing
    links[np.arange(len(thing)), thing], links[np.arange(len(thing)), n + part] = -1.0, 1.0
    members = links[len(thing) : len(thing) + k]
    members[labels, np.arange(n)] = 1.0
    members[np.arange(k), n + m + np.arange(k)] = -1.0
    links[-1, :n] = 1.0
    least = np.zeros(len(links))
    least[-1] = 1.0
    found = milp(
        np.concatenate([-worth, price, np.full(k, -bonus)]),
        integrality=np.concatenate([np.ones(n), np.zeros(m + k)]),
        bounds=(0, 1),
        constraints=LinearConstraint(links, lb=least),
    )
    kept = found.x[:n] > 0.5
    spent = float(price[needs[kept].any(axis=0)].sum())
    return Kept(kept, float(worth[kept].sum()) - spent + bonus * len(set(labels[kept])))


def _checked(worth: NDArray[np.float64], needs: NDArray[np.bool_], price: NDArray[np.float64], bonus: float) -> tuple[int, int]:
    n, m = len(worth), len(price)
    if n == 0:
        raise ValueError("value must have at least 1 thing to keep, got none.")
    if needs.shape != (n, m):
        raise ValueError(f"parts must have a row for each of {n} things and a column for each of {m} parts, got {needs.shape}.")
    if not (np.isfinite(worth).all() and np.isfinite(price).all() and (price >= 0).all() and 0 <= bonus < np.inf):
        raise ValueError(f"values must be finite, costs and the bonus finite and at least 0, got {worth}, {price} and {bonus}.")
    return n, m
