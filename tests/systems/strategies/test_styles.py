"""A prompt style decides what the model reads, where it stops, and what of its text is the answer."""

import asyncio
from typing import Any

import pytest

from isocost.records import Answer, Call, Example, InputError, Message, Request, System
from isocost.systems.strategies import best_of, cascade, few_shot, vote, zero_shot

EXAMPLES = {
    "sums": [
        Example(question="1 + 2 =", answer="3", steps="One, and two more."),
        Example(question="2 + 2 =", answer="4", steps="Two, and two more."),
    ]
}
ASKED = Request(prompt=(Message("user", "5 + 1 ="),), task="sums", seed=3)


class Model:
    """Says this, and keeps what it was asked."""

    def __init__(self, text: str = "", **fields: Any) -> None:
        self.given = Answer(text=text, calls=(Call(model="m"),), **fields)

    async def __call__(self, request: Request) -> Answer:
        self.asked = request
        return self.given


def ask(system: System, request: Request = ASKED) -> Answer:
    return asyncio.run(system(request))  # type: ignore[arg-type]


def test_plain_few_shot_is_a_raw_prompt_that_stops_at_the_line() -> None:
    model = Model(" 6")
    given = ask(few_shot(model, EXAMPLES))
    assert model.asked.prompt == ("Question: 1 + 2 =\nAnswer: 3\n\nQuestion: 2 + 2 =\nAnswer: 4\n\nQuestion: 5 + 1 =\nAnswer:")
    assert model.asked.stop == ("\n",)
    assert (given.text, given.value) == (" 6", "6")
    assert given.calls == model.given.calls


def test_worked_steps_come_before_the_answer_which_is_taken_out() -> None:
    model = Model(" Five, and one more. The answer is 6")
    given = ask(few_shot(model, EXAMPLES, steps=True))
    assert "Answer: Two, and two more. The answer is 4\n\n" in model.asked.prompt
    assert given.final == "6"


def test_steps_of_several_lines_stop_where_a_new_question_would_begin() -> None:
    model = Model()
    ask(few_shot(model, [Example(question="q", answer="a", steps="one\ntwo")], steps=True))
    assert model.asked.stop == ("\nQuestion:", "\n\n")


@pytest.mark.parametrize(("finish", "value"), [("length", ""), ("budget", ""), ("complete", " Five, and one")])
def test_an_answer_cut_off_in_its_steps_has_no_final_answer(finish: Any, value: str) -> None:
    assert ask(few_shot(Model(" Five, and one", finish=finish), EXAMPLES, steps=True)).value == value


def test_a_strategy_over_answers_that_were_all_cut_off_gives_the_first_as_it_is() -> None:
    steps = few_shot(Model(" Five, and one", finish="length"), EXAMPLES, steps=True)
    for system in (vote(steps, 3), best_of(steps, 2), cascade([steps, steps])):
        given = ask(system)
        assert (given.text, given.value, given.finish, given.confidence) == (" Five, and one", "", "length", None)


def test_chat_few_shot_shows_the_examples_as_turns_after_the_system_message() -> None:
    model = Model("6")
    request = Request(prompt=(Message("system", "Be brief."), Message("user", "5 + 1 =")), task="sums")
    ask(few_shot(model, EXAMPLES, format="chat", count=1), request)
    assert model.asked.prompt == (
        Message("system", "Be brief."),
        Message("user", "1 + 2 ="),
        Message("assistant", "3"),
        Message("user", "5 + 1 ="),
    )


def test_zero_shot_asks_as_chat_after_an_instruction() -> None:
    model = Model("I think so. The answer is **6**.")
    given = ask(zero_shot(model, instruction="Add."))
    assert model.asked.prompt == (Message("system", "Add."), Message("user", "5 + 1 ="))
    assert given.value == "6"
    ask(zero_shot(model), Request(prompt="raw"))
    assert model.asked.prompt == (Message("user", "raw"),)


def test_a_request_keeps_its_own_limits() -> None:
    for style in (zero_shot(model := Model(), max_tokens=9), few_shot(model, EXAMPLES, max_tokens=9)):
        ask(style)
        assert model.asked.max_tokens == 9
        ask(style, Request(prompt="q", task="sums", max_tokens=5, temperature=0.3, stop=("!",), seed=8))
        assert (model.asked.max_tokens, model.asked.temperature, model.asked.seed) == (5, 0.3, 8)
        assert "!" in model.asked.stop


def test_no_examples_at_all_is_asked_for_by_a_count_of_0() -> None:
    model = Model()
    ask(few_shot(model, {}, count=0))
    assert model.asked.prompt == "Question: 5 + 1 =\nAnswer:"


@pytest.mark.parametrize(
    ("options", "request_", "message"),
    [
        ({}, Request(prompt="q", task="others"), "examples of the task 'others', it has 0"),
        ({"count": 3}, ASKED, "needs 3 examples of the task 'sums', it has 2"),
        ({"examples": [Example(question="q", answer="a")], "steps": True}, ASKED, "'q' has none"),
        ({}, Request(prompt=(Message("system", "s"), Message("user", "u")), task="sums"), "got 2 messages"),
        ({}, Request(prompt=(Message("user", ({"type": "image_url"},)),), task="sums"), 'format = "chat"'),
    ],
)
def test_what_a_style_cannot_ask_is_refused_with_the_cure(options: dict[str, Any], request_: Request, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask(few_shot(Model(), **{"examples": EXAMPLES, **options}), request_)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(InputError, match="count: must be at least 0 examples, got -1"):
        few_shot(Model(), EXAMPLES, count=-1)
