"""What a plan will do, told by questions it was not fitted on: cross-fitting, bootstrap intervals, the mix at equal cost."""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from isocost.frontier import hull_costs
from isocost.metrics import Estimate
from isocost.metrics.estimate import estimate, missing
from isocost.plan.evidence import Evidence, Floats
from isocost.plan.goal import means, reachable
from isocost.plan.rule import Goal, Outcome, OutOfReach, Predicting, Rule, drawn
from isocost.records import InputError
from isocost.stats import Interval, bootstrap, clustered_mean, paired_difference
from isocost.stats.proportions import z_of

REPLICATES = 1000
Folds = NDArray[np.intp]
Fitting = Callable[[Evidence, Goal, np.random.Generator], Rule]


class Held(NamedTuple):
    """What the rules of all folds got, each on the questions it was not fitted on; and what a reader should know.

    predicted: (n,) the quality they expected of what they chose; NaN for rules that expect nothing.
    """

    outcome: Outcome
    predicted: Floats
    notes: tuple[str, ...] = ()


class Expectation(Struct, frozen=True, kw_only=True):
    """What a plan will do on other questions of the same kind.

    over_mix: how much more quality than the mix at the same cost; beats_mix: its interval lies above 0. in_time: the share of
    the questions whose mean time is within the goal's limit, where it has one. calibration: quality got less quality predicted,
    of rules that predict. shares: how often each system is asked.
    """

    quality: Estimate
    cost: Estimate
    in_time: Estimate | None = None
    calibration: Estimate | None = None
    over_mix: Estimate
    beats_mix: bool
    shares: dict[str, Estimate]
    notes: tuple[str, ...] = ()


def split(groups: NDArray[np.int64], folds: int, rng: np.random.Generator) -> Folds:
    """(n,) the fold of each question, whole groups together; as many folds as groups where there are fewer."""
    if folds < 2:
        raise InputError(f"folds: expected at least 2, got {folds}. Hint: 5 is usual.")
    codes = np.unique(groups, return_inverse=True)[1]
    count = int(codes.max(initial=-1)) + 1
    if count < 2:
        raise InputError(
            f"a plan is judged on questions it was not made from, so it needs at least 2 questions (or groups), got {count}."
        )
    return np.asarray((rng.permutation(count) % min(folds, count))[codes])


def cross_fit(fit: Fitting, evidence: Evidence, goal: Goal, folds: Folds, rng: np.random.Generator) -> Held:
    """Each question's outcome under the rule fitted without its fold.

    A goal that all questions together allow may be out of reach on some folds' questions by chance: there the nearest goal
    that the kind (or else single systems) can reach is used, and a note says so.
    """
    count, far = int(folds.max()) + 1, 0
    parts: list[Outcome] = []
    predicted = np.full(len(folds), np.nan)
    for fold, stream in zip(range(count), rng.spawn(count), strict=True):
        known = evidence.take(folds != fold)
        try:
            rule = fit(known, goal, deepcopy(stream))  # what was in reach is so only by the same draws
        except InputError as error:
            near = error.nearest if isinstance(error, OutOfReach) else reachable(goal, known)
            if near == goal:
                raise
            rule, far = fit(known, near, stream), far + 1
        here = folds == fold
        parts.append(rule.spend(evidence.take(here)))
        predicted[here] = predictions(rule, evidence.take(here), parts[-1])
    note = f"the goal was out of reach on the questions of {far} of {count} folds; there the nearest was taken"
    return Held(_joined(parts, folds), predicted, (note,) if far else ())


def predictions(rule: Rule, evidence: Evidence, outcome: Outcome) -> Floats:
    """(n,) the quality that the rule expected of what it chose; NaN where it does not say."""
    if not isinstance(rule, Predicting):
        return np.full(len(evidence.items), np.nan)
    expected = rule.predicted(evidence)
    return np.asarray((outcome.shares * np.where(outcome.shares > 0, expected, 0.0)).sum(axis=1))


