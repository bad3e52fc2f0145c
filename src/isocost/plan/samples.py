"""`samples`: how many votes of one system a question deserves: it is asked again until enough of its answers agree.

Self-consistency (Wang et al. 2022, arXiv 2203.11171) with its published stopping rules side by side, of which the best under
the goal is taken: a fixed number; a window of equal answers (ESC: Li et al. 2024, arXiv 2401.10480); the Beta posterior that
the leader stays ahead of the runner-up (Adaptive-Consistency: Aggarwal et al. 2023, arXiv 2305.11860); and the same posterior
against the price of one more sample of this question, which is ours.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from isocost.plan.draws import asked, mean
from isocost.plan.evidence import Evidence, Floats
from isocost.plan.lots import by_lot, settle
from isocost.plan.options import chosen
from isocost.plan.rule import Goal, Kind, Outcome, Plain
from isocost.records import InputError

SURE = (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)
WINDOWS = (2, 3, 4, 5, 6, 8)
MOST = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 60, 80, 100)
NEVER = 10**9  # samples
STOPS = ("never", "window", "posterior", "gain")


class Vote(Struct, frozen=True, omit_defaults=True):
    """Ask `system` at most so many times. weight: with what probability a question is answered in this way.

    stop: "never" before; "window": at so many equal answers in a row (`figure`), windows following one another; "posterior":
    when P(the leader's share > the runner-up's) reaches `figure`; "gain": when one more sample costs more than
    `figure` dollars (or whatever the unit is) for each unit of probability that the leader is overtaken.
    """

    weight: float
    system: str
    most: int
    stop: str = "never"
    figure: float = 0.0


class Samples(Plain, frozen=True):
    """A rule: one way to vote, or two by lot. seed: of the orders in which recorded attempts are taken as samples."""

    ways: tuple[Vote, ...]
    price: float
    seed: int
    orders: int

    def spend(self, evidence: Evidence) -> Outcome:
        """Each question's outcome: the mean over orders of its attempts and over the lot.

        NaN where a vote wants more samples than there are attempts.
        """
        return by_lot(
            [vote.weight for vote in self.ways], [_spend(vote, evidence, self.seed, self.orders) for vote in self.ways]
        )


class Options(Struct, frozen=True):
    """systems: those to sample (all that have answers). most: the largest vote (as many as there are attempts).

    stop: the stopping rules to choose from. orders: in how many random orders each question's attempts are drawn.
    """

    systems: tuple[str, ...] = ()
    most: int = MOST[-1]
    stop: tuple[str, ...] = STOPS
    orders: int = 24


class Tape(NamedTuple):
    """One system's samples as they would come in, (n, P, A) each: what the vote is worth, has cost, has taken after each.

    most, second: votes of the leader and the runner-up; run: equal answers in a row. there: (n,) attempts that there are.
    """

    worth: Floats
    paid: Floats
    seconds: Floats
    most: NDArray[np.int64]
    second: NDArray[np.int64]
    run: NDArray[np.int64]
    there: NDArray[np.intp]

    def take(self, items: NDArray[np.bool_]) -> "Tape":
        """The tape of some questions."""
        return Tape(*(part[items] for part in self))  # type: ignore[arg-type]  # each part keeps its type


def _fit(evidence: Evidence, goal: Goal, rng: np.random.Generator, **options: Any) -> Samples:
    """Every stopping rule of the grid for every system, each valued on the evidence; the best lot of them."""
    wants = chosen(options, Options)
    unknown = sorted(set(wants.stop) - set(STOPS))
    if unknown or not wants.stop or wants.orders < 1 or wants.most < 1:
        raise InputError(
            f"stop, orders, most: expected some of {', '.join(STOPS)} and at least 1 and 1, "
            f"got {', '.join(wants.stop) or 'none'}, {wants.orders} and {wants.most}."
        )
    seed = int(rng.integers(2**31))
    limit = goal.latency.seconds if goal.latency else np.inf
    votes: list[Vote] = []
    means: list[Floats] = []
    for system in wants.systems or evidence.systems:
        tape = played(evidence, system, seed, wants.orders)
        if not tape.there.any():
            continue
        enough = max(1, int(np.quantile(tape.there[tape.there > 0], 0.1)))  # a few questions may have failed attempts
        tape = tape.take(tape.there >= enough)
        ways = list(votes_of(system, min(wants.most, enough), tape, wants.stop))
        votes += ways
        stopped = {key: first_stop(*key, tape) for key in {(vote.stop, vote.figure) for vote in ways}}
        means += [_means(tape, np.minimum(stopped[vote.stop, vote.figure], vote.most), limit) for vote in ways]
    if not any(vote.most > 1 for vote in votes) and wants.most > 1:
        raise InputError(
            "samples needs a system with 2 attempts or more of its questions, their answers recorded; got none. "
            "Hint: ask each question several times (from a file: import it with --attempts), or plan with --kind mix."
        )
    cost, quality, in_time = np.array(means).T
    lots = settle(cost, quality, goal, in_time)
    ways = [msgspec.structs.replace(votes[row], weight=weight) for row, weight in zip(lots.rows, lots.weights, strict=True)]
    return Samples(tuple(ways), lots.price, seed, wants.orders)


SAMPLES = Kind(_fit, Samples.restore)


def votes_of(system: str, most: int, tape: Tape, stops: tuple[str, ...]) -> Iterator[Vote]:
    """The ways to vote worth trying with at most so many samples: one sample always, more where answers can be counted."""
    if most >= 1:
        yield Vote(1.0, system, 1)
    if not tape.most.any():
        return
    cost = float(np.nanmean(tape.paid[..., 0]))
    figures = {"never": (0.0,), "window": WINDOWS, "posterior": SURE, "gain": tuple(cost / (1 - sure) for sure in SURE)}
    for size in sorted({*(m for m in MOST if 2 <= m < most), *([most] if most > 1 else [])}):
        for stop in stops:
            for figure in figures[stop]:
                if stop != "window" or figure < size:
                    yield Vote(1.0, system, size, stop, float(figure))


def played(evidence: Evidence, system: str, seed: int, orders: int) -> Tape:
    """The tape of a system's attempts in random orders, the same for every question.

    Every attempt is as often first, second, ... as any other: the orders are the rotations of random ones.
    """
    from isocost.plan.walks import walk

    if system not in evidence.systems:
        raise InputError(f"expected records of '{system}', got only those of {list(evidence.systems)}.")
    row = evidence.systems.index(system)
    present = asked(evidence, row)
    n, length = present.shape
    rng = np.random.default_rng(seed)
    turns = range(0, length, max(1, length // orders))
    mixed = [rng.permutation(length) for _ in range(-(-orders // len(turns)))]
    shuffles = [np.roll(order, -turn) for order in mixed for turn in turns][:orders]
    order = np.broadcast_to(np.array(shuffles), (n, len(shuffles), length))
    missing = np.take_along_axis(~present[:, None, :], order, axis=2)
    order = np.take_along_axis(order, np.argsort(missing, axis=2, kind="stable"), axis=2)
    cubes = (evidence.answer, evidence.worth, evidence.paid, evidence.seconds)
    code, worth, paid, seconds = (np.take_along_axis(cube[row][:, None, :], order, axis=2) for cube in cubes)
    tally = walk(code.reshape(-1, length))
    leader, most, second, run = (part.reshape(code.shape) for part in tally)
    lead = np.take_along_axis(worth, np.maximum(leader, 0), axis=2)
    return Tape(lead, np.cumsum(paid, axis=2), np.cumsum(seconds, axis=2), most, second, run, present.sum(axis=1))


def first_stop(stop: str, figure: float, tape: Tape) -> NDArray[np.intp]:
    """(n, P): after how many samples the rule says stop; more than there are where it never does."""
    at = np.arange(1, tape.most.shape[2] + 1)
    if stop == "never":
        return np.full(tape.most.shape[:2], NEVER)
    if stop == "window":
        enough = (tape.run >= figure) & (at % int(figure) == 0)
    elif stop == "posterior":
        enough = ahead(tape.most, tape.second) >= figure
    elif stop == "gain":
        enough = (1 - ahead(tape.most, tape.second)) * figure <= tape.paid / at
    else:
        raise InputError(f"stop: expected one of {', '.join(STOPS)}, got '{stop}'.")
    return np.where(enough.any(axis=2), enough.argmax(axis=2) + 1, NEVER)


def ahead(most: NDArray[np.int64], second: NDArray[np.int64]) -> Floats:
    """P(p > 1/2), p ~ Beta(most + 1, second + 1): that of the two the leader is given more often (2305.11860, eq. 3)."""
    from scipy.special import bdtr

    size = int(max(most.max(initial=0), second.max(initial=0))) + 1
    a, b = np.ogrid[:size, :size]
    return np.asarray(bdtr(a, a + b + 1, 0.5)[most, second])  # for whole numbers a binomial tail


def _at(values: Floats, number: NDArray[np.intp]) -> Floats:
    return np.take_along_axis(values, number[..., None] - 1, axis=2)[..., 0]


def _means(tape: Tape, number: NDArray[np.intp], limit: float) -> Floats:
    """(cost, quality, share in time), means over the questions where both are known."""
    worth, paid = _at(tape.worth, number), _at(tape.paid, number)
    known = ~np.isnan(worth + paid)
    values = np.stack([paid, worth, _at(tape.seconds, number) <= limit])
    by_question = mean(np.where(known, values, np.nan))
    told = ~np.isnan(by_question).any(axis=0)
    return np.asarray(by_question[:, told].mean(axis=1)) if told.any() else np.full(3, np.nan)


def _spend(vote: Vote, evidence: Evidence, seed: int, orders: int) -> Outcome:
    tape = played(evidence, vote.system, seed, orders)
    number = np.minimum(first_stop(vote.stop, vote.figure, tape), vote.most)
    there = number <= tape.there[:, None]
    number = np.minimum(number, tape.most.shape[2])
    worth, paid, seconds, count = (
        mean(np.where(there, values, np.nan))
        for values in (*(_at(values, number) for values in (tape.worth, tape.paid, tape.seconds)), number.astype(float))
    )
    shares = np.zeros((len(evidence.items), len(evidence.systems)))
    shares[:, evidence.systems.index(vote.system)] = count
    shares[np.isnan(count)] = np.nan
    return Outcome(worth, paid, seconds, shares)
