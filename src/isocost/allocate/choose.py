"""One level for each item, the most value within a budget."""

from collections.abc import Sequence
from typing import cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.allocate.atleast import cheapest
from isocost.allocate.groups import GroupsChoice, choose_in_groups
from isocost.allocate.several import SeveralChoice, choose_several
from isocost.allocate.single import Choice, single

Many = Sequence[float] | NDArray[np.floating] | NDArray[np.integer]

__all__ = ["Choice", "choose"]


@overload
def choose(value: ArrayLike, cost: ArrayLike, budget: float, *, exact: bool = False) -> Choice:
    """One budget."""


@overload
def choose(value: ArrayLike, cost: ArrayLike, *, at_least: float, exact: bool = False) -> Choice:
    """The least cost."""


@overload
def choose(value: ArrayLike, cost: ArrayLike, budget: Many, *, groups: ArrayLike, exact: bool = False) -> GroupsChoice:
    """A budget for each group."""


@overload
def choose(value: ArrayLike, cost: ArrayLike, budget: Many, *, exact: bool = False) -> SeveralChoice:
    """Several budgets."""


def choose(
    value: ArrayLike,
    cost: ArrayLike,
    budget: float | Many | None = None,
    *,
    exact: bool = False,
    at_least: float | None = None,
    groups: ArrayLike | None = None,
) -> Choice | SeveralChoice | GroupsChoice:
    """The levels that are worth most together and cost at most the budget.

    `value` and `cost` are (n, k) and one level is chosen for each of the n items; a NaN value forbids a level (so items may
    have fewer than k), and its cost is not looked at. Costs are at least 0; values may be negative. Equal plans are told apart
    by the tables' order alone, so the same tables give the same choice.

    The relaxation is solved, then closed by a search among the swaps that can still matter. Most tables end proved; where the
    search ends first, `bound` says how far the choice can be from the best. A gap below 1e-9 of the value is left unless
    `exact=True`, which also searches 16 times longer and asks HiGHS for a better bound on what is then left.
    A ValueError names the item that has no level or a cost that is none, and the least budget that is enough.

    Three other forms: with costs (n, k, r) and budgets (r,) every one is kept (`choose_several`); `at_least` in place of a
    budget asks for the least cost that is worth so much (`cheapest`); `groups` (n,) with budgets (g,) gives each group its
    own (`choose_in_groups`, which also takes a total).
    """
    if (budget is None) == (at_least is None):
        raise ValueError(f"choose takes either a budget or at_least, got budget={budget!r} and at_least={at_least!r}")
    if at_least is not None and groups is not None:
        raise ValueError("groups need a budget each, not at_least. Hint: call choose once a group")
    if at_least is not None:
        return cheapest(value, cost, at_least, exact=exact)
    if groups is not None:
        return choose_in_groups(value, cost, np.asarray(budget), groups, exact=exact)
    if np.ndim(cost) == 3 or np.ndim(cast("float", budget)):
        return choose_several(value, cost, np.asarray(budget), exact=exact)
    return single(value, cost, cast("float", budget), exact)
