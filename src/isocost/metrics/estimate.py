"""`Estimate`: a number that says how sure it is, from how much, by what method, and on what basis."""

import math
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from isocost.stats import Interval

Basis = Literal["measured", "replayed", "published", "predicted", "simulated"]

# From the strongest to the weakest: what mixes two is as weak as the weaker.
BASES: tuple[Basis, ...] = ("measured", "replayed", "published", "predicted", "simulated")


class Estimate(Struct, frozen=True):
    """A value, its interval, the number of answers it rests on, the method of the interval, and the basis of the numbers.

    Finite numbers or None, so that JSON holds it. value None: not known, or infinite; `method` says which. low or high None:
    that end is open (one observation bounds nothing).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    basis: Basis


def estimate(interval: Interval, basis: Basis, *, floor: float = -math.inf, note: str = "") -> Estimate:
    """The interval as an estimate; its low end, where it has one, not below the floor."""
    low = interval.low if math.isinf(interval.low) else max(interval.low, floor)
    method = "; ".join(filter(None, (interval.method, note)))
    return Estimate(_finite(interval.value), _finite(low), _finite(interval.high), interval.n, method, basis)


def missing(reason: str, basis: Basis) -> Estimate:
    """The estimate of what is not known, and why."""
    return Estimate(None, None, None, 0, reason, basis)


def basis_of(sources: Iterable[str]) -> Basis:
    """The weakest basis among the sources of some records; a source that is not known counts as simulated."""
    known: dict[str, Basis] = {"measured": "measured", "served": "measured", "replayed": "replayed", "published": "published"}
    return max((known.get(source, "simulated") for source in sources), key=BASES.index, default="measured")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
