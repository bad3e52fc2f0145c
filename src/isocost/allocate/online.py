"""The same rule one item at a time: a running price that keeps to the budget over a horizon."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

STEP = 0.2  # by simulation on the worlds of bench/allocate_more.py: .1 learns late, .4 shakes
Row = tuple[float, ...]


@dataclass
class Online:
    """Chooses a level for each item as it comes, the future unknown, and never spends more than the budget in all.

    budget: for the whole horizon, one number or (r,) for several at once. horizon: how many items are expected. price: value a
    unit of budget to begin with (`choose(...).price` of earlier items is a good one; 0 begins by taking the best).
    Dual mirror descent (Balseiro, Lu & Mirrokni 2020, Algorithm 1, Euclidean mirror): an item takes the level of largest
    value - price * cost, then the price rises by a step times what the level cost above what one item may cost. Two departures:
    what one item may cost is what is left over the items still to come, so that nothing stays over; and the step is
    measured in what was seen (`spread`, the largest difference in value between two levels of an item, and `moved`, the
    squared moves so far, as in AdaGrad of Duchi et al. 2011), so that no scale has to be known.
    All fields but budget and horizon are the running state; `Online(**online.saved())` goes on where it was.
    """

    budget: Any
    horizon: int
    price: Any = 0.0
    spent: Any = 0.0
    seen: int = 0
    spread: float = 0.0
    moved: Any = 0.0

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ValueError(f"horizon must be at least 1 item, got {self.horizon}.")
        shape = np.shape(self.budget)
        if len(shape) > 1 or shape == (0,):
            raise ValueError(f"budget must be one number or one row (r,), got shape {shape}.")
        for name in ("budget", "price", "spent", "moved"):
            given = np.asarray(getattr(self, name), dtype=np.float64)
            if given.shape not in ((), shape) or not (np.isfinite(given).all() and (given >= 0).all()):
                raise ValueError(f"{name} must be finite and at least 0, one number or of shape {shape}, got {given}.")
            setattr(self, name, tuple(np.broadcast_to(given, shape).tolist()) if shape else float(given))

    def choose(self, value: ArrayLike, cost: ArrayLike) -> int | None:
        """The level for this item, or None when no level fits into what is left; the price and the spending move on.

        value (k,): NaN forbids a level; cost (k,), or (k, r) for several budgets. Of equal levels the first is taken.
        """
        v, c = self._read(value, cost)
        spent, price, limit = self._row(self.spent), self._row(self.price), self._row(self.budget)
        level, most = None, -math.inf
        for j, (worth, costs) in enumerate(zip(v, c, strict=True)):
            net = worth - sum(map(float.__mul__, price, costs))
            if net > most and all(s + x <= b for s, x, b in zip(spent, costs, limit, strict=True)):
                level, most = j, net
        known = [x for x in v if x == x]
        self.spread = max(self.spread, max(known) - min(known))
        self._pay(c[level] if level is not None else (0.0,) * len(limit))
        return level

    def saved(self) -> dict[str, Any]:
        """The whole state in plain numbers and tuples, as JSON takes it."""
        return asdict(self)

    def _pay(self, costs: Row) -> None:
        """The spending, and each budget's price, after an item of these costs."""
        still = max(self.horizon - self.seen, 1)
        rows = zip(*map(self._row, (self.budget, self.price, self.spent, self.moved)), costs, strict=True)
        after = [_moved(row, self.spread, self.horizon, still) for row in rows]
        price, spent, moved = zip(*after, strict=True)
        many = isinstance(self.budget, tuple)
        self.price, self.spent, self.moved = (price, spent, moved) if many else (price[0], spent[0], moved[0])
        self.seen += 1

    def _row(self, number: Any) -> Row:
        return number if isinstance(number, tuple) else (number,)

    def _read(self, value: ArrayLike, cost: ArrayLike) -> tuple[list[float], list[Row]]:
        v, c = np.asarray(value, dtype=np.float64), np.asarray(cost, dtype=np.float64)
        wanted = (*v.shape, *np.shape(self.budget))
        if v.ndim != 1 or c.shape != wanted:
            raise ValueError(f"item {self.seen}: value must be (k,) and cost {wanted}, got {v.shape} and {c.shape}.")
        values, costs = v.tolist(), c.reshape(len(v), -1).tolist()
        if all(x != x for x in values):
            raise ValueError(f"item {self.seen} has no level: its {len(v)} values are all NaN. Hint: leave the item out.")
        for j, (worth, row) in enumerate(zip(values, costs, strict=True)):
            if worth == worth and (math.isinf(worth) or not all(0 <= x < math.inf for x in row)):
                raise ValueError(
                    f"item {self.seen}, level {j}: the value must be finite and costs finite and at least 0, got {worth} and "
                    f"{row}. Hint: a NaN value forbids a level, whatever its cost."
                )
        return values, [tuple(row) for row in costs]


def _moved(row: Row, spread: float, horizon: int, still: int) -> Row:
    """One budget's price, spending and squared moves after an item: row holds the budget, these three, and the cost."""
    budget, price, spent, moved, cost = row
    share = budget / horizon
    if share == 0:
        return price, spent, moved  # nothing can be bought with it, at any price
    gap = cost - (budget - spent) / still
    moved += (gap / share) ** 2
    step = STEP * spread / share / math.sqrt(horizon + moved)
    return max(price + step * gap / share, 0.0), spent + cost, moved
