"""What every metric owes: a new one is in METRICS and inherits this."""

import polars as pl
import pytest

from isocost.metrics import Estimate, summarise
from isocost.metrics.summary import METRICS
from isocost.records import Price

PRICES = {"m": Price(input=1.0, output=2.0)}
AMOUNTS = {
    "seconds": 2.0, "n_calls": 1, "n_shared": 0, "prompt_tokens": 10, "completion_tokens": 5,
    "call_seconds": 1.5, "first_token_seconds": 0.5, "cpu_seconds": 0.7, "joules": 3.0,
}  # fmt: skip
MEASURED = {"model": "m", "score": 1.0, **AMOUNTS}

every_metric = pytest.mark.parametrize("metric", METRICS)


def found(metric: str, rows: list[dict[str, object]]) -> list[Estimate]:
    (system,) = summarise(pl.DataFrame([{"system": "a", **row} for row in rows]), prices=PRICES, metrics=[metric])
    return list(system.metrics.values())


def answers(count: int) -> list[dict[str, object]]:
    """`count` questions tried twice, the odd ones in vain and at more expense."""
    rows = []
    for item in range(count):
        for attempt in range(2):
            amounts = {name: value * (1 + item % 2 + attempt) for name, value in AMOUNTS.items()}
            rows.append({"item": f"q{item}", "attempt": attempt, "model": "m", **amounts, "score": float(item % 2 == 0)})
    return rows


@every_metric
def test_what_was_not_measured_is_never_a_number(metric: str) -> None:
    for estimate in found(metric, [{"item": "q0"}, {"item": "q1"}]):
        assert (estimate.value, estimate.n) == (None, 0)
        assert estimate.method


@every_metric
def test_a_failed_answer_changes_nothing(metric: str) -> None:
    failed = {"item": "q0", "attempt": 2, **MEASURED, "score": None, "error": "no"}
    assert found(metric, [*answers(8), failed]) == found(metric, [row | {"error": None} for row in answers(8)])


@every_metric
def test_one_answer_leaves_the_interval_open_or_as_wide_as_a_share_can_be(metric: str) -> None:
    for estimate in found(metric, [{"item": "q0", **MEASURED}]):
        assert estimate.high is None or (estimate.low, estimate.high) == (0.0, 1.0)


@every_metric
def test_the_interval_holds_the_value_and_the_order_of_records_does_not_matter(metric: str) -> None:
    once, again = found(metric, answers(12)), found(metric, answers(12)[::-1])
    assert once
    for one, other in zip(once, again, strict=True):
        ends = [end for end in (one.low, one.value, one.high) if end is not None]
        assert ends == sorted(ends)
        assert one.n > 0
        assert (one.n, one.method) == (other.n, other.method)
        for a, b in ((one.value, other.value), (one.low, other.low), (one.high, other.high)):
            assert a == (b if b is None else pytest.approx(b))


@every_metric
def test_a_simulated_answer_among_measured_ones_makes_it_simulated(metric: str) -> None:
    rows = [row | {"source": "measured"} for row in answers(8)]
    assert {estimate.basis for estimate in found(metric, rows)} == {"measured"}
    rows[3]["source"] = "simulated"
    assert {estimate.basis for estimate in found(metric, rows)} == {"simulated"}
