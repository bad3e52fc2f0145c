"""Tokens, calls, money, and cost per correct answer."""

import math

import msgspec
import pytest
from msgspec.structs import replace
from tests.metrics.world import World, answers

from isocost.metrics import Estimate, compare, item_table, read, summarise
from isocost.metrics.answers import systems
from isocost.metrics.cost import cost_per_correct_per_question
from isocost.records import Call, Price, Record
from isocost.stats import clustered_mean, wilson

PRICE = {"m": Price(input=1, output=10)}  # 100 and 10 tokens: 0.0002 dollars an answer


def metrics_of(records: list[Record], prices: dict[str, Price] | None = None) -> dict[str, Estimate]:
    (found,) = summarise(World(records), prices=prices)
    return found.metrics


def test_quantities_are_means_over_answers_with_students_interval() -> None:
    records = [r for i, tokens in enumerate((10, 20, 60)) for r in answers("s", [1], completion_tokens=tokens)]
    records = [Record(system="s", item=f"q{i}", calls=r.calls, score=r.score) for i, r in enumerate(records)]
    found = metrics_of(records)
    expected = clustered_mean([10.0, 20.0, 60.0])
    assert found["completion_tokens"].value == 30
    assert found["completion_tokens"].low == max(0, expected.low) == 0
    assert found["completion_tokens"].high == pytest.approx(expected.high)
    assert found["tokens"].value == 130


def test_a_quantity_that_never_varies_says_so() -> None:
    found = metrics_of(answers("s", [1, 0, 1]))["calls"]
    assert found == Estimate(1.0, 1.0, 1.0, 3, "constant over 3", "measured")


def test_what_nobody_measured_has_no_value() -> None:
    found = metrics_of(answers("s", [1, 0], prompt_tokens=None))
    for name in ("energy", "cpu_seconds", "first_token_seconds", "first_token_p50", "prompt_tokens", "tokens"):
        assert found[name] == Estimate(None, None, None, 0, "not measured", "measured")


def test_an_imported_log_without_calls_has_no_call_count_and_no_cost() -> None:
    found = metrics_of([Record(system="s", item=f"q{i}", score=1.0) for i in range(3)], PRICE)
    assert [found[name].value for name in ("calls", "tokens", "cost")] == [None, None, None]


def test_a_question_that_the_budget_refused_cost_nothing() -> None:
    found = metrics_of([Record(system="s", item="q", finish="budget", score=0.0), *answers("s", [1, 1])[1:]], PRICE)
    assert [found[name].value for name in ("calls", "tokens", "cost")] == pytest.approx([0.5, 55, 0.0001])


def test_an_unknown_price_is_unpriced_and_named_never_free() -> None:
    found = metrics_of(answers("s", [1, 0], model="nobody-knows-this"))
    assert found["cost"] == Estimate(None, None, None, 0, "unpriced: nobody-knows-this", "measured")
    assert "cost_per_correct_pooled" not in found


def test_part_of_a_cost_is_no_cost() -> None:
    """A cascade whose second model has no price is unpriced, even on the questions that never reached it."""
    records = answers("s", [1, 0])
    second = Call(model="nobody-knows-this", prompt_tokens=1, completion_tokens=1)
    records.append(Record(system="s", item="q2", score=1.0, calls=(records[0].calls[0], second)))
    assert metrics_of(records, PRICE)["cost"].method == "unpriced: nobody-knows-this"


def test_a_failed_answer_does_not_make_a_system_unpriced() -> None:
    failed = Record(system="s", item="q9", error="x", calls=(Call(model="nobody-knows-this"),))
    assert metrics_of([*answers("s", [1, 0]), failed], PRICE)["cost"].value == pytest.approx(0.0002)


