"""When a vote may stop before all its samples are drawn.

A rule says how many more votes it needs at the very least before it might stop (0: stop now). So many can be asked at once,
and the result is the same as asking one by one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import ceil, comb
from typing import Any

from isocost.records import InputError

StopRule = Callable[[Sequence[str], int], int]
"""(the votes so far, how many more may be drawn) -> how many more are needed at least, 0 to stop."""


def never() -> StopRule:
    """Draws all samples."""
    return lambda votes, remaining: remaining


def decided() -> StopRule:
    """Stops when the remaining votes cannot change the winner: the full vote's answer, for less."""

    def needed(votes: Sequence[str], remaining: int) -> int:
        counts = Counter(votes)  # in the order of first sight, by which ties are broken
        order = list(counts)
        first = order.index(max(counts, key=counts.__getitem__)) if order else 0
        leader = counts[order[first]] if order else 0
        # What the leader must reach if all others went to one rival: more than one seen before it, as many as a later one.
        rivals = [counts[value] + (place < first) for place, value in enumerate(order) if place != first]
        return min(remaining, max(0, ceil((max(rivals, default=0) + remaining - leader) / 2)))

    return needed


def window(size: int = 3) -> StopRule:
    """Stops when all votes of a window of `size` agree; windows follow one another without overlap.

    Early-Stopping Self-Consistency: Li et al. 2024, arXiv 2401.10480, section 3.
    """
    if size < 2:
        raise InputError(
            f"stop_early: a window must be at least 2 votes, got {size}. Hint: one vote always agrees with itself."
        )

    def needed(votes: Sequence[str], remaining: int) -> int:
        drawn = len(votes) % size
        if votes and drawn == 0 and len(set(votes[-size:])) == 1:
            return 0
        return min(remaining, size - drawn)

    return needed


def posterior(sure: float = 0.95) -> StopRule:
    """Stops when the leader would stay ahead of the runner-up with probability `sure` at least.

    Adaptive-Consistency: Aggarwal et al. 2023, arXiv 2305.11860, the Beta criterion: with v1 and v2 votes for the first
    two, P(p > 1/2) under Beta(v1 + 1, v2 + 1). For whole numbers that is a binomial tail, summed here exactly.
    """
    if not 0.5 < sure < 1:
        raise InputError(
            f"stop_early: posterior must be a probability above 0.5 and below 1, got {sure}. Hint: 0.95 is the paper's."
        )

    def needed(votes: Sequence[str], remaining: int) -> int:
        leader, runner_up = ([count for _, count in Counter(votes).most_common(2)] + [0, 0])[:2]
        return next((more for more in range(remaining) if leads(leader + more, runner_up) >= sure), remaining)

    return needed


def leads(votes: int, against: int) -> float:
    """P(p > 1/2) for p ~ Beta(votes + 1, against + 1): at most `votes` heads in votes + against + 1 fair throws."""
    throws = votes + against + 1
    return float(sum(comb(throws, heads) for heads in range(votes + 1)) / 2**throws)


RULES: dict[str, Callable[..., StopRule]] = {"decided": decided, "posterior": posterior, "window": window}


def stop_rule(said: str | Mapping[str, Any] | StopRule | None) -> StopRule:
    """The rule by its name ("posterior"), by its name and figure ({"posterior": 0.9}), or as it is; None never stops early."""
    if said is None:
        return never()
    if callable(said):
        return said
    named: Mapping[str, Any] = {said: None} if isinstance(said, str) else said
    name, figure = next(iter(named.items()), ("", None))
    if len(named) != 1 or name not in RULES or (name == "decided" and figure is not None):
        raise InputError(
            f"stop_early: must be one of {', '.join(RULES)}, or one of {{posterior = 0.95}}, {{window = 3}}; got {said!r}."
        )
    if figure is None:
        return RULES[name]()
    expected = int if name == "window" else (int, float)
    if isinstance(figure, bool) or not isinstance(figure, expected):
        raise InputError(f"stop_early: {name} must be a {'whole number' if name == 'window' else 'number'}, got {figure!r}.")
    return RULES[name](figure)
