"""Water-filling: the whole total, one marginal value, against closed forms and another optimiser."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from isocost.allocate.split import Logarithmic, Points, Power, Saturating, split

RATES = st.lists(st.floats(0.05, 5.0), min_size=2, max_size=5)


@settings(max_examples=60, deadline=None)
@given(RATES, RATES, st.floats(0.1, 50.0), st.sampled_from([Saturating, Logarithmic]))
def test_the_last_unit_is_worth_the_same_everywhere(a, b, total, family):
    """The total is spent; curves that get something have the price as their slope, the others a smaller one."""
    n = min(len(a), len(b))
    a, b = np.array(a[:n]), np.array(b[:n])
    found = split(family(a, b), total)
    slope = a * b * np.exp(-b * found.amounts) if family is Saturating else a * b / (1 + b * found.amounts)
    assert found.amounts.sum() == pytest.approx(total)
    got = found.amounts > 1e-9
    assert slope[got] == pytest.approx(found.price, rel=1e-6)
    assert (slope[~got] <= found.price * (1 + 1e-6)).all()


def test_power_laws_have_a_closed_form():
    """a x^b with one b: amounts in proportion to a^(1 / (1 - b))."""
    a, b = np.array([1.0, 2.0, 5.0]), 0.5
    found = split(Power(a, b), 30.0)
    assert found.amounts == pytest.approx(30 * a**2 / (a**2).sum())
    assert found.price == pytest.approx(a[0] * b * found.amounts[0] ** (b - 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), min_size=2, max_size=4), min_size=1, max_size=5), st.integers(0, 12))
def test_points_are_taken_steepest_first(gains, total):
    """Unit steps with falling gains: the value is the sum of the largest gains, the price the next one."""
    curves = [np.column_stack([np.arange(len(g) + 1), np.cumsum([0, *sorted(g, reverse=True)])]) for g in gains]
    steps = sorted((g for own in gains for g in own), reverse=True)
    found = split(curves, total)
    assert found.value == pytest.approx(sum(steps[:total]))
    assert found.amounts.sum() == pytest.approx(min(total, len(steps)))
    last, following = ([math.inf, *steps, 0][min(total, len(steps)) + i] for i in (0, 1))
    assert following - 1e-9 <= found.price <= last + 1e-9


def test_mixed_curves_against_scipy():
    """A family, a function and points together: as much value as SLSQP finds."""
    curves = [Saturating(3.0, 0.7), lambda x: 2 * math.sqrt(x + 1) - 2, Points([0, 1, 4], [0, 1.5, 3]), Logarithmic(1.0, 2.0)]
    found = split(curves, 6.0)

    def lost(x):
        line = np.interp(x[2], [0, 1, 4], [0, 1.5, 3])
        return -(3 * (1 - np.exp(-0.7 * x[0])) + 2 * np.sqrt(x[1] + 1) - 2 + line + np.log1p(2 * x[3]))

    whole = {"type": "eq", "fun": lambda x: x.sum() - 6}
    starts = (np.array(s, dtype=float) for s in ([1.5] * 4, [2, 1, 1, 2], [1, 1, 3, 1]))
    other = max(-minimize(lost, s, bounds=[(0, 6)] * 4, constraints=[whole], method="SLSQP").fun for s in starts)
    assert found.value >= other - 1e-6
    assert found.value == pytest.approx(other, rel=1e-4)
    assert found.amounts.sum() == pytest.approx(6.0)


def test_equal_curves_get_equal_amounts():
    """Three equal lines share what none of them deserves more than another."""
    assert split(Points(np.tile([0.0, 4.0], (3, 1)), np.tile([0.0, 4.0], (3, 1))), 6.0).amounts == pytest.approx([2, 2, 2])


def test_what_cannot_be_used_is_left():
    """Curves that end take no more, and a falling piece nothing: price 0."""
    found = split([[[0, 0], [2, 4]], [[0, 0], [1, 1], [2, 0]]], 10)
    assert (found.amounts.tolist(), found.price, found.value) == ([2.0, 1.0], 0.0, 5.0)


def test_nothing_to_split():
    """A total of 0: nothing for all, and the price of the first unit."""
    found = split(Saturating([1.0, 2.0], 1.0), 0)
    assert found.amounts.tolist() == [0, 0]
    assert found.price == pytest.approx(2.0)
    assert split(Power(1.0, 0.5), 0).price == math.inf


@pytest.mark.parametrize(
    ("curves", "total", "words"),
    [
        ([Saturating(1.0, 1.0), Saturating([1.0, -1.0], 1.0)], 1, "Saturating, curve 2"),
        ([Saturating(1.0, 1.0), Power(1.0, 1.5)], 1, "Power, curve 1: .*below 1"),
        ([[[0, 0], [1, 1]], [[0, 0], [1, 1], [2, 3]]], 1, "curve 1 is not concave: from the amount 1"),
        ([[[1, 0], [2, 1]]], 1, "curve 0: amounts must rise from 0"),
        ([math.sqrt, lambda x: x * x], 1, "curve 1 is not concave"),
        ([[1, 2, 3]], 1, r"curve 0: points must be of shape \(m, 2\)"),
        ([], 1, "at least one curve"),
        (Saturating(1.0, 1.0), -1, "total must be"),
        (Saturating(1.0, 1.0), math.nan, "total must be"),
    ],
)
def test_refusals_name_the_curve(curves, total, words):
    """Each says which curve and why."""
    with pytest.raises(ValueError, match=words):
        split(curves, total)
