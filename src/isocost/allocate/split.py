"""The continuous form: one total poured over concave curves until the last unit is worth the same in all of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Split(NamedTuple):
    """What each curve gets, the marginal value that they share, and the value of it all."""

    amounts: Floats
    price: float
    value: float


class Concave(Protocol):
    """One concave curve, or many in arrays: what split needs to know of it."""

    def check(self, number: int) -> None:
        """Raises ValueError for what is wrong with the curve, which is number `number` (or the first of several)."""

    def value(self, amount: Floats) -> Floats:
        """What the amounts are worth."""

    def amount(self, price: float) -> Floats:
        """How much is worth its price: every unit whose marginal value is above it."""


@dataclass(frozen=True)
class _Family:
    """a: the scale; b: the second parameter; numbers for one curve, arrays for many."""

    a: ArrayLike
    b: ArrayLike

    def check(self, number: int) -> None:
        """Refuses a negative scale and a second parameter out of its range, by the curve's number."""
        a, b = self._arrays()
        wrong = ~(np.isfinite(a) & (a >= 0) & np.isfinite(b) & (b > 0) & (b < self._below()))
        if wrong.any():
            i = int(wrong.argmax())
            limit = "" if math.isinf(self._below()) else f" and below {self._below():g}"
            raise ValueError(
                f"{type(self).__name__}, curve {number + i}: a must be at least 0 and b above 0{limit}, or it is not concave "
                f"and rising; got a={a[i]:g}, b={b[i]:g}."
            )

    def _arrays(self) -> tuple[Floats, Floats]:
        a, b = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (self.a, self.b)))
        return a, b

    def _below(self) -> float:
        return math.inf


class Saturating(_Family):
    """a (1 - exp(-b x)): each unit finds a share b of what is still missing. Coverage, pass@k of one difficulty."""

    def value(self, amount: Floats) -> Floats:
        """What the amounts are worth."""
        a, b = self._arrays()
        return -a * np.expm1(-b * amount)

    def amount(self, price: float) -> Floats:
        """log(a b / price) / b, and not below 0."""
        a, b = self._arrays()
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(a) + np.log(b) - np.log(price), 0.0) / b if price > 0 else np.where(a > 0, np.inf, 0.0)


class Logarithmic(_Family):
    """a log(1 + b x): the same gain for every doubling."""

    def value(self, amount: Floats) -> Floats:
        """What the amounts are worth."""
        a, b = self._arrays()
        return a * np.log1p(b * amount)

    def amount(self, price: float) -> Floats:
        """a / price - 1 / b, and not below 0."""
        a, b = self._arrays()
        return np.maximum(a / price - 1 / b, 0.0) if price > 0 else np.where(a > 0, np.inf, 0.0)


class Power(_Family):
    """a x^b with 0 < b < 1: the power laws of scaling, turned to rise."""

    def value(self, amount: Floats) -> Floats:
        """What the amounts are worth."""
        a, b = self._arrays()
        return a * amount**b

    def amount(self, price: float) -> Floats:
        """(a b / price)^(1 / (1 - b))."""
        a, b = self._arrays()
        with np.errstate(over="ignore"):  # an infinite demand is an answer: the price is too low
            return (a * b / price) ** (1 / (1 - b)) if price > 0 else np.where(a > 0, np.inf, 0.0)

    def _below(self) -> float:
        return 1.0


@dataclass(frozen=True)
class Points:
    """Straight lines between points: amounts rising from 0 and their values, (m,) for one curve or (n, m) for many.

    Beyond its last point a curve takes nothing more; what falls is never taken.
    """

    amounts: ArrayLike
    values: ArrayLike

    def check(self, number: int) -> None:
        """Refuses amounts that do not rise from 0 and values that are not concave, by the curve's number."""
        x, y = self._arrays()
        if x.shape[1] < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError(
                f"Points, curve {number}: at least two finite points are needed, got {x.shape[1]}: {x[0]}, {y[0]}."
            )
        rising = (x[:, 0] == 0) & (np.diff(x) > 0).all(axis=1)
        if not rising.all():
            i = int(rising.argmin())
            raise ValueError(
                f"Points, curve {number + i}: amounts must rise from 0, got {x[i]}. Hint: sort them and add what 0 is worth."
            )
        slopes = np.diff(y) / np.diff(x)
        bends = np.diff(slopes) > 1e-9 * np.abs(slopes).max(axis=1, keepdims=True)
        if bends.any():
            i, j = (int(k) for k in np.argwhere(bends)[0])
            raise ValueError(
                f"Points, curve {number + i} is not concave: from the amount {x[i, j + 1]:g} on a unit is worth "
                f"{slopes[i, j + 1]:g}, before it {slopes[i, j]:g}. Hint: give its upper hull, or use choose."
            )

    def value(self, amount: Floats) -> Floats:
        """What the amounts are worth."""
        x, y = self._arrays()
        filled = np.clip(amount[:, None] - x[:, :-1], 0.0, np.diff(x))
        worth: Floats = y[:, 0] + (filled * (np.diff(y) / np.diff(x))).sum(axis=1)
        return worth

    def amount(self, price: float) -> Floats:
        """The lengths of the pieces that are steeper than the price."""
        x, y = self._arrays()
        widths = np.diff(x)
        taken: Floats = (widths * (np.diff(y) > price * widths)).sum(axis=1)
        return taken

    def _arrays(self) -> tuple[Floats, Floats]:
        x, y = np.broadcast_arrays(*(np.atleast_2d(np.asarray(z, dtype=np.float64)) for z in (self.amounts, self.values)))
        return x, y


