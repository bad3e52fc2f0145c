"""What docs/systems.md says, it does."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.worlds import Fake, run
from tests.systems.strategies.test_vote import over_all

from isocost.records import Answer, Budget, Example, InputError, Request, System
from isocost.systems.spec import build, describe

PAGE = (Path(__file__).parents[2] / "docs" / "systems.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_strategy_written_there_is_a_strategy() -> None:
    world: dict[str, Any] = {}
    exec(blocks("python")[1], world)
    refine: Callable[[System, int], System] = world["refine"]
    for budget, calls, finish in ((None, 3, "complete"), (Budget(calls=2), 2, "budget"), (Budget(tokens=0), 0, "budget")):
        model = Fake()
        answer, _ = run(lambda m=model, b=budget: refine(m, 2)(Request(prompt="?", budget=b)))  # type: ignore[misc]
        assert (len(answer.calls), answer.finish) == (calls, finish)


def test_the_composition_there_answers() -> None:
    world = {"model": Fake(says=lambda _: "The answer is 3"), "examples": [Example(question="q", answer="a", steps="s")]}
    exec(blocks("python")[0].rsplit("\n", 2)[0], world)
    answer, _ = run(lambda: world["system"](Request(prompt="?", seed=1)))  # type: ignore[operator]
    assert isinstance(answer, Answer)
    assert answer.confidence == 1.0


def test_the_study_file_there_can_be_built() -> None:
    study = tomllib.loads(blocks("toml")[0])
    assert set(build(study["systems"], models={"small": Fake()}, parts=study["parts"])) == {"vote5", "cascade"}


def test_the_mistakes_there_are_said_so() -> None:
    first, second = (line for line in PAGE.splitlines() if line.startswith("systems.") and ": " in line)
    with pytest.raises(InputError, match=re.escape(first)):
        build({"vote5": {"kind": "vote", "n": 5, "system": "m", "temprature": 1}}, models={"m": Fake()})
    circle = {name: {"kind": "zero_shot", "system": other} for name, other in (("a", "b"), ("b", "a"))}
    with pytest.raises(InputError, match=re.escape(second)):
        build(circle, models={})


def test_every_strategy_stands_there_with_its_parameters() -> None:
    for kind in describe():
        if not kind.is_model:
            told = re.search(rf"^\| `{kind.name}\((.*?)\)` \|", PAGE, re.MULTILINE)
            assert told, kind.name
            assert [part.split("=")[0].strip() for part in told[1].split(",")] == list(kind.parameters)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("full vote of 7", {}),
        ('`"decided"`', {"stop_early": "decided"}),
        ("`{posterior = 0.95}`", {"stop_early": {"posterior": 0.95}}),
        ("`{window = 3}`", {"stop_early": {"window": 3}}),
    ],
)
def test_the_figures_there_are_the_figures(name: str, options: dict[str, Any]) -> None:
    right, samples = over_all(7, 0.7, **options)
    shown = re.search(rf"^\| {re.escape(name)} \| ([\d.]+) \| ([\d.]+) \|", PAGE, re.MULTILINE)
    assert shown
    assert (float(shown[1]), float(shown[2])) == (round(right, 3), round(samples, 2))
