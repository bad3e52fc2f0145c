"""The best single system and the mix, against the hull and against trying everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.worlds import made

from isocost.frontier import hull_costs
from isocost.plan import Goal, Latency
from isocost.plan.fixed import fit as fix
from isocost.plan.mix import fit as mix
from isocost.records import InputError

RNG = np.random.default_rng(0)
numbers = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=6)


def points(pairs: list[tuple[int, int]]):
    """One question; each system's quality (in twentieths) and cost."""
    return made([[[q / 20]] for q, _ in pairs], [[[c / 1e6]] for _, c in pairs])


@settings(max_examples=150, deadline=None)
@given(numbers, st.integers(1, 25))
def test_the_mix_is_on_the_hull_and_its_price_is_the_slope(pairs: list[tuple[int, int]], budget: int) -> None:
    evidence, goal = points(pairs), Goal(budget=(budget + 0.5) / 1e6)  # between the costs, where the slope is one number
    cost, quality = evidence.cost[:, 0], evidence.quality[:, 0]
    if goal.budget < cost.min():
        with pytest.raises(InputError, match="cheapest"):
            mix(evidence, goal, RNG)
        return
    steps = hull_costs(cost, quality)
    cheap = [row for row in range(len(cost)) if cost[row] == cost.min()]
    path = [(cost.min(), max(quality[row] for row in cheap)), *((cost[step.end], quality[step.end]) for step in steps)]
    rule = mix(evidence, goal, RNG)
    got = rule.spend(evidence)
    assert got.worth[0] == pytest.approx(np.interp(goal.budget, *zip(*path, strict=True)), abs=1e-9)
    assert got.paid[0] <= goal.budget * (1 + 1e-9)
    slope = next((1 / step.price for step in steps if cost[step.start] < goal.budget < cost[step.end]), 0.0)
    assert rule.price == pytest.approx(slope, rel=1e-6, abs=1e-3)
    assert len(rule.shares) <= 2


@settings(max_examples=100, deadline=None)
@given(numbers, st.integers(0, 20))
def test_the_least_cost_for_a_quality_is_the_budget_that_buys_it(pairs: list[tuple[int, int]], wanted: int) -> None:
    evidence, goal = points(pairs), Goal(at_least=wanted / 20)
    if goal.at_least > evidence.quality.max():
        with pytest.raises(InputError, match="best"):
            mix(evidence, goal, RNG)
        return
    got = mix(evidence, goal, RNG).spend(evidence)
    again = mix(evidence, Goal(budget=float(got.paid[0]) * (1 + 1e-9)), RNG).spend(evidence)
    assert got.worth[0] >= goal.at_least - 1e-9
    assert again.worth[0] == pytest.approx(got.worth[0], abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(numbers, st.integers(0, 25), st.booleans())
def test_the_single_system_is_the_best_of_all_that_fit(pairs: list[tuple[int, int]], limit: int, budget: bool) -> None:
    evidence = points(pairs)
    goal = Goal(budget=limit / 1e6) if budget else Goal(at_least=limit / 25)
    fits = [(q / 20, -c) for q, c in pairs if (c <= limit if budget else q / 20 >= limit / 25)]
    if not fits:
        with pytest.raises(InputError):
            fix(evidence, goal, RNG)
        return
    rule = fix(evidence, goal, RNG)
    got = rule.spend(evidence)
    best = max(fits) if budget else max(fits, key=lambda pair: (pair[1], pair[0]))
    assert (got.worth[0], -got.paid[0] * 1e6) == pytest.approx(best)
    assert rule.price is None


def test_answers_in_time_may_take_three_systems() -> None:
    """Two lots meet the budget alone; the third makes enough of them quick."""
    evidence = made([[[0.1]], [[0.9]], [[0.6]]], [[[1]], [[10]], [[8]]], seconds=np.array([[[1.0]], [[9.0]], [[1.0]]]))
    rule = mix(evidence, Goal(budget=6.0, latency=Latency(0.8, 2.0)), RNG)
    assert sum(share for name, share in rule.shares.items() if name != "b") >= 0.8 - 1e-9
    assert rule.spend(evidence).paid[0] <= 6 + 1e-9
    with pytest.raises(InputError, match="meets"):
        mix(evidence, Goal(at_least=0.85, latency=Latency(0.8, 2.0)), RNG)


def test_a_budget_above_the_dearest_buys_the_best_and_one_more_cent_nothing() -> None:
    rule = mix(points([(4, 1), (16, 3), (12, 9)]), Goal(budget=1.0), RNG)
    assert rule.shares == {"b": 1.0}
    assert rule.price == 0


def test_what_is_not_asked_need_not_be_known() -> None:
    evidence = made([[[1], [0]], [[np.nan], [1]]], [[[1]], [[2]]])
    assert fix(evidence, Goal(budget=1.5), RNG).spend(evidence).worth.tolist() == [1, 0]
    assert np.isnan(fix(evidence, Goal(budget=3.0), RNG).spend(evidence).worth).tolist() == [True, False]
