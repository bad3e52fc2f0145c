"""A prompt style decides what the model reads, where it stops, and what of its text is the answer."""

import asyncio
import math
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from isocost.records import Answer, Budget, Call, Example, InputError, Message, Request, System
from isocost.systems.models.synthetic import Style, Synthetic, items, question_of
from isocost.systems.strategies import best_of, cascade, few_shot, style, vote, zero_shot
from isocost.systems.strategies.styles import ENDING, THINKING, Thinking

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
    for system in (zero_shot(model := Model(), max_tokens=9), few_shot(model, EXAMPLES, max_tokens=9)):
        ask(system)
        assert model.asked.max_tokens == 9
        ask(system, Request(prompt="q", task="sums", max_tokens=5, temperature=0.3, stop=("!",), seed=8))
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


@pytest.mark.parametrize("thinking", THINKING)
def test_a_style_asks_for_its_way_of_thinking_after_the_question_in_one_call(thinking: Thinking) -> None:
    model = Model("So it is six.\nAnswer: 6")
    given = ask(style(model, thinking, breadth=4))
    message = model.asked.prompt[0]
    assert message.content.startswith("5 + 1 =\n\n" + THINKING[thinking].format(breadth=4))
    assert message.content.endswith(ENDING)
    assert (given.value, given.calls, model.asked.seed) == ("6", model.given.calls, 3)
    ask(style(model, thinking), Request(prompt="Question: q"))
    assert model.asked.prompt.startswith("Question: q\n\n")
    assert model.asked.prompt.endswith("\n\nAnswer:")


def test_a_style_names_its_limits_and_holds_its_own() -> None:
    model = Model()
    ask(style(model, "chain_of_thought", words=45, tokens=60, max_tokens=80))
    assert "Think step by step. Use at most 45 words. Use at most 60 tokens. End with" in model.asked.prompt[0].content
    assert model.asked.max_tokens == 80
    ask(style(model), Request(prompt="q", max_tokens=5))
    assert model.asked.max_tokens == 5


@pytest.mark.parametrize(
    ("thinking", "text", "finish", "value"),
    [
        ("tree", "1. add 2. count", "length", ""),
        ("tree", "1. add 2. count", "complete", "1. add 2. count"),
        ("tree", "Answer: 6\nOr else", "length", "6"),
        ("direct", "6\n7", "length", "6\n7"),
        ("direct", "The answer is 6.", "complete", "6"),
    ],
)
def test_thinking_that_was_cut_off_is_no_answer(thinking: Thinking, text: str, finish: Any, value: str) -> None:
    assert ask(style(Model(text, finish=finish), thinking)).value == value


def test_a_style_stands_on_worked_examples_too() -> None:
    model = Model("6")
    ask(style(few_shot(model, EXAMPLES, count=1), "direct"))
    assert model.asked.prompt == f"Question: 1 + 2 =\nAnswer: 3\n\nQuestion: 5 + 1 =\n\n{THINKING['direct']} {ENDING}\nAnswer:"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"style": "chain_of_drafts"},
            "style: expected a way of thinking, got 'chain_of_drafts'. Hint: did you mean 'chain_of_dr",
        ),
        ({"words": 0}, "words: must be at least 1 word, got 0"),
        ({"tokens": -2}, "tokens: must be at least 1 token, got -2"),
        ({"breadth": 0}, "breadth: must be at least 1 way to begin, got 0"),
        ({"max_tokens": 0}, "max_tokens: must be at least 1 token, got 0"),
    ],
)
def test_a_style_that_is_none_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        style(Model(), **options)


def test_each_style_pays_what_it_says_and_gains_what_the_model_gains_by_it() -> None:
    """Accuracy is the mean of the model's probabilities in that style; tokens are the style's."""
    questions = items(300, seed=2)
    world = {
        "minimum draft": Style(gain=0.8, tokens=16, spread=0, steps=True),
        "step by step": Style(gain=1.0, tokens=60, spread=0, steps=True),
        "": Style(tokens=2, spread=0),
    }
    model = Synthetic(abilities=0.2, answering={"styles": msgspec.to_builtins(world)})
    for thinking, told in zip(("chain_of_draft", "chain_of_thought", "direct"), world.values(), strict=True):
        answers = [ask(style(model, thinking), item.request(seed=place)) for place, item in enumerate(questions)]
        assert {call.completion_tokens for answer in answers for call in answer.calls} == {told.tokens}
        chances = [1 / (1 + math.exp(-(0.2 + told.gain - question_of(item.question).difficulty))) for item in questions]
        right = sum(answer.value == item.target for answer, item in zip(answers, questions, strict=True))
        assert abs(right - math.fsum(chances)) <= 4 * math.sqrt(math.fsum(p * (1 - p) for p in chances))


def shown_to(model: Model) -> int:
    """How many examples the model read."""
    return str(model.asked.prompt).count("Question:") - 1


@pytest.mark.parametrize(("tokens", "count"), [(None, 2), (500, 2), (499, 1), (100, 1), (99, 0), (20, 0), (1, 0)])
def test_the_number_of_examples_follows_the_budget(tokens: int | None, count: int) -> None:
    model = Model("6")
    table = {"500": 2, "20": 0, "100": 1}
    ask(few_shot(model, EXAMPLES, count=table), replace(ASKED, budget=Budget(tokens=tokens)))
    assert shown_to(model) == count


def test_a_function_sees_the_request_and_how_many_there_are() -> None:
    model, seen = Model("6"), []

    def half(request: Request, there: int) -> int:
        seen.append((request, there))
        return there // 2

    ask(few_shot(model, EXAMPLES, count=half))
    assert shown_to(model) == 1
    assert seen == [(ASKED, 2)]


def test_examples_where_they_are_needed_are_as_good_as_examples_everywhere_and_cheaper() -> None:
    """DynaICL's claim, where question k is answered from k of 4 examples on: the same answers for (0 + ... + 4) / 5 of them."""
    examples = [Example(question=f"e{place}", answer="a") for place in range(4)]

    async def model(request: Request) -> Answer:
        shown = str(request.prompt).count("Question:") - 1
        needed = int(str(request.prompt).rsplit("needs ", 1)[1][0])
        call = Call(model="m", prompt_tokens=10 * shown, completion_tokens=1)
        return Answer(text="right" if shown >= needed else "wrong", calls=(call,))

    def spent(count: Any) -> tuple[int, int]:
        asked = [ask(few_shot(model, examples, count=count), Request(prompt=f"needs {k}", task="t")) for k in range(5)]
        return sum(a.value == "right" for a in asked), sum(call.prompt_tokens for a in asked for call in a.calls)

    assert spent(4) == (5, 200)
    assert spent(lambda request, there: int(request.question[-1])) == (5, 100)
    assert spent(2) == (3, 100)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        ({}, r"count: its keys must be numbers of tokens, got \[\]"),
        ({"much": 3}, r"count: its keys must be numbers of tokens, got \['much'\]"),
        ({"9": -3}, "count.9: must be at least 0 examples, got -3"),
    ],
)
def test_a_table_that_is_none_is_refused(count: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        few_shot(Model(), EXAMPLES, count=count)


def test_a_function_that_asks_for_more_than_there_are_or_less_than_none_is_refused() -> None:
    for count, message in ((3, "needs 3 examples of the task 'sums', it has 2"), (-1, "at least 0 examples, got -1")):
        with pytest.raises(InputError, match=message):
            ask(few_shot(Model(), EXAMPLES, count=lambda request, there, count=count: count))
