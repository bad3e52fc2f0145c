"""Several budgets: what is chosen fits, what is certified holds, and exact means exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, kron, vstack
from tests.oracles.allocate_more import best_within

from isocost.allocate.choose import choose
from isocost.allocate.multipliers import multipliers
from isocost.allocate.several import choose_several


def world(n, k, r, seed, whole=False):
    """Levels that cost more and are worth more, with decreasing returns; budgets at about a third of the dearest levels."""
    rng = np.random.default_rng(seed)
    size = rng.random((n, 1, 1)) + 0.2
    cost = size * np.arange(k)[None, :, None] * rng.uniform(0.3, 1, (n, k, r)) / k
    value = np.sqrt(cost.mean(axis=2)) * rng.uniform(0.7, 1.3, (n, k))
    if whole:
        cost, value = np.round(cost * 100), np.round(value * 100)
    budget = cost.max(axis=1).sum(axis=0) * 0.3 * rng.uniform(0.8, 1.2, r)
    return value, cost, np.round(budget) if whole else budget


@st.composite
def small(draw):
    n, k, r = draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    number = st.integers(0, 9) if draw(st.booleans()) else st.floats(0, 9, allow_subnormal=False).map(lambda x: round(x, 3))
    value = np.array(draw(st.lists(number | st.just(np.nan), min_size=n * k, max_size=n * k)), dtype=float).reshape(n, k)
    cost = np.array(draw(st.lists(number, min_size=n * k * r, max_size=n * k * r)), dtype=float).reshape(n, k, r)
    return value, cost, np.array(draw(st.lists(st.integers(0, 30), min_size=r, max_size=r)), dtype=float)


@settings(max_examples=60, deadline=None)
@given(small(), st.booleans())
def test_against_every_plan(problem, exact):
    """It finds a plan when there is one, within every budget, never above its bound; exact, it is the best."""
    value, cost, budget = problem
    rows = np.arange(len(value))
    best = best_within(value, lambda level: cost[rows, level].sum(axis=0), budget)
    if best is None:
        with pytest.raises(ValueError, match=r"budget|item"):
            choose_several(value, cost, budget, exact=exact)
        return
    found = choose_several(value, cost, budget, exact=exact)
    assert (found.cost <= budget).all()
    assert found.cost == pytest.approx(cost[rows, found.level].sum(axis=0))
    assert found.value == pytest.approx(value[rows, found.level].sum())
    assert found.value <= best + 1e-6
    assert best <= found.bound + 1e-6
    assert (found.price >= 0).all()
    if exact:
        assert found.value == pytest.approx(best, abs=1e-6)
    if found.optimal:
        assert found.value == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(("n", "k", "r"), [(60, 4, 2), (150, 5, 3), (200, 8, 5)])
def test_the_dual_is_the_linear_relaxation(n, k, r):
    """HiGHS solves the relaxation and finds the same value."""
    value, cost, budget = world(n, k, r, seed=n)
    one_each = kron(eye_array(n), np.ones((1, k)))
    relaxed = linprog(-value.ravel(), cost.reshape(-1, r).T, budget, one_each, np.ones(n), bounds=(0, 1), method="highs")
    assert multipliers(value, cost, budget).bound == pytest.approx(-relaxed.fun, rel=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_exact_agrees_with_highs(seed):
    """Forty items with integer values and costs under two budgets: the same optimum."""
    value, cost, budget = world(40, 4, 2, seed, whole=True)
    rows = vstack([csr_array(cost.reshape(-1, 2).T), kron(eye_array(40), np.ones((1, 4)))])
    within = LinearConstraint(rows, np.r_[0, 0, np.ones(40)], np.r_[budget, np.ones(40)])
    best = milp(-value.ravel(), integrality=np.ones(160), constraints=within, options={"mip_rel_gap": 0.0})
    found = choose_several(value, cost, budget, exact=True)
    assert found.value == round(-best.fun)
    assert found.optimal


@pytest.mark.parametrize("r", [1, 2, 3])
def test_the_gap_closes_as_items_grow(r):
    """Twenty thousand items: within a hundred-thousandth of the bound, and every budget kept."""
    value, cost, budget = world(20_000, 6, r, seed=0)
    found = choose_several(value, cost, budget)
    assert (found.cost <= budget).all()
    assert found.bound - found.value <= 1e-5 * found.value


def test_one_budget_is_the_knapsack():
    """With a single budget the bound and the price are those of choose."""
    value, cost, budget = world(500, 5, 1, seed=4)
    one, several = choose(value, cost[:, :, 0], budget[0]), choose_several(value, cost, budget)
    assert several.price[0] == pytest.approx(one.price, rel=0.05)
    assert several.value == pytest.approx(one.value, rel=1e-4)


def test_the_price_is_what_more_budget_buys():
    """The dual rises by the price, times a little more of each budget."""
    value, cost, budget = world(3000, 5, 2, seed=5)
    found = choose_several(value, cost, budget)
    for a in range(2):
        more = budget.copy()
        more[a] *= 1.01
        gained = choose_several(value, cost, more).bound - found.bound
        assert gained == pytest.approx(found.price[a] * 0.01 * budget[a], rel=0.05)


def test_equal_items_tie_the_same_way():
    """A thousand equal items: solved, within the budgets, twice the same."""
    value, cost = np.tile([0.0, 3.0, 4.0], (1000, 1)), np.tile([[0.0, 0.0], [1.0, 2.0], [2.0, 3.0]], (1000, 1, 1))
    first, second = (choose_several(value, cost, [900.0, 1500.0]) for _ in range(2))
    assert first.level.tolist() == second.level.tolist()
    assert first.bound - first.value <= 4


def test_a_slack_budget_costs_nothing():
    """Room for the best of everything: proved optimal at price 0."""
    value, cost, budget = world(50, 4, 2, seed=1)
    found = choose_several(value, cost, budget * 100)
    assert found.optimal
    assert found.price.tolist() == [0, 0]
    assert found.value == pytest.approx(value.max(axis=1).sum())


@pytest.mark.parametrize(
    ("value", "cost", "budget", "words"),
    [
        ([[1.0]], [[[1.0, 1.0]]], [1.0], "cost must be"),
        ([[1.0]], [[[1.0, -1.0]]], [1.0, 1.0], "budget 1: .*item 0"),
        ([[np.nan]], [[[1.0, 1.0]]], [1.0, 1.0], "item 0"),
        ([[1.0]], [[[1.0, 3.0]]], [1.0, 2.0], "budget 1: budget must be at least 3.0"),
        ([[1.0, 1.0]], [[[1.0, 3.0], [3.0, 1.0]]], [2.0, 2.0], "no choice keeps to all budgets"),
        ([[1.0, 1.0]] * 3, [[[1.0, 3.0], [3.0, 1.0]]] * 3, [5.0, 5.0], "no choice keeps to all budgets"),
    ],
)
def test_refusals_name_what_is_wrong(value, cost, budget, words):
    """Each names the budget or the item."""
    with pytest.raises(ValueError, match=words):
        choose_several(value, cost, budget)
