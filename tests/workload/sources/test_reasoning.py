"""Generated questions are the same for the same seed, and their verifiers do no harm."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from isocost.records import Answer, InputError, Item
from isocost.workload import GraderError, load, make_grader
from isocost.workload.graders.reasoning import evaluates
from isocost.workload.sources.reasoning import create

# One worker for all: the limit of processes counts every program of the user who runs them.
pytestmark = pytest.mark.xdist_group("sandbox")

pytest.importorskip("reasoning_gym", reason="pip install 'isocost[tasks]'")

SUM = {"kind": "reasoning-gym", "task": "sums", "dataset": "chain_sum", "settings": {"min_terms": 2, "max_terms": 3}}


def score(grader: Any, item: Item, text: str) -> float:
    return asyncio.run(grader(item, Answer(text=text))).score


def test_the_same_seed_makes_the_same_questions_and_a_larger_size_begins_with_them() -> None:
    few, many = load({**SUM, "size": 3, "seed": 7}), load({**SUM, "size": 5, "seed": 7})
    assert many.items[:3] == few.items
    assert {item.task for item in few.items} == {"sums"}


def test_other_settings_make_other_ids() -> None:
    first, second = load({**SUM, "size": 20}).items, load({**SUM, "size": 20, "seed": 1}).items
    assert not {item.id for item in first} & {item.id for item in second}


def test_the_verifier_grades_by_default_and_others_can() -> None:
    gym, exact = load({**SUM, "size": 2}), load({**SUM, "size": 2, "grader": {"kind": "numeric", "take": "whole"}})
    item = gym.items[0]
    assert score(gym.grader, item, item.target) == score(exact.grader, item, item.target) == 1
    assert 0 < score(gym.grader, item, f"It is {item.target}") < 1
    assert score(exact.grader, item, f"It is {item.target}") == 0


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            {"dataset": "chain_sums"},
            r"workload.dataset: reasoning-gym has no dataset 'chain_sums'. Hint: did you mean 'chain_sum'",
        ),
        ({"settings": {"min_term": 1}}, r"workload.settings.min_term: there is no such option. Hint: did you mean 'min_terms'"),
        ({"settings": {"min_terms": -1}}, r"workload.settings: reasoning-gym refuses them for 'chain_sum': min_terms must be"),
        ({"size": 0}, r"workload.settings: reasoning-gym refuses them .*size"),
        ({"size": "3"}, r"workload.size: expected `int`, got `str`: '3'"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(table: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=f"^{why}"):
        load({**SUM, **table})


def test_verifiers_that_evaluate_the_answer_are_known() -> None:
    jailed = {name for name in ("chain_sum", "countdown", "n_queens", "spiral_matrix", "gcd") if evaluates(create(name, {}))}
    assert jailed == {"countdown", "n_queens", "spiral_matrix"}


def test_an_evaluated_answer_reaches_nothing_and_a_huge_power_ends(tmp_path: Path) -> None:
    """One event loop, so that one jailed process serves all but the answer after the hanging one."""
    (item,) = load({"kind": "reasoning-gym", "task": "countdown", "size": 1}).items
    right = item.metadata["entry"]["metadata"]["expression"]
    marker = tmp_path / "reached"
    tmp_path.chmod(0o777)

    async def story() -> None:
        grader = make_grader({"kind": "reasoning-gym", "seconds": 20.0})
        assert (await grader(item, Answer(text=right))).score == 1
        touching = f"__import__('os').system('touch {marker}')"
        assert (await grader(item, Answer(text=touching))).score < 1
        short = make_grader({"kind": "reasoning-gym", "seconds": 1.0})
        with pytest.raises(GraderError, match=f"item '{item.id}': the verifier of countdown took longer than 1 s"):
            await short(item, Answer(text="9**9**9**9"))

    asyncio.run(story())
    assert not marker.exists()
