"""What a user says becomes a goal; what cannot be met is answered with what can."""

import pytest
from tests.plan.worlds import made

from isocost.plan import Goal, Latency, parse_at_least, parse_budget, parse_latency
from isocost.plan.goal import amount, impossible, means, reachable
from isocost.records import InputError


@pytest.mark.parametrize(
    ("text", "budget", "unit"),
    [
        ("$0.40 per 1000", 0.0004, "cost"),
        ("$0.0004", 0.0004, "cost"),
        ("$2 per 1000 questions", 0.002, "cost"),
        ("0.4 $/1k", 0.0004, "cost"),
        ("0.4$/1k", 0.0004, "cost"),
        ("$1,200 per 1,000,000", 0.0012, "cost"),
        ("$3/M", 3e-6, "cost"),
        ("$0.01 a question", 0.01, "cost"),
        ("0.5 dollars per 1000 queries", 0.0005, "cost"),
        ("5e-4 usd", 0.0005, "cost"),
        ("$.5 per 1000", 0.0005, "cost"),
        ("800 tokens", 800, "tokens"),
        ("800 tokens per question", 800, "tokens"),
        ("120 completion tokens", 120, "completion_tokens"),
        ("2s", 2, "seconds"),
        ("2.5 seconds", 2.5, "seconds"),
        ("3 calls", 3, "calls"),
        ("$0", 0, "cost"),
    ],
)
def test_budgets_are_read_as_a_mean_for_each_question(text: str, budget: float, unit: str) -> None:
    assert parse_budget(text) == (pytest.approx(budget), unit)


@pytest.mark.parametrize("text", ["", "cheap", "0.40", "-$1", "$1 per 0", "$4 tokens", "5 apples", "$1 per 1000 a day", "$nan"])
def test_a_budget_that_cannot_be_read_is_answered_with_examples(text: str) -> None:
    with pytest.raises(InputError, match="budget"):
        parse_budget(text)


def test_qualities_to_reach() -> None:
    assert parse_at_least("accuracy=0.90") == ("accuracy", 0.9)
    assert parse_at_least("accuracy = 90%") == ("accuracy", 0.9)
    assert parse_at_least("0.9") == ("accuracy", 0.9)
    assert parse_at_least("mean_score=3.5") == ("mean_score", 3.5)
    with pytest.raises(InputError, match="accuracy=90%\\?"):
        parse_at_least("accuracy=90")
    for text in ("speed=3", "accuracy", "accuracy=high", "accuracy=nan"):
        with pytest.raises(InputError, match="at least"):
            parse_at_least(text)


def test_latencies() -> None:
    assert parse_latency("p95=2s") == Latency(0.95, 2.0)
    found = parse_latency("P99.9 = 800ms")
    assert (found.share, found.seconds) == (pytest.approx(0.999), pytest.approx(0.8))
    assert parse_latency("p50=3") == Latency(0.5, 3.0)
    for text in ("2s", "p95", "p0=2s", "p101=2s", "p95=0s", "p95=2 weeks"):
        with pytest.raises(InputError, match="latency"):
            parse_latency(text)


@pytest.mark.parametrize("goal", [{"budget": -1.0}, {"budget": float("nan")}, {"at_least": float("inf")}])
def test_goals_are_checked(goal: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected"):
        Goal(**goal)


WORLD = made([[[1], [0], [0], [0]], [[1], [1], [1], [0]]], [[[1]], [[4]]], systems=("small", "large"))


def test_an_impossible_goal_names_the_cheapest_and_the_best() -> None:
    told = str(impossible(Goal(budget=0.5), WORLD))
    assert "cheapest, 'small', costs $1000 per 1,000 questions" in told
    assert "best, 'large', reaches accuracy 0.75" in told


def test_a_time_that_nobody_keeps_names_the_quickest() -> None:
    told = str(impossible(Goal(latency=Latency(0.9, 5.0)), WORLD))  # its seconds are ten times its costs
    assert "the quickest, 'small', does for 0 of them" in told


def test_the_nearest_goal_is_within_reach() -> None:
    assert reachable(Goal(budget=0.5), WORLD) == Goal(budget=1.0)
    assert reachable(Goal(at_least=0.9), WORLD) == Goal(at_least=0.75)
    assert reachable(Goal(latency=Latency(1.0, 20.0)), WORLD) == Goal(latency=Latency(1.0, 20.0))
    assert reachable(Goal(budget=2.0, at_least=0.5), WORLD) == Goal(budget=2.0, at_least=0.5)


def test_means_are_of_what_is_known() -> None:
    half = made([[[1], [float("nan")]], [[float("nan")], [float("nan")]]], [[[1]], [[4]]])
    found = means(half, Goal(latency=Latency(0.5, 15.0)))
    assert found.quality[0] == 1.0
    assert str(found.quality[1]) == "nan"
    assert found.in_time.tolist() == [1.0, 0.0]


def test_amounts_in_words() -> None:
    assert amount(0.0004, "cost") == "$0.4 per 1,000 questions"
    assert amount(1234.5, "tokens") == "1,234 tokens a question"
