"""`cascade`: asks a cheap system first, and goes on to the next only where the answer so far is not to be trusted.

FrugalGPT (Chen, Zaharia & Zou 2023, arXiv 2305.05176) learns such a list and its thresholds; agreement between the answers as
the signal to stop is Yue et al.'s (2023, arXiv 2310.03094). Here the systems, their order, the votes taken of each, the signal
and the thresholds are searched together, and the budget is met by drawing lots between two cascades of the hull.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from isocost.frontier import hull_costs, staircase
from isocost.plan.draws import Draws, draws, mean
from isocost.plan.evidence import NOTHING, Evidence, Floats
from isocost.plan.lots import by_lot, settle
from isocost.plan.options import chosen
from isocost.plan.rule import Goal, Kind, Outcome, Plain
from isocost.records import InputError

Mask = NDArray[np.bool_]
Gate = tuple[str, float]  # a signal, and the least of it that stops

NEVER: Gate = ("", 0.0)
GRID = {2: 24, 3: 12, 4: 8, 5: 6}  # thresholds of a gate, by the number of stages
ALL_ORDERS = 4  # with so few moves every order is tried, with more only that of rising cost


class Step(Struct, frozen=True, omit_defaults=True):
    """Ask `system` (a vote of so many), and stop where the signal reaches `least`; without a signal, never stop here.

    signal: "confidence" (of the answer; of a vote: the share that agreed) or "agreement" (the share of all steps so far whose
    answer is this one).
    """

    system: str
    votes: int = 1
    signal: str = ""
    least: float = 0.0


class Way(Struct, frozen=True):
    """One cascade, and with what probability a question goes this way."""

    weight: float
    steps: tuple[Step, ...]


class Cascade(Plain, frozen=True):
    """A rule: one cascade, or two by lot. price: the quality that one more unit of budget buys."""

    ways: tuple[Way, ...]
    price: float

    def spend(self, evidence: Evidence) -> Outcome:
        """Each question's outcome: the mean over its attempts and over the lot. NaN where a step has no answer to replay."""
        return by_lot([way.weight for way in self.ways], [_spend(way.steps, evidence) for way in self.ways])


class Options(Struct, frozen=True):
    """systems: those that may be asked (all). stages: at most so many (3). votes: how many attempts a step may count.

    candidates: how many moves (a system with a number of votes) are searched through; of more, the nearest to the frontier.
    """

    systems: tuple[str, ...] = ()
    stages: int = 3
    votes: tuple[int, ...] = (1, 3, 5)
    candidates: int = 6


class Move(NamedTuple):
    """A system with a number of votes, played on the questions of the fit."""

    system: str
    votes: int
    plays: Draws
    cost: float
    quality: float


def _fit(evidence: Evidence, goal: Goal, rng: np.random.Generator, **options: Any) -> Cascade:
    """Every cascade of the candidate moves up to so many stages, every signal and threshold of the grid; their best lot."""
    asked = chosen(options, Options)
    if not 1 <= asked.stages <= max(GRID):
        raise InputError(f"stages: expected 1 to {max(GRID)}, got {asked.stages}.")
    if asked.candidates < 1 or not asked.votes or min(asked.votes) < 1:
        raise InputError(f"votes, candidates: expected at least 1, got {asked.votes} and {asked.candidates}.")
    moves = candidates(evidence.of(asked.systems or evidence.systems), asked.votes, asked.candidates)
    limit = goal.latency.seconds if goal.latency else np.inf
    tables = [table for order in orders(moves, asked.stages) for table in search([moves[i] for i in order], limit)]
    cost, quality, in_time = np.concatenate([table.means.reshape(3, -1) for table in tables], axis=1)
    lots = settle(cost, quality, goal, in_time)
    ends = np.cumsum([table.means[0].size for table in tables])
    ways = []
    for row, weight in zip(lots.rows, lots.weights, strict=True):
        number = int(np.searchsorted(ends, row, side="right"))
        ways.append(Way(weight, tables[number].steps(row - int(ends[number]))))
    return Cascade(tuple(ways), lots.price)


