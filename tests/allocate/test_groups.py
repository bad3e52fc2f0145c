"""Groups inside a whole: every budget kept, the bound certified, the prices of both kinds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.allocate_more import best_within

from isocost.allocate.choose import choose
from isocost.allocate.groups import choose_in_groups


@st.composite
def small(draw):
    n, k, g = draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    number = st.integers(0, 9) if draw(st.booleans()) else st.floats(0, 9, allow_subnormal=False).map(lambda x: round(x, 3))
    value = np.array(draw(st.lists(number, min_size=n * k, max_size=n * k)), dtype=float).reshape(n, k)
    cost = np.array(draw(st.lists(number, min_size=n * k, max_size=n * k)), dtype=float).reshape(n, k)
    groups = np.array(draw(st.lists(st.integers(0, g - 1), min_size=n, max_size=n)))
    budget = np.array(draw(st.lists(st.integers(0, 25), min_size=g, max_size=g)), dtype=float)
    return value, cost, budget, groups, draw(st.none() | st.integers(0, 40))


@settings(max_examples=100, deadline=None)
@given(small(), st.booleans())
def test_against_every_plan(problem, exact):
    """Within each budget and the whole; never above the bound; exact, the best there is."""
    value, cost, budget, groups, total = problem
    rows = np.arange(len(value))

    def used(level):
        chosen = cost[rows, level]
        return [*np.bincount(groups, chosen, minlength=len(budget)), chosen.sum()]

    best = best_within(value, used, [*budget, np.inf if total is None else total])
    if best is None:
        with pytest.raises(ValueError, match="budget must be at least"):
            choose_in_groups(value, cost, budget, groups, total=total, exact=exact)
        return
    found = choose_in_groups(value, cost, budget, groups, total=total, exact=exact)
    assert (found.cost <= budget).all()
    assert total is None or found.cost.sum() <= total + 1e-9
    assert found.value == pytest.approx(value[rows, found.level].sum())
    assert found.value <= best + 1e-6
    assert best <= found.bound + 1e-6
    if exact or found.optimal:
        assert found.value == pytest.approx(best, abs=1e-6)


def test_many_tenants():
    """Twenty tenants, five thousand items, a whole of 70 % of their budgets: within a hundred-thousandth of the bound."""
    rng = np.random.default_rng(0)
    cost = np.cumsum(rng.random((5000, 5)), axis=1)
    value, groups = np.sqrt(cost) * rng.uniform(0.8, 1.2, cost.shape), rng.integers(0, 20, 5000)
    budget = np.bincount(groups, cost[:, -1]) * np.linspace(0.35, 0.9, 20)
    found = choose_in_groups(value, cost, budget, groups, total=float(budget.sum() * 0.7))
    assert found.bound - found.value <= 1e-5 * found.value
    assert found.total_price > 0
    assert (found.price > 0).any()
    assert (found.price == 0).any()


def test_one_group_is_choose():
    """One tenant with the whole purse: the knapsack."""
    rng = np.random.default_rng(1)
    value, cost = np.sort(rng.random((50, 4)), axis=1), np.sort(rng.random((50, 4)), axis=1)
    one, whole = choose(value, cost, 25.0, exact=True), choose_in_groups(value, cost, [25.0], np.zeros(50, int), exact=True)
    assert whole.value == pytest.approx(one.value)
    assert whole.price[0] == pytest.approx(one.price)


@pytest.mark.parametrize(
    ("budget", "groups", "words"),
    [
        ([5.0, 0.5], [0, 1], "group 1: budget must be at least 1.0"),
        ([5.0, 5.0], [0, 2], "whole numbers from 0 to 1"),
        ([5.0, 5.0], [0], r"groups \(2,\)"),
        ([5.0, 5.0], [0.0, 1.0], "whole numbers"),
        ([np.nan, 5.0], [0, 1], "group 0"),
    ],
)
def test_refusals_name_the_group(budget, groups, words):
    """Each says which group and what it needs."""
    with pytest.raises(ValueError, match=words):
        choose_in_groups([[1.0, 2.0]] * 2, [[1.0, 2.0]] * 2, budget, groups)
