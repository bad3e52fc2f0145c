"""A plan is a file: it comes back as it was, whole or not at all, and says what is wrong with it."""

import re
from pathlib import Path

import numpy as np
import pytest
from tests.plan.worlds import made, tiered

from isocost.plan import Goal, How, Plan, make, open_plan
from isocost.plan import plan as module
from isocost.records import InputError, Price
from isocost.records.errors import StoreError

SECRET = "the maiden name of my grandmother"


@pytest.fixture(scope="module")
def plan() -> Plan:
    evidence = tiered(np.random.default_rng(1), n=40)
    return make(evidence, Goal(budget=3.0), "mix", how=How(folds=3, records="runs/there"))


def test_a_plan_comes_back_as_it_was(plan: Plan, tmp_path: Path) -> None:
    plan.save(tmp_path / "plan.toml")
    assert open_plan(tmp_path / "plan.toml") == plan
    assert {file.name for file in tmp_path.iterdir()} == {"plan.toml"}


def test_the_file_is_readable_and_the_same_every_time(plan: Plan, tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        plan.save(tmp_path / name)
    text = (tmp_path / "a.toml").read_text()
    assert text == (tmp_path / "b.toml").read_text()
    assert 'kind = "mix"' in text
    assert re.search(r"^quality = \{ value = 0\.\d+, low = ", text, re.MULTILINE)
    assert all(len(line) < 250 for line in text.splitlines())


def test_numbers_go_beside_and_are_checked(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    more = Plan(**{name: getattr(plan, name) for name in plan.__struct_fields__} | {"arrays": {"w": np.arange(3.0)}})
    more.save(file)
    numbers = next(tmp_path.glob("plan.*.npz"))
    assert open_plan(file).arrays["w"].tolist() == [0, 1, 2]
    numbers.write_bytes(numbers.read_bytes() + b"!")
    with pytest.raises(InputError, match="sha256") as error:
        open_plan(file)
    assert str(numbers) in str(error.value)
    numbers.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        open_plan(file)


def test_saving_again_leaves_no_old_numbers(plan: Plan, tmp_path: Path) -> None:
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__}
    for values in (np.arange(3.0), np.arange(4.0)):
        Plan(**fields | {"arrays": {"w": values}}).save(tmp_path / "plan.toml")
        assert len(list(tmp_path.glob("*.npz"))) == 1
    plan.save(tmp_path / "plan.toml")
    assert not list(tmp_path.glob("*.npz"))


def test_a_write_that_fails_leaves_the_old_plan(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    plan.save(file)
    before = file.read_text()
    (tmp_path / "plan.toml.tmp").mkdir()  # nothing can be written there
    with pytest.raises((StoreError, OSError)):
        plan.save(file)
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("change", "told", "line"),
    [
        (lambda text: text.replace("budget = 3.0", 'budget = "three"'), "budget", True),
        (lambda text: text.replace("[goal]", "[goal"), "not valid TOML", True),
        (lambda text: text.replace("version = 1\n", ""), "no `version`", False),
        (lambda text: text.replace("version = 1\n", "version = 99\n"), "update isocost", False),
        (lambda text: text.replace("version = 1\n", "version = 0\n"), "make it again", False),
        (lambda text: text.replace('kind = "mix"', 'kind = "mixx"'), "did you mean 'mix'", False),
        (lambda text: text.replace("seed = 0\n", ""), "seed", False),
        (lambda text: "", "no `version`", False),
    ],
)
def test_a_damaged_plan_says_where(plan: Plan, tmp_path: Path, change, told: str, line: bool) -> None:
    file = tmp_path / "plan.toml"
    plan.save(file)
    file.write_text(change(file.read_text()))
    with pytest.raises(InputError, match=told) as error:
        open_plan(file)
    assert error.value.file == file
    assert not line or error.value.line


def test_no_such_plan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such plan"):
        open_plan(tmp_path / "none.toml")


def test_an_older_plan_is_converted(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plan.toml"
    plan.save(file)
    file.write_text(file.read_text().replace("version = 1\n", "version = 0\n").replace("unit = ", "paid_in = "))
    renamed = {0: lambda raw: {("unit" if name == "paid_in" else name): value for name, value in raw.items()}}
    monkeypatch.setattr(module, "CONVERTERS", renamed)
    assert open_plan(file) == plan


@pytest.mark.parametrize("kind", ["fixed", "mix", "route", "cascade"])
def test_no_question_and_no_key_is_ever_written(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    world = tiered(rng, n=30)
    evidence = made(
        world.worth,
        world.paid,
        world.answer,
        world.confidence,
        columns={"known": np.arange(30.0)},
        prices={"m": Price(input=1.0, output=2.0)},
    )
    words = SECRET.split()
    texts = tuple(" ".join(rng.permutation(words)) + f" sk-abcdef{i}" for i in range(30))
    evidence = type(evidence)(**{**vars(evidence), "questions": texts, "items": tuple(f"item-{SECRET}-{i}" for i in range(30))})
    make(evidence, Goal(budget=4.0), kind, how=How(folds=2)).save(tmp_path / "plan.toml")
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert not [word for word in ("maiden", "grandmother", "sk-abcdef", "item-") if word.encode() in data], file


def test_infinite_settings_are_refused(plan: Plan, tmp_path: Path) -> None:
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__}
    with pytest.raises(ValueError, match="finite"):
        Plan(**fields | {"rule": {"threshold": float("inf")}}).save(tmp_path / "plan.toml")