CASCADE = Kind(_fit, Cascade.restore)


def candidates(evidence: Evidence, votes: Sequence[int], limit: int) -> list[Move]:
    """The moves worth searching through, cheapest first, all played on the questions that every one of them has answered.

    Of more than `limit`, those that lie nearest under the frontier's hull; a vote is a move where answers are recorded.
    """
    every = [
        (system, count, draws(evidence, system, count))
        for row, system in enumerate(evidence.systems)
        for count in sorted(set(votes))
        if count == 1 or (evidence.answer[row] != NOTHING).any()
    ]
    there = np.array([plays.there[:, 0] & ~np.isnan(mean(plays.paid) + mean(plays.worth)) for _, _, plays in every])
    often = there.sum(axis=1) >= max(1, there.sum(axis=1).max(initial=0) / 2)
    kept = [(*move, _average(move[2].paid), _average(move[2].worth)) for move, good in zip(every, often, strict=True) if good]
    if not kept:
        raise InputError("a cascade needs systems with scored answers of known cost, got none.")
    cost, quality = np.array([one[3] for one in kept]), np.array([one[4] for one in kept])
    near = np.argsort(_below_hull(cost, quality), kind="stable")[:limit]
    near = near[np.lexsort((quality[near], cost[near]))]
    common = there[np.flatnonzero(often)[near]].all(axis=0)
    if not common.any():
        names = sorted({kept[i][0] for i in near})
        raise InputError(
            f"a cascade needs questions that all its systems answered, got none for {names}. Hint: name fewer systems."
        )
    return [Move(kept[i][0], kept[i][1], kept[i][2].take(common), cost[i], quality[i]) for i in near]


def _average(values: Floats) -> float:
    return float(np.nanmean(mean(values)))


def _below_hull(cost: Floats, quality: Floats) -> Floats:
    """How much quality each point lacks to what a lot of others gets at its cost."""
    steps = hull_costs(cost, quality)
    corners = [steps[0].start, *(step.end for step in steps)] if steps else [int(staircase(cost, quality)[0])]
    return np.asarray(np.interp(cost, cost[corners], quality[corners]) - quality)


def orders(moves: Sequence[Move], stages: int) -> Iterator[tuple[int, ...]]:
    """The cascades to try, as rows of `moves`: no system twice."""
    arranged = permutations if len(moves) <= ALL_ORDERS else combinations
    for size in range(1, min(stages, len(moves)) + 1):
        for order in arranged(range(len(moves)), size):
            if len({moves[i].system for i in order}) == size:
                yield order


class Table(NamedTuple):
    """The cascades of one order. means: (3, G1, G2, ...): mean cost, mean quality, share in time, one axis for each gate."""

    moves: Sequence[Move]
    gates: Sequence[Sequence[Gate]]
    means: Floats

    def steps(self, row: int) -> tuple[Step, ...]:
        """The cascade at a place of the flattened table."""
        places = np.unravel_index(row % self.means[0].size, self.means.shape[1:]) if self.gates else ()
        signals = [gates[int(place)] for gates, place in zip(self.gates, places, strict=True)]
        return tuple(Step(move.system, move.votes, *gate) for move, gate in zip(self.moves, [*signals, NEVER], strict=True))


