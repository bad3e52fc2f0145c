"""Prices: whose goes first, and that arrays are priced as calls are."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.metrics.world import World
from tests.oracles import prices as oracle

from isocost.metrics import item_table, list_price, resolve
from isocost.records import Call, Price, Record

OWN = {
    "tokens": Price(input=0.15, output=0.6, cached=0.075),
    "hour": Price(per_hour=2.5),
    "both": Price(input=1, output=2, per_hour=3),
}

NAMES = ("prompt_tokens", "completion_tokens", "cached_tokens", "seconds", "machine_seconds", "billed")


@st.composite
def answers(draw: st.DrawFn) -> tuple[Call, ...]:
    """Calls that all know the same quantities, as one answer's calls do."""
    known = draw(st.sets(st.sampled_from(NAMES)))
    tokens = {
        "prompt_tokens": st.integers(1000, 5000),
        "completion_tokens": st.integers(0, 5000),
        "cached_tokens": st.integers(0, 1000),
    }
    whole = {name: tokens.get(name, st.floats(0, 100)) for name in known}
    call = st.builds(Call, model=st.sampled_from([*OWN, "gpt-4o", "nobody-knows-this"]), **whole)
    return tuple(draw(st.lists(call, max_size=3)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(answers(), min_size=1, max_size=4))
def test_arrays_are_priced_as_calls_are(several: list[tuple[Call, ...]]) -> None:
    """Each record's cost is the sum over its calls of own price, else bill, else list price; unknown if any is."""
    listed = resolve(["gpt-4o"])
    records = [Record(system=f"s{i}", item="q", calls=calls) for i, calls in enumerate(several)]
    found = item_table(World(records), ("cost",), OWN).values["cost"][:, 0].tolist()
    expected = [oracle.cost(record, OWN, listed) for record in records]
    assert found == pytest.approx([float("nan") if cost is None else cost for cost in expected], nan_ok=True)


def test_the_users_own_price_goes_before_the_list() -> None:
    own = {"gpt-4o": Price(input=1, output=1)}
    found = resolve(["gpt-4o", "gpt-4o-mini", "nobody-knows-this"], own)
    assert found["gpt-4o"] is own["gpt-4o"]
    assert sorted(found) == ["gpt-4o", "gpt-4o-mini"]


def test_a_list_price_says_where_it_comes_from() -> None:
    price = list_price("gpt-4-turbo-2024-04-09")
    assert price is not None
    assert (price.input, price.output) == (10, 30)
    assert price.source.startswith("genai-prices ")
    assert "openai/gpt-4-turbo" in price.source


def test_a_provider_prefix_is_understood() -> None:
    assert list_price("openai/gpt-4-turbo-2024-04-09") == list_price("gpt-4-turbo-2024-04-09")
    assert list_price("no-such-provider/gpt-4o") is None
    assert list_price("") is None


def test_a_price_is_dated() -> None:
    price = list_price("gpt-4o", datetime(2026, 1, 2, tzinfo=UTC))
    assert price is not None
    assert price.date == "2026-01-02"


def test_bills_are_used_where_the_user_names_no_price() -> None:
    record = Record(system="s", item="q", calls=(Call(model="gpt-4o", prompt_tokens=10, completion_tokens=10, billed=0.5),))
    assert item_table(World([record]), ("cost",)).values["cost"][0, 0] == 0.5
    own = {"gpt-4o": Price(input=1, output=1)}
    assert item_table(World([record]), ("cost",), own).values["cost"][0, 0] == pytest.approx(20e-6)
