"""Slow obvious twins of `stats.sequential` and `plan.measure`: products written out, and the promise read from its words."""

import math
from collections.abc import Sequence


def evidence(values: Sequence[float], floor: float, population: int | None, start: int, bets: Sequence[float]) -> list[float]:
    """The log of the mean of the bettors' wealths, each a product of 1 + bet * (value - what the null expects)."""
    found, wealths = [], [1.0] * len(bets)
    for t, value in enumerate(values):
        value = 0.0 if math.isnan(value) else value
        before = sum(v for v in values[:t] if not math.isnan(v))
        expected = -before / (population - t) if population else 0.0
        faster = population / (population - t) if population else 1.0
        if t >= start:
            if expected < floor - 1e-9:
                wealths = [math.inf] * len(bets)
            for g, bet in enumerate(bets):
                if wealths[g] < math.inf and expected > floor + 1e-9:
                    wealths[g] *= 1 + min(bet * faster, 0.9 / (expected - floor)) * (value - expected)
        if population and t + 1 == population and before + value > 1e-9:
            wealths = [math.inf] * len(bets)
        found.append(math.log(sum(wealths) / len(wealths)))
    return found


def breaks(
    quality: Sequence[float], cost: Sequence[float], reported: set[int], tolerance: float, cost_tolerance: float
) -> list[str]:
    """How the reported systems break the promise of a frontier, in words; nothing where it is kept."""
    every, faults = range(len(quality)), []
    for j in every:
        if j in reported:
            for i in every:
                if quality[i] > quality[j] + tolerance and cost[i] * (1 + cost_tolerance) < cost[j]:
                    faults.append(f"{j} is reported, and clearly beaten by {i}")
        elif not any(quality[i] >= quality[j] - tolerance and cost[i] <= (1 + cost_tolerance) * cost[j] for i in reported):
            faults.append(f"{j} is left out, and matched by none that is reported")
    return faults