def search(moves: Sequence[Move], limit: float = np.inf) -> Iterator[Table]:
    """The table of all cascades of these moves in this order; none where a stage has nothing to tell its answers apart by.

    A prefix of gates is the set of plays that still go on; what each further gate adds to it is one product of matrices, so
    that every combination of thresholds is valued exactly.
    """
    last = len(moves) - 1
    gates = [_gates(moves[: j + 1], GRID[len(moves)], j < last - 1) for j in range(last)]
    if not all(gates):
        return
    known = ~np.isnan(sum(move.plays.worth + move.plays.paid for move in moves))
    on = (known / np.maximum(known.sum(axis=1, keepdims=True), 1) / known.any(axis=1).sum()).reshape(1, -1)
    time = np.cumsum([move.plays.seconds for move in moves], axis=0)
    ends = [np.stack([0 * m.plays.paid, m.plays.worth, time[j] <= limit]).reshape(3, -1) for j, m in enumerate(moves)]
    asks = [np.stack([m.plays.paid, 0 * m.plays.paid, 0 * m.plays.paid]).reshape(3, -1) for m in moves]
    means = _dot(on, (asks[0] + (0 if last else ends[0]))[:, None]).reshape(3, -1)
    for j in range(last):
        stop = np.stack([_stops(gate, [move.plays for move in moves[: j + 1]]).ravel() for gate in gates[j]])
        further = asks[j + 1] + (ends[last] if j + 1 == last else 0)  # what going on costs, and brings if nothing follows
        means = (means[:, :, None] + _dot(on, np.where(stop, ends[j][:, None], further[:, None]))).reshape(3, -1)
        if j + 1 < last:
            on = (on[:, None] * ~stop).reshape(-1, on.shape[1])
    yield Table(moves, gates, means.reshape(3, *(len(gate) for gate in gates)))


def _dot(on: Floats, values: Floats) -> Floats:
    """(3, K, G): the sums of (3, G, N) values over each of the K sets of plays."""
    return np.asarray(on @ np.where(np.isnan(values), 0.0, values).transpose(0, 2, 1))


def _gates(moves: Sequence[Move], size: int, may_pass: bool) -> list[Gate]:
    """What the last of these moves may be stopped by: quantiles of its confidence, shares of agreement; or nothing at all."""
    gates: list[Gate] = []
    sure = moves[-1].plays.sure
    known = np.unique(sure[~np.isnan(sure)])
    if len(known) > 1:
        inner = known[1:]  # the least value of all would stop everywhere: that is a shorter cascade
        if len(inner) > size:
            inner = np.unique(np.quantile(sure[~np.isnan(sure)], np.linspace(0, 1, size + 2)[1:-1], method="higher"))
        gates = [("confidence", float(least)) for least in inner if least > known[0]]
    if all((move.plays.code != NOTHING).any() for move in moves):
        gates += [("agreement", count / len(moves)) for count in range(2, len(moves) + 1)]
        gates += [NEVER] if may_pass else []
    return gates


def _stops(gate: Gate, plays: Sequence[Draws]) -> Mask:
    """(n, R): where a cascade stops after the last of these plays."""
    (signal, least), now = gate, plays[-1]
    if signal == "confidence":
        return np.asarray(now.sure >= least)
    if signal == "agreement":
        same = np.sum([play.code == now.code for play in plays], axis=0)
        return np.asarray((same / len(plays) >= least) & (now.code != NOTHING))
    if signal:
        raise InputError(f"signal: expected 'confidence' or 'agreement', got '{signal}'.")
    return np.zeros(now.code.shape, dtype=bool)


def _spend(steps: Sequence[Step], evidence: Evidence) -> Outcome:
    """One cascade played question by question."""
    plays = [draws(evidence, step.system, step.votes) for step in steps]
    shape = plays[0].paid.shape
    on, known = np.ones(shape, dtype=bool), np.ones(shape, dtype=bool)
    worth, paid, seconds = np.full(shape, np.nan), np.zeros(shape), np.zeros(shape)
    shares = np.zeros((len(evidence.items), len(evidence.systems)))
    for number, (step, play) in enumerate(zip(steps, plays, strict=True), 1):
        known &= ~on | play.there
        paid += np.where(on, play.paid, 0.0)
        seconds += np.where(on, play.seconds, 0.0)
        shares[:, evidence.systems.index(step.system)] += step.votes * on.mean(axis=1)
        enough: Mask = np.full(shape, number == len(steps)) | _stops((step.signal, step.least), plays[:number])
        worth = np.where(on & enough, play.worth, worth)
        on = on & ~enough
    worth, paid, seconds = (mean(np.where(known, values, np.nan)) for values in (worth, paid, seconds))
    return Outcome(worth, paid, seconds, np.where(np.any(known, axis=1, keepdims=True), shares, np.nan))
