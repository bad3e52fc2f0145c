"""`isocost strategies` says what the code says of itself, and every example it gives runs."""

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from tests.cli.conftest import Isocost

from isocost.cli.strategies import all_strategies, study, table
from isocost.records import open_records
from isocost.systems import strategies as room
from isocost.systems.spec import KINDS, Kind, build, build_models

every_strategy = pytest.mark.parametrize("kind", all_strategies(), ids=lambda kind: kind.name)


def built(text: str) -> Mapping[str, Callable[..., Any]]:
    tables = tomllib.loads(text)
    return build(tables["systems"], models=build_models(tables["models"]))


@every_strategy
def test_every_example_can_be_built(kind: Kind) -> None:
    assert list(built(study(kind))) == ["plain", kind.name]


@every_strategy
def test_the_defaults_that_an_example_shows_are_the_defaults(kind: Kind) -> None:
    whole = re.sub(r"^# (\w+ = )", r"\1", table(kind), flags=re.MULTILINE)
    shown = tomllib.loads(whole)["systems"][kind.name]
    assert built(study(kind).replace(table(kind), whole))
    for parameter in kind.parameters.values():
        if not parameter.required and parameter.name in shown:
            read = parameter.read(shown[parameter.name], "here")
            assert msgspec.json.encode(read) == msgspec.json.encode(parameter.default)


def test_every_example_answers_without_an_error(isocost: Isocost, tmp_path: Any) -> None:
    """All of them as one study."""
    first, *others = all_strategies()
    whole = study(first).replace("n = 20", "n = 4") + "\n\n" + "\n\n".join(map(table, others)) + "\n"
    (tmp_path / "all.toml").write_text(whole, encoding="utf-8")
    assert isocost("study", tmp_path / "all.toml", "-q", "--no-page", "-o", tmp_path / "out").code == 0
    rows = open_records(tmp_path / "out").scan().collect()
    assert set(rows["system"]) == {"plain", *(kind.name for kind in all_strategies())}
    assert rows["error"].null_count() == len(rows)


def test_alone_it_lists_every_strategy_and_no_model(isocost: Isocost) -> None:
    said = isocost("strategies")
    assert (said.code, said.err) == (0, "")
    for name, target in KINDS.items():
        assert bool(re.search(rf"^ {name}\b", said.out, re.MULTILINE)) == (".models." not in target)
    assert isocost("strategies", "list").out == said.out


def test_json_says_name_summary_papers_and_parameters(isocost: Isocost) -> None:
    said = isocost("strategies", "--json")
    vote = next(each for each in said.json["strategies"] if each["name"] == "vote")
    assert (vote["papers"], list(vote)) == (["2203.11171", "2206.02336"], ["name", "summary", "papers", "parameters"])
    assert vote["summary"].startswith("The majority of `n` samples")
    assert vote["parameters"][1:3] == [
        {"name": "n", "type": "int", "required": True, "default": None},
        {"name": "temperature", "type": "number", "required": False, "default": 0.7},
    ]
    assert isocost("strategies", "list", "--json").out == said.out


@every_strategy
def test_a_description_has_the_whole_docstring_its_papers_and_options(kind: Kind, isocost: Isocost) -> None:
    said = isocost("strategies", "describe", kind.name)
    assert said.code == 0
    for line in filter(None, (getattr(room, kind.name).__doc__ or "").splitlines()):
        assert line.strip() in said.out
    told = isocost("strategies", "describe", kind.name, "--json").json
    assert [each["name"] for each in told["parameters"]] == list(kind.parameters)
    assert all(f"https://arxiv.org/abs/{paper}\n" in said.out for paper in told["papers"])
    assert told["signature"].startswith(f"{kind.name}(")


def test_an_example_is_the_study_and_nothing_else(isocost: Isocost) -> None:
    said = isocost("strategies", "example", "vote")
    assert tomllib.loads(said.out)["systems"]["vote"] == {"kind": "vote", "system": "small", "n": 3}
    assert said.out == isocost("strategies", "example", "vote", "--json").json["toml"] + "\n"


@pytest.mark.parametrize("command", ["describe", "example"])
@pytest.mark.parametrize(("name", "hint"), [("votes", "did you mean 'vote'"), ("embedded", "Known: anytime")])
def test_a_name_that_is_no_strategy_is_refused_with_the_nearest(isocost: Isocost, command: str, name: str, hint: str) -> None:
    said = isocost("strategies", command, name)
    assert (said.code, said.out) == (2, "")
    assert f"NAME: expected a strategy, got '{name}'" in said.err
    assert hint in said.err


@pytest.mark.parametrize("command", ["list", "describe", "example"])
def test_each_command_has_help_with_an_example(isocost: Isocost, command: str) -> None:
    assert f"isocost strategies {command}" in isocost("strategies", command, "--help").out.split("Example")[1]
