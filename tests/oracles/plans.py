"""Slow and obvious: cascades and votes played one question at a time, and searched by trying everything."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations, product

import numpy as np

from isocost.plan.evidence import Evidence


def cascade(evidence: Evidence, order: Sequence[int], gates: Sequence[tuple[str, float]]) -> tuple[float, float]:
    """(mean cost, mean quality) of a cascade of single attempts, all of them there."""
    paid, worth = [], []
    for item in range(len(evidence.items)):
        for attempt in range(evidence.worth.shape[2]):
            spent, said = 0.0, []
            for number, system in enumerate(order):
                spent += evidence.paid[system, item, attempt]
                said.append(evidence.answer[system, item, attempt])
                if number == len(order) - 1:
                    break
                signal, least = gates[number]
                sure = {
                    "": -1.0,
                    "confidence": evidence.confidence[system, item, attempt],
                    "agreement": said.count(said[-1]) / len(said),
                }[signal]
                if sure >= least and signal:
                    break
            paid.append(spent)
            worth.append(evidence.worth[system, item, attempt])
    return float(np.mean(paid)), float(np.mean(worth))


def cascades(evidence: Evidence, stages: int) -> Iterator[tuple[float, float]]:
    """Every cascade there is, at every threshold that makes a difference."""
    for size in range(1, stages + 1):
        for order in permutations(range(len(evidence.systems)), size):
            gates = []
            for number, system in enumerate(order[:-1]):
                choices = [("confidence", float(least)) for least in np.unique(evidence.confidence[system])]
                choices += [("agreement", share / (number + 1)) for share in range(2, number + 2)] + [("", 0.0)]
                gates.append(choices)
            for chosen in product(*gates):
                yield cascade(evidence, order, chosen)


def tally(codes: Sequence[int]) -> tuple[int, int, int]:
    """(the leader's first place or -1, its votes, the runner-up's): of equal counts the first seen leads."""
    counts = Counter(code for code in codes if code >= 0)
    if not counts:
        return -1, 0, 0
    (leader, most), *rest = counts.most_common()
    return list(codes).index(leader), most, rest[0][1] if rest else 0