def test_pooled_is_all_dollars_over_all_right_answers() -> None:
    found = metrics_of(answers("s", [1, 0, 1, 1] * 10), PRICE)["cost_per_correct_pooled"]
    assert found.value == pytest.approx(4 * 0.0002 / 3)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_no_right_answer_costs_without_end_but_not_without_floor() -> None:
    found = metrics_of(answers("s", [0] * 10), PRICE)["cost_per_correct_pooled"]
    assert (found.value, found.high) == (None, None)
    assert found.low == pytest.approx(0.0002 / wilson(0, 10, 0.975).high)
    assert found.method.startswith("infinite: no answer is right")


def test_one_group_leaves_a_cost_that_json_holds() -> None:
    records = [replace(record, group="g") for record in answers("s", [1, 0])]
    found = metrics_of(records, PRICE)["cost_per_correct_pooled"]
    assert msgspec.json.decode(msgspec.json.encode(found))["value"] == pytest.approx(0.0004)


def repeated(scores: list[list[float]]) -> list[Record]:
    call = answers("s", [1])[0].calls
    return [
        Record(system="s", item=f"q{i}", attempt=a, score=score, calls=call)
        for i, row in enumerate(scores)
        for a, score in enumerate(row)
    ]


def test_per_question_is_the_mean_of_each_questions_own_ratio() -> None:
    found = metrics_of(repeated([[1, 1], [1, 0], [1, 1]]), PRICE)["cost_per_correct_per_question"]
    assert found.value == pytest.approx(0.0002 * (1 + 2 + 1) / 3)
    assert found.n == 3


def test_per_question_is_infinite_when_one_is_never_solved() -> None:
    found = metrics_of(repeated([[1, 1], [0, 0], [1, 1]]), PRICE)
    assert found["cost_per_correct_per_question"].value is None
    assert "infinite: 1 of 3 questions" in found["cost_per_correct_per_question"].method
    assert found["never_solved"].value == pytest.approx(1 / 3)


def test_an_expert_bounds_what_a_question_can_cost() -> None:
    (answered,) = systems(read(World(repeated([[1, 1], [0, 0]])), PRICE))
    found = cost_per_correct_per_question(answered, instead=3.5)
    assert found is not None
    assert found.value == pytest.approx((0.0002 + 3.5) / 2)


def test_shared_calls_are_accounted_in_full() -> None:
    one, two = metrics_of(answers("s", [1, 0]), PRICE), metrics_of(answers("s", [1, 0], shared=True), PRICE)
    assert one["cost"] == two["cost"]
    assert one["tokens"] == two["tokens"]


def test_a_shared_answer_takes_the_time_of_its_calls() -> None:
    """The calls took half a second each, the answer that shared two of them a millisecond."""
    call = answers("s", [1], shared=True)[0].calls
    records = [Record(system="s", item=f"q{i}", calls=call * 2, seconds=0.001) for i in range(3)]
    found = metrics_of(records)["seconds"]
    assert found.value == 1.0
    assert "3 answers with shared calls" in found.method


def test_an_answer_of_one_call_takes_that_calls_time_not_its_wait_in_the_studys_queue() -> None:
    records = [Record(system="s", item=f"q{i}", calls=(Call(model="m", seconds=0.5),), seconds=60.0) for i in range(3)]
    assert metrics_of(records)["seconds"].value == 0.5


def test_latency_has_quantiles_each_with_its_interval() -> None:
    records = [Record(system="s", item=f"q{i:03d}", seconds=float(i)) for i in range(101)]
    found = metrics_of(records)
    assert (found["seconds"].value, found["seconds_p50"].value, found["seconds_p90"].value) == (50, 50, 90)
    assert found["seconds_p50"].low == 40
    assert found["seconds_p50"].high == 60
    assert found["seconds_p99"].high is None  # 101 answers cannot bound it


def test_a_cost_axis_without_price_is_empty_in_the_item_table() -> None:
    world = World([*answers("a", [1, 0]), *answers("b", [1, 1], model="nobody-knows-this")])
    table = item_table(world, ("cost", "accuracy"), PRICE)
    assert table.values["cost"][0].tolist() == pytest.approx([0.0002, 0.0002])
    assert all(math.isnan(value) for value in table.values["cost"][1])
    assert compare(world, "cost", prices=PRICE)[0].difference.value is None
