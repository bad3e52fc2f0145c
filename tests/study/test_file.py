"""A study file's errors name the line."""

from pathlib import Path

import pytest

from isocost.records import InputError
from isocost.study.file import line_of, read_study

GOOD = """\
[study]
name = "small"

[[workload]]
kind = "jsonl"
path = "a.jsonl"

[[workload]]
kind = "csv"
grader = { kind = "exact" }

[[workload.examples]]
question = '''
kind = "not a key"
'''
answer = "4"

[systems."zero-shot"]
kind = "zero_shot"
system = "m"
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("study", 1),
        ("study.name", 2),
        ("workload[0].path", 6),
        ("workload[1].kind", 9),
        ("workload[1].grader.kind", 10),
        ("workload[1].examples[0].answer", 16),
        ("systems.zero-shot.system", 20),
        ("systems.zero-shot.n", 18),
        ("models", None),
    ],
)
def test_every_place_has_its_line(place: str, line: int | None) -> None:
    assert line_of(GOOD, place) == line


def write(folder: Path, text: str) -> Path:
    (folder / "study.toml").write_text(text)
    return folder / "study.toml"


def test_a_good_file_is_read(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, GOOD))
    assert study.settings.name == "small"
    assert list(study.systems) == ["zero-shot"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('name = "small"', 'nmae = "small"'), r"study.toml:2: .*did you mean 'name'"),
        (('name = "small"', "target = 90"), r"study.toml:2: study.target: must be an accuracy between 0 and 1, got 90"),
        (('name = "small"', "attempts = 0"), r"study.toml:2: study.attempts: must be at least 1 and finite, got 0"),
        (('name = "small"', 'attempts = "many"'), r"study.toml:2: study.attempts: Expected `int`"),
        (('name = "small"', "name = small"), r"study.toml:2: not valid TOML"),
        (('name = "small"', "max_cost = inf"), r"study.toml:2: study.max_cost: .*finite, got inf"),
        (('name = "small"', "timeout = 0"), r"study.toml:2: study.timeout: must be more than 0"),
        (('name = "small"', "budget = { tokens = -5 }"), r"study.toml:2: study.budget.tokens: must be at least 0"),
        (('name = "small"', "budget = { dollars = nan }"), r"study.toml:2: study.budget.dollars: .*got nan"),
        (('name = "small"', "budget = { joules = 1 }"), r"study.toml:2: study.budget"),
        (('name = "small"', 'axes = ["cost", "joy"]'), r"study.toml:2: study.axes: 'joy' is no axis"),
        (('name = "small"', 'axes = ["cost", "cost"]'), r"study.toml:2: study.axes: the two axes must differ"),
        (("[study]", "models = 3\n[study]"), r"study.toml:1: models: must be a table"),
        (("[study]", "parts = [1]\n[study]"), r"study.toml:1: parts: must be a table"),
        (("[study]", "[studdy.x]\n[study]"), r"study.toml:1: there is no section 'studdy'"),
        (("[study]", "[studdy]"), r"study.toml:1: there is no section 'studdy'.*did you mean 'study'"),
        (('[systems."zero-shot"]', "[parts.x]"), r"at least one \[systems.NAME\]"),
        (
            ('[systems."zero-shot"]\nkind = "zero_shot"\nsystem = "m"', "[systems]\na = 3"),
            r"study.toml:19: systems.a: must be a table",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_study(write(tmp_path, GOOD.replace(*change)))


def test_a_missing_file_says_where_an_example_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such study file.*quickstart"):
        read_study(tmp_path / "none.toml")


def test_blame_adds_the_line_of_the_place_that_an_error_names(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, GOOD))
    with pytest.raises(InputError, match=r"study.toml:20: systems.zero-shot.system: no such system"), study.blame():
        raise InputError("systems.zero-shot.system: no such system")


@pytest.mark.parametrize("place", ['systems."a b/c".foo', 'systems."gpt-4.1".foo'])
def test_blame_finds_a_name_that_needs_quotes(tmp_path: Path, place: str) -> None:
    header = place.removesuffix(".foo")
    study = read_study(write(tmp_path, GOOD + f"\n[{header}]\nfoo = 1\n"))
    with pytest.raises(InputError, match=r"study.toml:23: systems"), study.blame():
        raise InputError(f"{place.replace(chr(34), '')}: no such option")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(GOOD, encoding="utf-8-sig")
    assert read_study(tmp_path / "study.toml").settings.name == "small"


def test_a_workload_of_something_else_than_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"study.toml:1: workload must be an array of tables"):
        read_study(write(tmp_path, "workload = [3]\n[systems.a]\nkind = 'x'\n"))