def expect(held: Held, evidence: Evidence, goal: Goal, folds: Folds, rng: np.random.Generator) -> Expectation:
    """Estimates of what was got on held-out questions, and how it compares with the mix at equal cost."""
    outcome, basis, typical = held.outcome, evidence.basis, _typical(held.outcome, evidence)
    over = _over_mix(outcome, evidence, folds)
    unknown = int(np.isnan(outcome.worth).sum())
    notes = [*held.notes]
    if unknown:
        notes.append(f"{unknown:,} of {len(folds):,} questions are left out: the answer that was chosen is not recorded")
    return Expectation(
        quality=widened(mean_of(outcome.worth, evidence, rng), typical.worth, folds),
        cost=widened(mean_of(outcome.paid, evidence, rng, floor=0.0), typical.paid, folds),
        in_time=_in_time(outcome.seconds, goal, evidence),
        over_mix=over,
        beats_mix=over.low is not None and over.low > 0 and _looks(outcome, folds),
        calibration=None if np.isnan(held.predicted).all() else mean_of(outcome.worth - held.predicted, evidence, rng),
        shares={
            name: widened(estimate(clustered_mean(share, evidence.groups), basis, floor=0.0), share, folds)
            for name, share in zip(evidence.systems, outcome.shares.T, strict=True)
        },
        notes=tuple(notes),
    )


def mean_of(values: Floats, evidence: Evidence, rng: np.random.Generator, *, floor: float = -math.inf) -> Estimate:
    """The mean of what is known by question, with its bootstrap interval over groups of questions."""
    known = ~np.isnan(values)
    if not known.any():
        return missing("not known for any question", evidence.basis)
    codes = np.unique(evidence.groups[known], return_inverse=True)[1]
    rows = np.column_stack((np.bincount(codes, weights=values[known]), np.bincount(codes)))
    found = bootstrap(rows, lambda drawn: float(drawn[:, 0].sum() / drawn[:, 1].sum()), rng=rng, replicates=REPLICATES)
    if math.isinf(found.low):  # no spread at all: what bounds the mean of equal values
        return estimate(clustered_mean(values, evidence.groups), evidence.basis, floor=floor)
    method = found.method + (f" of {len(rows):,} groups" if len(rows) < known.sum() else "")
    return estimate(Interval(found.value, found.low, found.high, int(known.sum()), method), evidence.basis, floor=floor)


def _looks(outcome: Outcome, folds: Folds) -> bool:
    """Whether any fold's rule treats questions differently: one that does not is a mix itself, and a lucky one at best."""
    each = (outcome.shares[folds == fold] for fold in range(int(folds.max()) + 1))
    return any(bool((shares != shares[0]).any()) for shares in each)


def widened(found: Estimate, typical: Floats, folds: Folds) -> Estimate:
    """The estimate, its interval wider by what the rule itself could have been otherwise: the jackknife over the folds' rules.

    The questions' spread says how sure the mean of these rules is; the plan is one more such rule, made from all questions.
    typical: (n,) what the systems that were asked get on average, whatever the question, so that it differs between folds as
    the rules do; what it would differ by if all rules were the same is taken off.
    """
    count, means = int(folds.max()) + 1, np.bincount(folds, typical) / np.bincount(folds)
    noise = float(np.square(typical - means[folds]).sum()) / max(1, len(typical) - count)  # of one question
    excess = float(np.square(means - means.mean()).sum()) - (count - 1) * count / len(typical) * noise
    if found.value is None or not excess > 1e-12 * float(np.square(means).sum()):
        return found
    reach, ends = z_of(0.95) * math.sqrt((count - 1) / count * excess), dict[str, float]()
    for name, sign in (("low", -1), ("high", 1)):
        end = getattr(found, name)
        if end is not None:
            ends[name] = found.value + sign * math.hypot(end - found.value, reach)
    if found.low is not None and found.low >= 0 and found.value >= 0:
        ends["low"] = max(0.0, ends["low"])
    return msgspec.structs.replace(found, **ends, method=f"{found.method}, and the folds' rules")


def _typical(outcome: Outcome, evidence: Evidence) -> Outcome:
    """What the systems that were asked get on average over all questions, by question."""
    found = means(evidence, Goal())
    quality, cost = np.nan_to_num(found.quality), np.nan_to_num(found.cost)
    asked = np.maximum(outcome.shares.sum(axis=1), 1e-300)
    return Outcome(outcome.shares @ quality / asked, outcome.shares @ cost, outcome.seconds, outcome.shares)


