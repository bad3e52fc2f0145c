"""One level for each item, the most value within a budget."""

from numpy.typing import ArrayLike

from isocost.allocate.single import Choice, single

__all__ = ["Choice", "choose"]


def choose(value: ArrayLike, cost: ArrayLike, budget: float, *, exact: bool = False) -> Choice:
    """The levels that are worth most together and cost at most the budget.

    `value` and `cost` are (n, k) and one level is chosen for each of the n items; a NaN value forbids a level (so items may
    have fewer than k), and its cost is not looked at. Costs are at least 0; values may be negative. Equal plans are told apart
    by the tables' order alone, so the same tables give the same choice.

    The relaxation is solved, then closed by a search among the swaps that can still matter. Most tables end proved; where the
    search ends first, `bound` says how far the choice can be from the best. A gap below 1e-9 of the value is left unless
    `exact=True`, which also searches 16 times longer and asks HiGHS for a better bound on what is then left.
    A ValueError names the item that has no level or a cost that is none, and the least budget that is enough.
    """
    return single(value, cost, budget, exact)
