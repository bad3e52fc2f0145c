"""What every grader keeps to; a new one adds a line to CASES."""

import asyncio
from typing import Any, NamedTuple

import pytest

from isocost.records import Answer, Call, Grade, InputError, Item, Request
from isocost.workload import GRADERS, GraderError, make_grader

# One worker for all: the limit of processes counts every program of the user who runs them.
pytestmark = pytest.mark.xdist_group("sandbox")


class Case(NamedTuple):
    """A table, an item, a right answer and a wrong one; `hopeless`: an item that cannot be graded."""

    table: dict[str, Any]
    item: Item
    right: str
    wrong: str
    hopeless: Item | None = None


def item(target: Any = None, **fields: Any) -> Item:
    return Item(id="q7", question="What?", target=target, **fields)


async def judging(request: Request) -> Answer:
    score = 10 if "four" in request.question.rpartition("Answer to grade:")[2] else 0
    return Answer(text=f"Score: {score}", calls=(Call(model="judge", prompt_tokens=9, completion_tokens=3),))


CASES = {
    "choice": Case({}, item("B", choices=("3", "4")), "The answer is (B).", "A", item("Z", choices=("3", "4"))),
    "contains": Case({}, item("four"), "It is Four.", "fourteen", item()),
    "exact": Case({}, item("New York"), " new   york ", "York", item()),
    "json": Case({}, item('{"a": [1, 2]}'), '```json\n{"a": [1.0, 2]}\n```', '{"a": [2, 1]}', item("{")),
    "judge": Case({"system": "judging"}, item("4"), "four", "five"),
    "numeric": Case({"relative": 0.01}, item("1,000"), "about $1,001", "1,011", item("none")),
    "program": Case({}, item(["assert f(2) == 4"]), "def f(x):\n    return 2 * x", "def f(x):\n    return x", item()),
    "python": Case({"target": "grading.py:same"}, item("4"), "4", "5", item("raise")),
    "reasoning-gym": Case(
        {"strict": True},
        item(metadata={"dataset": "chain_sum", "entry": {"question": "2 + 2 =", "answer": "4", "metadata": {}}}),
        "4",
        "5",
        item("4"),
    ),
    "regex": Case({"pattern": r"#### (\d+)"}, item("4"), "2 + 2\n#### 4", "#### 5", item()),
}


@pytest.fixture(params=sorted(GRADERS))
def case(request: pytest.FixtureRequest, tmp_path: Any) -> tuple[Case, Any]:
    if request.param == "reasoning-gym":
        pytest.importorskip("reasoning_gym", reason="pip install 'isocost[tasks]'")
    (tmp_path / "grading.py").write_text(
        "def same(item, answer):\n    if item.target == 'raise': raise KeyError('x')\n    return item.target == answer.value\n"
    )
    case = CASES[request.param]
    table = {"kind": request.param, **case.table}
    return case, make_grader(table, folder=tmp_path, systems={"judging": judging})


def grade(grader: Any, item: Item, text: str, **fields: Any) -> Grade:
    found = asyncio.run(grader(item, Answer(text=text, **fields)))
    assert isinstance(found, Grade)
    return found


def test_a_right_answer_is_1_and_a_wrong_one_0_with_its_reason(case: tuple[Case, Any]) -> None:
    (about, grader) = case
    assert grade(grader, about.item, about.right).score == 1
    wrong = grade(grader, about.item, about.wrong)
    assert wrong.score == 0


def test_the_answer_proper_is_graded_not_the_reasoning(case: tuple[Case, Any]) -> None:
    about, grader = case
    assert grade(grader, about.item, about.wrong, final=about.right).score == 1


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "{" * 3000, "9" * 9000, "1e" + "9" * 30, "🙂 ÷ ½"])
def test_any_text_gets_a_grade(case: tuple[Case, Any], text: str) -> None:
    about, grader = case
    assert grade(grader, about.item, text).score == 0


def test_an_item_that_cannot_be_graded_is_the_graders_error_and_names_the_item(case: tuple[Case, Any]) -> None:
    about, grader = case
    if about.hopeless is None:
        pytest.skip("grades anything")
    with pytest.raises(GraderError, match="item 'q7': ") as caught:
        grade(grader, about.hopeless, about.right)
    assert caught.value.kind == "grader"


def test_an_unknown_option_is_refused_by_its_place(case: tuple[Case, Any]) -> None:
    about, _ = case
    kind = next(kind for kind, other in CASES.items() if other is about)
    with pytest.raises(InputError, match=r"^workload\[0\].grader.colour: there is no such option"):
        make_grader({"kind": kind, "colour": "red"}, place="workload[0].grader")


def test_every_grader_has_its_case() -> None:
    """The dict of kinds and the cases are the same."""
    assert set(CASES) == set(GRADERS)
