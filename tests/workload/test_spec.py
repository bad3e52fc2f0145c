"""Tables become workloads; what a table does not mean is refused by its place."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from isocost.records import Answer, Example, InputError, Item
from isocost.workload import GraderError, load, load_all

# One worker for all: the limit of processes counts every program of the user who runs them.
pytestmark = pytest.mark.xdist_group("sandbox")


def questions(path: Path, count: int = 4, **fields: Any) -> Path:
    path.write_text(
        "".join(json.dumps({"id": i, "question": f"{i}?", "target": str(i), **fields}) + "\n" for i in range(count))
    )
    return path


def score(workload: Any, item: Item, text: str) -> float:
    return asyncio.run(workload.grader(item, Answer(text=text))).score


def test_a_table_names_its_task_grader_and_examples(tmp_path: Path) -> None:
    questions(tmp_path / "sums.jsonl")
    examples = [{"question": "1 + 1?", "answer": "2", "steps": "1 + 1 = 2"}]
    workload = load(
        {"kind": "jsonl", "path": "sums.jsonl", "grader": {"kind": "numeric"}, "examples": examples}, folder=tmp_path
    )
    assert [item.task for item in workload.items] == ["sums"] * 4
    assert workload.examples == {"sums": (Example(question="1 + 1?", answer="2", steps="1 + 1 = 2"),)}
    assert score(workload, workload.items[3], "It is 3.0") == 1


def test_size_and_split_choose_items_for_ever(tmp_path: Path) -> None:
    questions(tmp_path / "q.jsonl", 40)
    table = {"kind": "jsonl", "path": "q.jsonl"}
    parts = [load({**table, "split": {"take": name, "a": 0.5, "b": 0.5}}, folder=tmp_path).items for name in "ab"]
    assert sorted(int(item.id) for part in parts for item in part) == list(range(40))
    few, more = (load({**table, "size": size, "seed": 3}, folder=tmp_path).items for size in (5, 9))
    assert len(few) == 5
    assert set(map(repr, few)) < set(map(repr, more))


def test_several_tables_are_graded_each_by_its_own_grader(tmp_path: Path) -> None:
    questions(tmp_path / "q.jsonl", 2)
    tables = [
        {"kind": "jsonl", "path": "q.jsonl", "task": "text"},
        {"kind": "jsonl", "path": "q.jsonl", "task": "number", "grader": "numeric"},
    ]
    both = load_all(tables, folder=tmp_path)
    assert [item.id for item in both.items] == ["0", "1", "number/0", "number/1"]
    text, number = both.items[1], both.items[3]
    assert (score(both, text, "1.0"), score(both, number, "1.0")) == (0, 1)
    with pytest.raises(GraderError, match=r"item 'x': there is no grader for its task 'txt'. Hint: did you mean 'text'"):
        score(both, Item(id="x", question="?", task="txt"), "")
    with pytest.raises(InputError, match=r"^workload\[1\].task: two tables have the task 'text'"):
        load_all([tables[0], tables[0]], folder=tmp_path)


def test_a_python_function_may_make_the_items(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from isocost.records import Item\n"
        "def make(n):\n    return [Item(id=str(i), question='?', target=i) for i in range(n)]\n"
        "def wrong():\n    return [1]\n"
        "def broken():\n    raise KeyError('x')\n"
    )
    table = {"kind": "python", "target": "mine:make", "settings": {"n": 3}, "task": "t"}
    assert [item.id for item in load(table, folder=tmp_path).items] == ["0", "1", "2"]
    for name, why in [("wrong", "mine:wrong must return Items, got int"), ("broken", "mine:broken raised KeyError: 'x'")]:
        with pytest.raises(InputError, match=f"^workload: {why}"):
            load({"kind": "python", "target": f"mine:{name}"}, folder=tmp_path)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "w.kind: expected one of csv, jsonl, parquet, python, reasoning-gym, got None"),
        ({"kind": "jsnol"}, "w.kind: .* Hint: did you mean 'jsonl'"),
        ({"kind": "jsonl"}, "w.path: is required and missing"),
        ({"kind": "jsonl", "path": 5}, "w.path: expected `str`, got `int`: 5"),
        ({"kind": "jsonl", "path": "q.jsonl", "sise": 3}, "w.sise: there is no such option. Hint: did you mean 'size'"),
        ({"kind": "jsonl", "path": "q.jsonl", "settings": {}}, "w.settings: there is no such option"),
        ({"kind": "jsonl", "path": "q.jsonl", "size": 0}, "w: no items are left"),
        ({"kind": "jsonl", "path": "q.jsonl", "size": -1}, "w.size: must be at least 0"),
        (
            {"kind": "jsonl", "path": "q.jsonl", "split": {"take": "c", "a": 0.5}},
            "w.split.take: expected one of the parts a, got 'c'",
        ),
        ({"kind": "jsonl", "path": "q.jsonl", "split": {"take": "a", "a": 1.5}}, "w.fractions: must lie in"),
        ({"kind": "jsonl", "path": "q.jsonl", "grader": 5}, "w.grader: expected a table"),
        (
            {"kind": "jsonl", "path": "q.jsonl", "grader": "exat"},
            "w.grader.kind: expected one of .* Hint: did you mean 'exact'",
        ),
        ({"kind": "jsonl", "path": "q.jsonl", "grader": {"kind": "numeric", "absolut": 1}}, "w.grader.absolut: .*'absolute'"),
        (
            {"kind": "jsonl", "path": "q.jsonl", "grader": {"kind": "numeric", "absolute": "1"}},
            "w.grader.absolute: expected `float`",
        ),
        ({"kind": "jsonl", "path": "q.jsonl", "grader": {"kind": "numeric", "absolute": -1}}, "w.grader: a tolerance must be"),
        ({"kind": "jsonl", "path": "q.jsonl", "grader": {"kind": "judge"}}, "w.grader.system: is required and missing"),
        ({"kind": "jsonl", "path": "q.jsonl", "grader": {"kind": "judge", "system": "bog"}}, "w.grader.system: .*'bog'.*'big'"),
        ({"kind": "jsonl", "path": "q.jsonl", "grader": {"kind": "program", "seconds": 0}}, "w.grader: seconds must lie in"),
        (
            {"kind": "jsonl", "path": "q.jsonl", "examples": [{"question": "?"}]},
            "w.examples: .*missing required field `answer`",
        ),
        ({"kind": "jsonl", "path": "q.jsonl", "examples": [{"qestion": "?"}]}, r"w.examples\[0\].qestion: .*'question'"),
    ],
)
def test_what_a_table_does_not_mean_is_refused_by_its_place(table: dict[str, Any], why: str, tmp_path: Path) -> None:
    questions(tmp_path / "q.jsonl")

    async def big(request: Any) -> Answer:
        return Answer(text="")

    with pytest.raises(InputError, match=f"(?i)^{why}"):
        load(table, folder=tmp_path, systems={"big": big}, place="w")