def _over_mix(outcome: Outcome, evidence: Evidence, folds: Folds) -> Estimate:
    """How much more quality than the cross-fitted mix of the same realised cost.

    The mix's budget is set so that both cost the same on the held-out questions. That budget follows the questions drawn, so
    a question counts by `worth - price * paid` of each (the delta method): the means differ as the qualities do, the spread is
    right. Outside of the costs that mixes can have, the nearest mix is compared, its cost as it is.
    """
    curve = _mixes(evidence, folds)
    known = ~np.isnan(outcome.worth + outcome.paid + sum(mix.worth + mix.paid for mix in curve))
    if not known.any():
        return missing("no question on which the plan and the mix are both known", evidence.basis)
    cost = float(outcome.paid[known].mean())
    paid = np.array([mix.paid[known].mean() for mix in curve])
    worth, spent, price, note = _at(curve, paid, cost, known)
    gap = outcome.worth[known] - worth - price * (outcome.paid[known] - spent)
    gap = np.where(np.abs(gap) < 1e-12 * max(1.0, float(np.abs(outcome.worth[known]).max())), 0.0, gap)
    found = paired_difference(gap, np.zeros(len(gap)), evidence.groups[known])
    whole = estimate(Interval(*found[:5]), evidence.basis, note=note)
    typical = _typical(outcome, evidence)
    return widened(whole, typical.worth - price * typical.paid, folds) if gap.any() else whole


def _mixes(evidence: Evidence, folds: Folds) -> list[Outcome]:
    """Cross-fitted mixes along the hull, in order of budget: every budget at which some fold's mix changes its systems.

    Between two neighbours all folds' shares, and so what each question gets, are linear in the budget.
    """
    paths = []
    for fold in range(int(folds.max()) + 1):
        found = means(evidence.take(folds != fold), Goal())
        cost = np.where(np.isnan(found.quality), np.nan, found.cost)
        rows = np.flatnonzero(~np.isnan(cost))
        steps = hull_costs(cost[rows], found.quality[rows])
        hull = [steps[0].start, *(step.end for step in steps)] if steps else [_best(found.quality[rows], cost[rows])]
        paths.append((rows[hull], cost[rows[hull]]))
    curve = []
    for budget in np.unique(np.concatenate([costs for _, costs in paths])):
        parts = []
        for fold, (rows, costs) in enumerate(paths):
            shares = np.zeros(len(evidence.systems))
            shares[rows] = [np.interp(budget, costs, unit) for unit in np.eye(len(rows))]
            parts.append(drawn(evidence.take(folds == fold), shares))
        curve.append(_joined(parts, folds))
    return curve


def _at(curve: Sequence[Outcome], paid: Floats, cost: float, known: NDArray[np.bool_]) -> tuple[Floats, Floats, float, str]:
    """The mix of this cost: its worth and cost by question, the slope there, and a note where there is none."""
    low, high = int(np.argmin(paid)), int(np.argmax(paid))
    if not paid[low] <= cost <= paid[high]:
        end, what = (low, "dearer than it") if cost < paid[low] else (high, "cheaper than it")
        if not math.isclose(paid[end], cost, rel_tol=1e-9):
            return curve[end].worth[known], curve[end].paid[known], 0.0, f"the nearest mix is {what}"
        cost = float(paid[end])
    at = next((i for i in range(len(paid) - 1) if min(paid[i : i + 2]) <= cost <= max(paid[i : i + 2])), 0)
    a, b = curve[at], curve[min(at + 1, len(paid) - 1)]
    extra = float(b.paid[known].mean() - a.paid[known].mean())
    share = (cost - float(paid[at])) / extra if extra else 0.0
    price = float(b.worth[known].mean() - a.worth[known].mean()) / extra if extra else 0.0
    worth, spent = ((1 - share) * x[known] + share * y[known] for x, y in ((a.worth, b.worth), (a.paid, b.paid)))
    return worth, spent, max(price, 0.0), ""


def _in_time(seconds: Floats, goal: Goal, evidence: Evidence) -> Estimate | None:
    if goal.latency is None:
        return None
    in_time = np.where(np.isnan(seconds), np.nan, seconds <= goal.latency.seconds)
    return estimate(clustered_mean(in_time, evidence.groups), evidence.basis)


def _joined(parts: Sequence[Outcome], folds: Folds) -> Outcome:
    """The folds' outcomes in the order of the questions."""
    order = np.argsort(np.argsort(folds, kind="stable"), kind="stable")
    return Outcome(*(np.concatenate(values)[order] for values in zip(*parts, strict=True)))


def _best(quality: Floats, cost: Floats) -> int:
    return int(np.lexsort((cost, -quality))[0])
