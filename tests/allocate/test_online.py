"""One at a time: never over budget, nearly as good as with hindsight, and the same after being saved."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isocost.allocate.choose import choose
from isocost.allocate.online import Online


def world(rng, n):
    """Questions of different difficulty: free, cheap and dear answers."""
    cost = np.column_stack([np.zeros(n), rng.random(n) + 0.1, 2 * rng.random(n) + 0.2])
    ease = rng.random(n)
    return np.column_stack([np.zeros(n), 0.6 * ease + 0.2 * rng.random(n), ease + 0.2 * rng.random(n)]), cost


def regret(n, seed, price=0.0):
    """What hindsight is worth more, at half a unit of budget an item."""
    value, cost = world(np.random.default_rng(seed), n)
    online = Online(0.5 * n, n, price)
    levels = [online.choose(v, c) for v, c in zip(value, cost, strict=True)]
    assert None not in levels
    return choose(value, cost, 0.5 * n).bound - value[np.arange(n), levels].sum()


def test_the_regret_grows_like_the_root_of_the_horizon():
    """Sixteen times the horizon, about four times the regret (eight would be n^.75); cold start."""
    short, long = (np.mean([regret(n, seed) for seed in range(4)]) for n in (250, 4000))
    assert 0 < long / short < 8
    assert long < 0.3 * math.sqrt(4000)


def test_yesterdays_price_helps():
    """Started at the right price, it loses less."""
    value, cost = world(np.random.default_rng(99), 1000)
    price = choose(value, cost, 500.0).price
    assert sum(regret(500, s, price) for s in range(4)) < sum(regret(500, s) for s in range(4))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.floats(0, 5), st.integers(1, 60))
def test_it_never_overspends(seed, r, budget, horizon):
    """Whatever comes, for longer than the horizon, in every budget; and says None when nothing fits."""
    rng = np.random.default_rng(seed)
    online = Online([budget] * r, horizon)
    spent = np.zeros(r)
    for _ in range(2 * horizon):
        value, cost = rng.normal(size=4), rng.exponential(0.2, (4, r))
        level = online.choose(value, cost)
        if level is None:
            assert not (spent + cost <= budget + 1e-12).all(axis=1).any() or budget - spent.max() < 1e-9
        else:
            spent += cost[level]
    assert (spent <= budget + 1e-9).all()
    assert online.spent == pytest.approx(spent)


def test_the_budget_is_used():
    """Nearly all of it, by the end of the horizon."""
    value, cost = world(np.random.default_rng(3), 2000)
    online = Online(600.0, 2000)
    for v, c in zip(value, cost, strict=True):
        online.choose(v, c)
    assert 0.99 * 600 <= online.spent <= 600


def test_it_goes_on_from_where_it_was_saved():
    """Through JSON, half-way: the same levels."""
    value, cost = world(np.random.default_rng(4), 200)
    whole, first = (Online([60.0, 60.0], 200) for _ in range(2))
    pairs = [(v, np.column_stack([c, c[::-1]])) for v, c in zip(value, cost, strict=True)]
    expected = [whole.choose(v, c) for v, c in pairs]
    half = [first.choose(v, c) for v, c in pairs[:100]]
    second = Online(**json.loads(json.dumps(first.saved())))
    assert second == first
    assert half + [second.choose(v, c) for v, c in pairs[100:]] == expected


def test_scale_does_not_matter():
    """Values in thousandths and costs in millions: the same levels."""
    value, cost = world(np.random.default_rng(5), 300)
    levels = []
    for worth, money in ((1.0, 1.0), (1 / 1024, 2.0**20)):
        online = Online(100.0 * money, 300)
        levels.append([online.choose(v * worth, c * money) for v, c in zip(value, cost, strict=True)])
    assert levels[0] == levels[1]


def test_forbidden_levels_and_ties():
    """NaN is never taken; of equals the first is."""
    online = Online(10.0, 10)
    assert online.choose([math.nan, 1.0, 1.0], [0.0, 1.0, 1.0]) == 1


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"budget": -1.0, "horizon": 10}, "budget must be finite"),
        ({"budget": 1.0, "horizon": 0}, "horizon must be at least 1"),
        ({"budget": [1.0, 2.0], "horizon": 10, "price": [1.0, 2.0, 3.0]}, "price must be finite"),
        ({"budget": [[1.0]], "horizon": 10}, "one row"),
    ],
)
def test_settings_are_refused_by_name(settings_, words):
    """Each says which and why."""
    with pytest.raises(ValueError, match=words):
        Online(**settings_)


@pytest.mark.parametrize(
    ("value", "cost", "words"),
    [
        ([1.0], [1.0, 2.0], "item 0: value must be"),
        ([math.nan], [1.0], "item 0 has no level"),
        ([1.0, 2.0], [1.0, -1.0], "item 0, level 1"),
        ([math.inf], [1.0], "item 0, level 0"),
    ],
)
def test_items_are_refused_by_number(value, cost, words):
    """Each says which item and why, and leaves the state as it was."""
    online = Online(5.0, 10)
    with pytest.raises(ValueError, match=words):
        online.choose(value, cost)
    assert online == Online(5.0, 10)
