"""Values published for real data: agent-evals' HumanEval runs, and ZeroEval's GSM8K."""

from pathlib import Path

import polars as pl
import pytest

from isocost.metrics import SystemMetrics, read, summarise
from isocost.metrics.answers import systems
from isocost.metrics.cost import cost_per_correct_per_question

pytestmark = pytest.mark.external


@pytest.fixture(scope="module")
def humaneval(external_data: Path) -> pl.DataFrame:
    table = pl.read_csv(external_data / "agent-evals" / "humaneval_13configs.csv")
    return table.select(
        system="key",
        item="task_id",
        attempt=pl.col("run").str.strip_prefix("run").cast(pl.Int64) - 1,
        score=pl.col("is_solved").cast(pl.Float64),
        model=pl.lit("of-the-log"),
        billed="cost",
        n_calls=pl.lit(1),
    )


@pytest.fixture(scope="module")
def found(humaneval: pl.DataFrame) -> dict[str, SystemMetrics]:
    return {system.system: system for system in summarise(humaneval)}


# accuracy, mean cost, pooled, questions never solved, alone with a human at $10: the reference implementation's own values.
ROWS = {
    "simple|gpt-3.5-turbo-0125": (0.739024, 0.00033447, 0.00045259, 32, 1.95156844),
    "simple|gpt-3.5-turbo-0613": (0.752439, 0.00049762, 0.00066135, 39, 2.37843389),
    "simple_boosting|l3_8b-gpt35-l3_70b-gpt4-0409": (0.85, 0.00166539, 0.00195928, 22, 1.34303682),
    "simple_incr_temp|gpt-4-turbo-0409-5step": (0.931707, 0.01492951, 0.01602382, 8, 0.50282330),
}


@pytest.mark.parametrize("system", ROWS)
def test_the_reference_implementations_values_are_hit(
    system: str, found: dict[str, SystemMetrics], humaneval: pl.DataFrame
) -> None:
    accuracy, cost, pooled, unsolved, alone = ROWS[system]
    metrics = found[system].metrics
    assert metrics["accuracy"].value == pytest.approx(accuracy, abs=5e-7)
    assert metrics["cost"].value == pytest.approx(cost, abs=5e-9)
    assert metrics["cost_per_correct_pooled"].value == pytest.approx(pooled, abs=5e-9)
    assert metrics["never_solved"].value == pytest.approx(unsolved / 164)
    assert metrics["cost_per_correct_per_question"].value is None
    (answers,) = systems(read(humaneval.filter(pl.col("system") == system)))
    with_human = cost_per_correct_per_question(answers, instead=10)
    assert with_human is not None
    assert with_human.value == pytest.approx(alone, abs=5e-9)


def test_pass_at_k_of_real_runs(found: dict[str, SystemMetrics]) -> None:
    values = [found["simple|gpt-3.5-turbo-0125"].metrics[f"pass@{k}"].value for k in range(1, 6)]
    assert values == pytest.approx([0.7390243902, 0.7713414634, 0.7884146341, 0.7987804878, 0.8048780488], abs=5e-11)


def test_pooled_and_per_question_rank_systems_in_nearly_opposite_order(
    found: dict[str, SystemMetrics], humaneval: pl.DataFrame
) -> None:
    """The cheapest in bulk is among the dearest until every question is right (with a human at $10 for the rest)."""
    pooled = {name: system.metrics["cost_per_correct_pooled"].value or 0 for name, system in found.items()}
    alone = {}
    for answers in systems(read(humaneval)):
        estimate = cost_per_correct_per_question(answers, instead=10)
        alone[answers.system] = (estimate.value if estimate else None) or 0
    ranks = [sorted(pooled, key=pooled.__getitem__), sorted(alone, key=alone.__getitem__)]
    assert ranks[0][0] == "simple|gpt-3.5-turbo-0125"
    table = pl.DataFrame({"pooled": [pooled[n] for n in found], "alone": [alone[n] for n in found]})
    assert table.select(pl.corr("pooled", "alone", method="spearman")).item() < -0.4


def test_gsm8k_accuracies_equal_the_files_to_the_last_digit(external_data: Path) -> None:
    table = pl.read_csv(external_data / "zeroeval" / "gsm_per_query.csv")
    frame = table.select(system="model", item="id", score=pl.col("correct").cast(pl.Float64))
    exact = {
        name: (right, n) for name, right, n in table.group_by("model").agg(pl.col("correct").sum(), n=pl.len()).iter_rows()
    }
    found = summarise(frame, metrics=["accuracy"])
    assert len(found) == len(exact) == 44
    for system in found:
        right, n = exact[system.system]
        assert system.metrics["accuracy"].value == right / n
