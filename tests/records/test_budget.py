"""Budgets, prices and caps count exactly."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Budget, Call, Cap, CapReached, InputError, Price

tokens = st.integers(0, 10**7)
prices = st.integers(0, 10**6).map(lambda n: n / 1000)


@given(tokens, tokens, prices, prices)
def test_a_price_in_microdollars_is_the_decimal_sum_rounded_up(prompt: int, completion: int, into: float, out: float) -> None:
    call = Call(model="m", prompt_tokens=prompt, completion_tokens=completion)
    exact = Decimal(str(into)) * prompt + Decimal(str(out)) * completion
    price = Price(input=into, output=out)
    assert price.microdollars(call) == math.ceil(exact)
    assert price.dollars(call) == pytest.approx(float(exact) / 1e6)


def test_a_tenth_of_a_microdollar_does_not_round_up_by_binary_error() -> None:
    assert Price(input=0.15, output=0.6).microdollars(Call(model="m", prompt_tokens=100, completion_tokens=0)) == 15


def test_cached_tokens_cost_their_own_price() -> None:
    call = Call(model="m", prompt_tokens=1000, completion_tokens=0, cached_tokens=600)
    assert Price(input=10, output=10, cached=1).microdollars(call) == 4000 + 600
    assert Price(input=10, output=10).microdollars(call) == 10_000


def test_a_machine_of_ones_own_costs_its_share_of_the_hour() -> None:
    price = Price(per_hour=3.6)
    assert price.microdollars(Call(model="m", seconds=4.0)) == 4000
    assert price.microdollars(Call(model="m", seconds=4.0, machine_seconds=0.5)) == 500


@pytest.mark.parametrize("call", [Call(model="m"), Call(model="m", prompt_tokens=1), Call(model="m", completion_tokens=1)])
def test_unknown_quantities_have_no_price(call: Call) -> None:
    assert Price(input=1, output=1).dollars(call) is None
    assert Price(per_hour=1).microdollars(call) is None


@pytest.mark.parametrize("wrong", [{}, {"input": 1.0}, {"input": -1.0, "output": 1.0}, {"per_hour": math.nan}])
def test_an_incomplete_or_negative_price_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="price"):
        Price(**wrong)


@pytest.mark.parametrize("field", ["tokens", "calls", "seconds", "microdollars"])
def test_a_negative_budget_is_refused_with_its_value(field: str) -> None:
    with pytest.raises(InputError, match=f"at least 0 {field}, got -5"):
        Budget(**{field: -5})


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8), st.integers(0, 200), st.integers(0, 8))
def test_what_is_left_never_falls_below_zero_and_adds_up(used: list[tuple[int, int]], limit: int, calls: int) -> None:
    made = [Call(model="m", prompt_tokens=a, completion_tokens=b) for a, b in used]
    left = Budget(tokens=limit, calls=calls).minus(made)
    assert left.tokens == max(0, limit - sum(a + b for a, b in used))
    assert left.calls == max(0, calls - len(made))
    assert left.spent == (left.tokens == 0 or left.calls == 0)


def test_no_limit_is_never_spent() -> None:
    assert not Budget().minus([Call(model="m", prompt_tokens=10**9, completion_tokens=0)], seconds=1e9).spent


def test_a_money_budget_uses_its_own_prices_and_refuses_a_model_it_has_none_for() -> None:
    budget = Budget(microdollars=100, prices={"m": Price(input=1, output=1)})
    assert budget.minus([Call(model="m", prompt_tokens=60, completion_tokens=0)]).microdollars == 40
    with pytest.raises(InputError, match="price for model 'other'"):
        budget.minus([Call(model="other", prompt_tokens=1, completion_tokens=1)])


def test_a_failed_call_of_unknown_size_takes_no_money_but_counts_as_a_call() -> None:
    budget = Budget(microdollars=100, calls=3, prices={"m": Price(input=1, output=1)})
    left = budget.minus([Call(model="m", error="timeout")])
    assert (left.microdollars, left.calls) == (100, 2)
    with pytest.raises(InputError, match="price for model 'm'"):
        budget.minus([Call(model="m")])


def test_a_stated_bill_counts_where_there_is_no_price() -> None:
    assert Budget(microdollars=100).minus([Call(model="m", billed=0.00006)]).microdollars == 40


def test_a_cap_stops_when_its_last_unit_is_spent_and_ignores_shared_calls() -> None:
    cap = Cap(tokens=10, microdollars=20)
    price = Price(input=1, output=1)
    cap.add(Call(model="m", prompt_tokens=9, completion_tokens=0, shared=True), price)
    cap.add(Call(model="m", prompt_tokens=9, completion_tokens=0), price)
    cap.check()
    cap.add(Call(model="m", prompt_tokens=1, completion_tokens=0), price)
    with pytest.raises(CapReached, match="10 tokens"):
        cap.check()


def test_a_cap_in_money_says_what_was_used() -> None:
    cap = Cap(microdollars=20)
    cap.add(Call(model="m", billed=0.00003), None)
    with pytest.raises(CapReached, match=r"\$2e-05 is spent \(\$3e-05 used\)"):
        cap.check()