@dataclass(frozen=True)
class _Function:
    """A curve of which only the values are known, by asking: a golden section finds each amount."""

    function: Callable[[float], float]
    total: float

    def check(self, number: int) -> None:
        grid = np.linspace(0.0, self.total, 65)
        y = self.value(grid)
        bends = np.diff(y, 2) > 1e-9 * max(np.ptp(y), 1e-300)
        if not np.isfinite(y).all() or bends.any():
            x = grid[int((~np.isfinite(y)).argmax()) if not np.isfinite(y).all() else int(bends.argmax()) + 1]
            raise ValueError(
                f"curve {number} is not concave and finite from 0 to {self.total:g}: look near the amount {x:g}, where it is "
                f"worth {self.function(float(x)):g}. Hint: tabulate it and give the upper hull as Points."
            )

    def value(self, amount: Floats) -> Floats:
        return np.array([self.function(float(x)) for x in amount], dtype=np.float64)

    def amount(self, price: float) -> Floats:
        shrink, low, high = (math.sqrt(5) - 1) / 2, 0.0, self.total

        def net(x: float) -> float:
            return float(self.function(x)) - price * x

        left, right = high - shrink * (high - low), low + shrink * (high - low)
        at_left, at_right = net(left), net(right)
        while high - low > 1e-10 * self.total:
            if at_left >= at_right:
                high, right, at_right = right, left, at_left
                left = high - shrink * (high - low)
                at_left = net(left)
            else:
                low, left, at_left = left, right, at_right
                right = low + shrink * (high - low)
                at_right = net(right)
        return np.array([(low + high) / 2])


Curves = Concave | ArrayLike | Callable[[float], float]


def split(curves: Curves | Sequence[Curves], total: float) -> Split:
    """The amounts, at most `total` together, whose summed value is largest; with the marginal value common to all.

    curves: one object of many curves (`Saturating(a, b)` with arrays), or a sequence whose members are such objects, arrays
    of points (m, 2), or functions from an amount to its value. Each is concave; one that is not is refused by its number.
    Water-filling: every curve takes the units that are worth more than the price, and the price is the one at which that is
    the total (Boyd & Vandenberghe 2004, 5.5.3). Curves that are equal get equal amounts. If the curves cannot use the total,
    the price is 0 and the amounts sum to less.
    """
    if not (math.isfinite(total) and total >= 0):
        raise ValueError(f"total must be a finite number of at least 0, got {total}.")
    parts = _parts(curves, float(total))

    def demand(price: float) -> Floats:
        return np.concatenate([part.amount(price) for part in parts])

    amounts, price = _fill(demand, float(total))
    ends = np.cumsum([len(part.amount(1.0)) for part in parts])[:-1]
    value = sum(float(part.value(own).sum()) for part, own in zip(parts, np.split(amounts, ends), strict=True))
    return Split(amounts, price, value)


def _parts(curves: Curves | Sequence[Curves], total: float) -> list[Concave]:
    given = [curves] if hasattr(curves, "amount") or callable(curves) else list(curves)  # type: ignore[arg-type]
    if not given:
        raise ValueError("curves must name at least one curve, got none.")
    parts: list[Concave] = []
    number = 0
    for one in given:
        part: Concave
        if hasattr(one, "amount"):
            part = one  # type: ignore[assignment]  # by its name: a protocol cannot be asked
        elif callable(one):
            part = _Function(one, total)
        else:
            points = np.asarray(one, dtype=np.float64)
            if points.ndim != 2 or points.shape[1] != 2:
                raise ValueError(f"curve {number}: points must be of shape (m, 2), amount and value, got {points.shape}.")
            part = Points(points[:, 0], points[:, 1])
        part.check(number)
        parts.append(part)
        number += len(part.amount(1.0))
    return parts


def _fill(demand: Callable[[float], Floats], total: float) -> tuple[Floats, float]:
    """The amounts and the price at which demand meets the total: bisection with secants, in the logarithm of the price."""
    most = demand(0.0)
    if most.sum() <= total:
        return most, 0.0
    low = high = 0.0  # logarithms
    while (few := demand(math.exp(high))).sum() > total:
        low, high = high, high + 2.0 + abs(high)
        if high > 230:
            return np.zeros_like(few), math.inf  # a total of 0, and a curve whose first unit is worth any price
    while (many := demand(math.exp(low))).sum() <= total:
        low -= 2.0 + abs(low)
        if low < -690:
            return demand(math.exp(-690)), 0.0  # so flat that the rest is worth nothing in floating point
    for step in range(200):
        over, under = many.sum() - total, total - few.sum()
        if over + under <= 1e-13 * total or high - low <= 4e-16 * max(1.0, abs(low)):
            break
        share = over / (over + under) if step % 2 and math.isfinite(over) else 0.5
        middle = low + (high - low) * min(max(share, 1e-3), 1 - 1e-3)
        amounts = demand(math.exp(middle))
        if amounts.sum() > total:
            low, many = middle, amounts
        else:
            high, few = middle, amounts
    # Both ends have the same price now; a piece of exactly that slope is shared in proportion to its length.
    over, under = many.sum() - total, total - few.sum()
    share = under / (over + under) if over + under > 0 else 0.0
    return few + share * (many - few), math.exp((low + high) / 2)
