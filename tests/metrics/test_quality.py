"""Accuracy, mean score, pass@k."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.metrics.world import World, answers
from tests.oracles import stats as oracle

from isocost.metrics import Estimate, summarise
from isocost.metrics.quality import pass_estimate
from isocost.records import Record
from isocost.stats import clustered_wilson, wilson


def metrics_of(records: list[Record], system: str = "s") -> dict[str, Estimate]:
    return {found.system: found.metrics for found in summarise(World(records))}[system]


def test_accuracy_is_right_over_graded_with_wilsons_interval() -> None:
    found = metrics_of(answers("s", [1, 0, 1, 1, 0, 1, 1]))["accuracy"]
    low, high = wilson(5, 7)[1:3]
    assert found == Estimate(5 / 7, low, high, 7, "Wilson", "measured")


def test_errors_and_ungraded_answers_are_in_no_denominator() -> None:
    records = [*answers("s", [1, 0, None]), Record(system="s", item="q9", error="timeout", error_kind="timeout")]
    (found,) = summarise(World(records))
    assert (found.n_items, found.n_errors, found.n_records) == (4, 1, 4)
    assert (found.metrics["accuracy"].value, found.metrics["accuracy"].n) == (0.5, 2)


def test_nothing_graded_has_no_accuracy() -> None:
    found = metrics_of(answers("s", [None, None]))
    assert "accuracy" not in found
    assert "mean_score" not in found
    assert "cost_per_correct_pooled" not in found


def test_only_failures_still_make_a_system() -> None:
    (found,) = summarise(World([Record(system="s", item="q", error="boom")]))
    assert (found.n_errors, found.metrics["tokens"].value) == (1, None)


def test_a_partly_right_answer_counts_in_the_mean_score_only() -> None:
    found = metrics_of(answers("s", [1, 0.5, 0.25, 0]))
    assert found["accuracy"].value == 0.25
    assert found["mean_score"].value == 0.4375


def test_one_question_bounds_nothing() -> None:
    found = metrics_of(answers("s", [1]))
    assert (found["accuracy"].low, found["accuracy"].high) == (0, 1)
    assert (found["tokens"].low, found["tokens"].high) == (None, None)
    repeated = [Record(system="s", item="q", attempt=i, score=1.0) for i in range(5)]
    assert metrics_of(repeated)["accuracy"].low == 0


def test_attempts_are_clustered_by_question_and_questions_by_group() -> None:
    scores = np.random.default_rng(0).integers(0, 2, (20, 3)).astype(float)
    records = [
        Record(system="s", item=f"q{i:02d}", attempt=a, score=scores[i, a], group=group)
        for i in range(20)
        for a in range(3)
        for group in (f"g{i // 4}",)
    ]
    grouped = metrics_of(records)["accuracy"]
    expected = clustered_wilson(scores.reshape(5, 12).sum(axis=1), np.full(5, 12.0))
    assert (grouped.value, grouped.low, grouped.high) == pytest.approx(expected[:3])
    single = [Record(system=r.system, item=r.item, attempt=r.attempt, score=r.score) for r in records]
    expected = clustered_wilson(scores.sum(axis=1), np.full(20, 3.0))
    assert metrics_of(single)["accuracy"].low == pytest.approx(expected.low)


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(case: tuple[int, int, int]) -> None:
    n, c, k = case
    assert pass_estimate(np.array([float(n)]), np.array([float(c)]), k)[0] == pytest.approx(oracle.pass_at_k(n, c, k))


@pytest.mark.parametrize(
    ("n", "c", "k", "value"), [(200, 1, 1, 0.005), (200, 13, 10, 0.4975511147), (200, 50, 100, 1), (200, 0, 10, 0)]
)
def test_pass_at_k_of_the_paper(n: int, c: int, k: int, value: float) -> None:
    assert pass_estimate(np.array([float(n)]), np.array([float(c)]), k)[0] == pytest.approx(value, abs=5e-11)


def test_pass_at_k_needs_repeats_and_says_what_it_left_out() -> None:
    assert not [name for name in metrics_of(answers("s", [1, 0])) if name.startswith("pass@")]
    records = [Record(system="s", item=f"q{i}", attempt=a, score=float(a == 1)) for i in range(4) for a in range(3 if i else 1)]
    found = metrics_of(records)
    assert [name for name in found if name.startswith("pass@")] == ["pass@1", "pass@2", "pass@3"]
    assert found["pass@3"].value == 1
    assert found["pass@2"].value == pytest.approx(2 / 3)
    assert found["pass@2"].n == 3
    assert "1 questions with fewer than 2 attempts left out" in found["pass@2"].method
