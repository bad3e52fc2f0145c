"""What asking a system once, or a vote of several of its attempts, gives at each question: the moves that plans are made of."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isocost.plan.evidence import NOTHING, Evidence, Floats, Integers
from isocost.records import InputError

ROUNDS = 16  # how many times a question is played at most, with other attempts each time


class Draws(NamedTuple):
    """(n, R): R plays of each question. worth, paid, seconds, sure: NaN where not known. code: the answer's. there: asked."""

    worth: Floats
    paid: Floats
    seconds: Floats
    sure: Floats
    code: Integers
    there: NDArray[np.bool_]

    def take(self, items: NDArray[np.bool_]) -> "Draws":
        """The plays of some questions."""
        return Draws(*(part[items] for part in self))  # type: ignore[arg-type]  # each part keeps its type


def rounds(evidence: Evidence) -> int:
    """How often each question can be played with other attempts."""
    return min(ROUNDS, int(evidence.worth.shape[-1]))


def asked(evidence: Evidence, system: int) -> NDArray[np.bool_]:
    """(n, A): where a system was asked and answered, told without a look at what the answer was worth."""
    found: NDArray[np.bool_] = evidence.answer[system] != NOTHING
    for known in (evidence.paid, evidence.seconds, evidence.confidence):
        found |= ~np.isnan(known[system])
    return found


def draws(evidence: Evidence, system: str, votes: int = 1) -> Draws:
    """The plays of a system's vote: play r counts attempts r, r + 1, ... (and again from the first) of each question.

    The answer given most often wins, of equal ones the first seen; its worth is that of its first attempt, its sureness the
    share that agreed. A single attempt's sureness is what it says itself. Where there are fewer attempts than votes, nothing is
    there: a vote never counts one attempt twice.
    """
    if system not in evidence.systems:
        raise InputError(f"expected records of '{system}', got only those of {list(evidence.systems)}.")
    row, plays = evidence.systems.index(system), rounds(evidence)
    present = asked(evidence, row)
    count, n = present.sum(axis=1), len(evidence.items)
    order = np.argsort(~present, axis=1, kind="stable")
    steps = np.arange(plays)[:, None] + np.arange(votes)
    picks = np.take_along_axis(order, (steps[None] % np.maximum(count, 1)[:, None, None]).reshape(n, -1), axis=1)
    there = np.broadcast_to((count >= votes)[:, None], (n, plays))
    code, worth, paid, seconds, sure = (
        np.take_along_axis(cube[row], picks, axis=1).reshape(n, plays, votes)
        for cube in (evidence.answer, evidence.worth, evidence.paid, evidence.seconds, evidence.confidence)
    )
    first = np.zeros((n, plays, 1), dtype=np.int64)
    if votes > 1:
        from isocost.plan.walks import walk

        tally = walk(code.reshape(n * plays, votes))
        first = np.maximum(tally.leader[:, -1], 0).reshape(n, plays, 1)
        sure = (tally.most[:, -1:] / votes).reshape(n, plays, 1)

    def told(values: Floats) -> Floats:
        return np.where(there, values, np.nan)

    return Draws(
        worth=told(np.take_along_axis(worth, first, axis=2)[..., 0]),
        paid=told(paid.sum(axis=2)),
        seconds=told(seconds.sum(axis=2)),
        sure=told(sure[..., 0]),
        code=np.where(there, np.take_along_axis(code, first, axis=2)[..., 0], NOTHING),
        there=there,
    )


def mean(values: Floats) -> Floats:
    """The mean over the last axis of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))
