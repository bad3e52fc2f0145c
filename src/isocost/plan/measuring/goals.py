"""What is to be known, and which comparisons it still lacks: the frontier, or the best system under a budget."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from isocost.plan.measuring.pairs import Flags, Floats, Pairs

COST_SHARE = 0.1  # of an error, for comparisons of cost: they are quickly sure


class Shares(NamedTuple):
    """How the error is shared out, as log evidence that is needed.

    whole: all of it; system: (j), for whatever may be said of j; rival: (i, j), more where i is one of many who may match j.
    """

    whole: float

    system: Floats
    rival: Floats


class Verdict(NamedTuple):
    """reported: the systems that the goal asks for, by what is known now; settled: of whom that is sure enough.

    needs: the pairs whose comparison would settle the others.
    """

    reported: Flags
    settled: Flags
    needs: list[tuple[int, int]]


def shares(pairs: Pairs, delta: float) -> Shares:
    """Shares of the error delta, chosen after the pilot, which no bet has used.

    Evidence grows evenly, so that log(1/share)/growth questions are needed of each system: their sum is least when the share
    is in proportion to 1/growth, the expected number of questions. Rivals share by how likely they match. A fifth is shared
    evenly, for what the pilot got wrong.
    """
    k = len(pairs.lead)
    good, cheap = pairs.standing()
    likely = np.square(ndtr(good) * ndtr(cheap)) * ~np.eye(k, dtype=bool)
    even = ~np.eye(k, dtype=bool) / max(k - 1, 1)
    weight = 0.8 * likely / np.maximum(likely.sum(axis=0), 1e-300) + 0.2 * even
    hard = _hardness(pairs)
    with np.errstate(divide="ignore"):
        return Shares(-math.log(delta), -np.log(delta * (0.8 * hard / hard.sum() + 0.2 / k)), -np.log(weight))


def even_shares(pairs: Pairs, delta: float) -> Shares:
    """The same share for every system."""
    k = len(pairs.lead)
    return Shares(-math.log(delta), np.full(k, math.log(k / delta)), np.full((k, k), math.log(k)))


def _hardness(pairs: Pairs) -> Floats:
    """The questions each system may need: until one rival matches it, or until none can beat it."""
    expected, member = pairs.expected(), ~dominates(pairs).any(axis=0)
    itself = np.eye(len(expected), dtype=bool)
    matched = np.where((pairs.dearer <= 0) & ~itself, expected, pairs.questions).min(axis=0)
    unbeaten = np.where((pairs.dearer.T < 0) | itself, 0.0, expected).max(axis=1)
    return np.asarray(np.maximum(np.where(member, unbeaten, matched), 1.0))


def dominates(pairs: Pairs) -> Flags:
    """(i, j): on their common questions i is as good and as cheap as j, and better or cheaper."""
    no_worse = (pairs.lead >= 0) & (pairs.dearer <= 0) & (pairs.common > 0)
    return np.asarray(no_worse & ((pairs.lead > 0) | (pairs.dearer < 0)))


def frontier(pairs: Pairs, shared: Shares, alive: Flags) -> Verdict:
    """The frontier of what was measured: each member is not beaten, each other system is matched by a member."""
    ahead = dominates(pairs)
    member = alive & ~ahead[alive].any(axis=0)
    a, b = shared.system - math.log(1 - COST_SHARE), shared.system - math.log(COST_SHARE)
    unbeaten = (pairs.as_good >= a[:, None]) | (pairs.no_dearer >= b[:, None]) | ~alive | np.eye(len(a), dtype=bool)
    settled, rivals = ~alive, _rows(member)
    needs: list[tuple[int, int]] = []
    for j in _rows(alive):
        if member[j]:
            settled[j] = unbeaten[j].all()
            needs += [(i, j) for i in _rows(~unbeaten[j])]
        else:
            settled[j] = _matched(pairs, shared, (a[j], b[j]), rivals, j)
            if not settled[j]:
                needs += _nearest(pairs, shared, (a[j], b[j]), [*filter(ahead[:, j].__getitem__, rivals)] or rivals, j)
    return Verdict(member, settled, needs)


def _matched(pairs: Pairs, shared: Shares, bars: tuple[float, float], rivals: list[int], j: int) -> bool:
    """Whether one of the rivals matches j. Their evidence is added up where it is of the same questions: if none matches,
    the weighted sum of what are then e-processes of one filtration is one too."""
    weight = shared.rival[rivals, j]
    cheap = pairs.no_dearer[rivals, j] >= bars[1] + weight
    if (cheap & (pairs.as_good[rivals, j] >= bars[0] + weight)).any():
        return True
    together = cheap & (pairs.upto[rivals, j] == pairs.upto[:, j].max())
    return bool(np.logaddexp.reduce((pairs.as_good_now[rivals, j] - weight)[together], initial=-np.inf) >= bars[0])


def _nearest(pairs: Pairs, shared: Shares, bars: tuple[float, float], rivals: list[int], j: int) -> list[tuple[int, int]]:
    """The comparison that will match j soonest, among those that can still go on."""
    going = [i for i in rivals if pairs.upto[i, j] < pairs.questions]
    if not going:
        return []
    lacking = np.minimum(pairs.as_good_now[going, j] - shared.rival[going, j] - bars[0], 0)
    lacking = np.minimum(lacking, pairs.no_dearer[going, j] - shared.rival[going, j] - bars[1])
    return [(going[int(np.argmax(lacking))], j)]


def best(pairs: Pairs, shared: Shares, alive: Flags) -> Verdict:
    """The best affordable system of what was measured. The budget is the last system of the pairs: it costs just that.

    It is shown to be affordable, and as good as every other that is not shown to be dear.
    """
    budget = len(alive) - 1
    rest = alive & (np.arange(len(alive)) < budget)
    a, b = shared.system - math.log(1 - 2 * COST_SHARE), shared.system - math.log(COST_SHARE)
    dear = ~rest | (pairs.no_dearer[budget] >= shared.whole - math.log(COST_SHARE))
    reported = np.zeros_like(alive)
    affordable = _rows(rest & (pairs.dearer[:, budget] <= 0))
    if not affordable:
        return Verdict(reported, dear, [(budget, j) for j in _rows(~dear)])
    least = pairs.lead[np.ix_(affordable, affordable)].min(axis=1)
    first = affordable[int(np.lexsort((pairs.dearer[affordable, budget], -least))[0])]
    reported[first] = True
    settled = dear | (pairs.as_good[first] >= a[first])
    settled[first] = pairs.no_dearer[first, budget] >= b[first]
    out = [(first if pairs.dearer[j, budget] <= 0 else budget, j) for j in _rows(~settled) if j != first]
    return Verdict(reported, settled, out if settled[first] else [*out, (first, budget)])


def _rows(flags: Flags) -> list[int]:
    return [int(row) for row in np.flatnonzero(flags)]
