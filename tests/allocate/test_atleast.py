"""The least cost: reaches what is asked, its bound is a lower one, and its price is what one more unit of value costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles import allocate_more as oracle

from isocost.allocate.atleast import cheapest


@st.composite
def small(draw):
    n, k = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    number = st.integers(0, 9) if draw(st.booleans()) else st.floats(0, 9, allow_subnormal=False).map(lambda x: round(x, 3))
    value = np.array(draw(st.lists(number, min_size=n * k, max_size=n * k)), dtype=float).reshape(n, k)
    cost = np.array(draw(st.lists(number, min_size=n * k, max_size=n * k)), dtype=float).reshape(n, k)
    return value, cost, draw(st.integers(-2, 40))


@settings(max_examples=100, deadline=None)
@given(small())
def test_against_every_plan(problem):
    """The least cost of all plans that are worth enough, or a refusal when none is."""
    value, cost, at_least = problem
    best = oracle.cheapest(value, cost, at_least)
    if best is None:
        with pytest.raises(ValueError, match="at_least must be at most"):
            cheapest(value, cost, at_least)
        return
    found = cheapest(value, cost, at_least, exact=True)
    assert found.value >= at_least
    assert found.cost == pytest.approx(best)
    assert found.bound <= best + 1e-9
    assert found.optimal


def test_the_price_is_what_more_value_costs():
    """A tenth of a point more value costs about a tenth of the price more."""
    rng = np.random.default_rng(0)
    cost = np.cumsum(rng.random((2000, 5)), axis=1)
    value = np.sqrt(cost) * rng.uniform(0.8, 1.2, cost.shape)
    low, high = cheapest(value, cost, 2800.0), cheapest(value, cost, 2810.0)
    assert (high.cost - low.cost) / 10 == pytest.approx((low.price + high.price) / 2, rel=0.02)
    assert low.cost - low.bound <= 1e-5 * low.cost


def test_what_is_free_is_taken():
    """The cheapest levels are worth enough: price 0, proved."""
    found = cheapest([[1.0, 5.0]], [[2.0, 3.0]], 1.0)
    assert (found.level.tolist(), found.cost, found.price, found.optimal) == ([0], 2.0, 0.0, True)


@pytest.mark.parametrize("at_least", [6.5, np.nan, np.inf])
def test_too_much_is_refused(at_least):
    """The error says what can be reached."""
    with pytest.raises(ValueError, match=r"at most 6\.0"):
        cheapest([[1.0, 2.0], [4.0, np.nan]], [[1.0, 1.0], [1.0, 1.0]], at_least)
