"""Questions taken apart: the shares of the tokens, who answers which part, and what is passed on."""

import asyncio
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Answer, Budget, Call, InputError, Message, Request, System
from isocost.systems.models.synthetic import Synthetic
from isocost.systems.strategies import plan_and_budget, selective_allocation
from isocost.systems.strategies.parts import Part, parts_in
from isocost.systems.strategies.plan_and_budget import SCHEDULES, Decay, shared

LIST = "1. [1] first?\n2. [4] second?\n3. [2] third?"
QUESTION = Request(prompt=(Message("user", "How many?"),), seed=7)


def ask(system: System, request: Request = QUESTION) -> Answer:
    async def whole() -> Answer:
        return await system(request)

    return asyncio.run(whole())


def scripted(name: str, says: Callable[[Request], str], heard: list[tuple[str, Request]], *, greedy: bool = False) -> System:
    """A model that writes words; greedy: as many as it may."""

    async def model(request: Request) -> Answer:
        heard.append((name, request))
        words = says(request).split(" ")
        if greedy:
            words += ["on"] * 10_000
        limit = len(words) if request.max_tokens is None else request.max_tokens
        said = words[:limit]
        calls = (Call(model=name, prompt_tokens=5, completion_tokens=len(said)),)
        return Answer(text=" ".join(said), calls=calls, finish="complete" if len(said) == len(words) else "length")

    return model


def says(request: Request) -> str:
    return LIST if "Break the question" in request.question else "seven"


@pytest.mark.parametrize(
    ("decay", "credits", "tokens", "shares"),
    [
        ("constant", [1, 1, 2], 101, [25, 25, 51]),  # 25.25, 25.25, 50.5: the one left goes to the largest
        ("linear", [1, 1, 1], 100, [51, 33, 16]),  # 50, 33.3, 16.7: to the largest share, not to the largest remainder
        ("polynomial", [1, 2, 3], 100, [45, 40, 15]),  # 9, 8, 3 of 20
        ("exponential", [1, 1, 1], 271, [100, 90, 81]),  # 1, .9, .81 of 2.71
        ("cosine", [1, 1, 1], 180, [110, 60, 10]),  # 1.1, .6, .1 of 1.8
        ("cosine", [3], 17, [17]),
    ],
)
def test_the_schedules_by_hand(decay: Decay, credits: list[int], tokens: int, shares: list[int]) -> None:
    assert shared(credits, tokens, decay) == shares


@given(st.lists(st.integers(1, 5), min_size=1, max_size=9), st.integers(0, 5000), st.sampled_from(sorted(SCHEDULES)))
def test_the_shares_add_up_and_each_is_within_one_of_its_exact_size(credits: list[int], tokens: int, decay: str) -> None:
    shares = shared(credits, tokens, decay)  # type: ignore[arg-type]
    assert sum(shares) == tokens
    weights = [credit * SCHEDULES[decay](i, len(credits)) for i, credit in enumerate(credits)]
    for share, weight in zip(shares, weights, strict=True):
        assert -1e-6 - 1 < share - weight / math.fsum(weights) * tokens <= 1 + 1e-6


@given(tokens=st.integers(1, 700), greedy=st.booleans(), listed=st.booleans(), together=st.booleans())
def test_all_it_writes_is_at_most_its_tokens(tokens: int, greedy: bool, listed: bool, together: bool) -> None:
    heard: list[tuple[str, Request]] = []
    model = scripted("m", says if listed else lambda request: "seven", heard, greedy=greedy)
    answer = ask(plan_and_budget(model, tokens=tokens, together=together))
    assert sum(call.completion_tokens or 0 for call in answer.calls) <= tokens
    assert answer.text


@given(tokens=st.none() | st.integers(0, 300), calls=st.none() | st.integers(0, 6))
def test_a_requests_budget_holds_too(tokens: int | None, calls: int | None) -> None:
    model = Synthetic(abilities=0.0, memo=False, answering={"styles": {"": {"tokens": 9, "steps": True}}})
    planner = scripted("planner", lambda request: LIST, [])

    async def plan(request: Request) -> Answer:
        return (
            await planner(request) if request.budget is None or not request.budget.spent else Answer(text="", finish="budget")
        )

    request = Request(prompt=QUESTION.prompt, seed=1, budget=Budget(tokens=tokens, calls=calls))
    for system in (plan_and_budget(model, planner=planner), selective_allocation(model, planner=planner)):
        answer = ask(system, request)
        plan_tokens = sum(call.tokens for call in answer.calls if call.model == "planner")  # it ignores its budget
        assert tokens is None or sum(call.tokens for call in answer.calls) <= max(tokens, plan_tokens)
        assert calls is None or len(answer.calls) <= calls


def test_each_part_has_its_share_and_sees_what_was_found_before() -> None:
    heard: list[tuple[str, Request]] = []
    answer = ask(plan_and_budget(scripted("m", says, heard, greedy=False), tokens=400, decay="constant"))
    plan, first, second, third, last = (request for _, request in heard)
    left = 400 - len(LIST.split(" "))
    shares = answer.details["shares"]
    assert plan.max_tokens == 100
    assert sum(shares) == left - left // 8
    assert shares == shared([1, 4, 2], left - left // 8, "constant")
    assert first.max_tokens == shares[0]
    assert second.max_tokens == shares[0] + shares[1] - 1  # the first part took a single token of its share
    assert last.max_tokens == left - 3
    assert "first? seven" in second.question
    assert "first? seven\nsecond? seven" in third.question
    assert [call.role for call in answer.calls] == ["plan", "part 1", "part 2", "part 3", "answer"]


def test_together_asks_once_with_all_parts_and_their_words() -> None:
    heard: list[tuple[str, Request]] = []
    answer = ask(plan_and_budget(scripted("m", says, heard), tokens=400, decay="linear", together=True))
    assert len(answer.calls) == 2
    assert f"- second? (up to {answer.details['shares'][1]} words)" in heard[1][1].question
    assert heard[1][1].max_tokens == sum(answer.details["shares"])


def test_without_a_plan_the_question_is_asked_as_it_is() -> None:
    heard: list[tuple[str, Request]] = []
    ask(plan_and_budget(scripted("m", lambda request: "seven", heard), tokens=400))
    assert heard[1][1].prompt == QUESTION.prompt
    assert heard[1][1].max_tokens == 399


def test_a_plan_alone_is_no_answer() -> None:
    answer = ask(plan_and_budget(scripted("m", says, []), tokens=400), Request(prompt=QUESTION.prompt, budget=Budget(calls=1)))
    assert (answer.finish, answer.value) == ("budget", "")
    assert answer.text == LIST


def test_hard_parts_go_to_the_slow_system_and_easy_ones_to_the_fast() -> None:
    heard: list[tuple[str, Request]] = []
    fast, slow = scripted("fast", says, heard), scripted("slow", lambda request: "eight", heard)
    answer = ask(selective_allocation(fast, slow, threshold=3))
    assert [name for name, _ in heard] == ["fast", "fast", "slow", "fast", "fast"]
    assert answer.details["slow"] == [1]
    assert "second? eight" in heard[3][1].question


def test_a_question_that_cannot_be_taken_apart_counts_as_hard() -> None:
    heard: list[tuple[str, Request]] = []
    fast, slow = scripted("fast", lambda request: "seven", heard), scripted("slow", lambda request: "eight", heard)
    assert ask(selective_allocation(fast, slow)).value == "eight"
    ask(selective_allocation(fast))
    assert "step by step" in heard[-1][1].question


def test_selective_is_as_right_as_slow_for_the_price_of_mostly_fast() -> None:
    """Easy parts the fast one always gets, hard ones with 1/2; the slow one always, at ten times the tokens."""
    heard: list[tuple[str, Request]] = []

    def flaky(request: Request) -> str:
        if "Break the question" in request.question:
            return LIST
        return "wrong" if "part: second?" in request.question and (request.seed or 0) % 2 else "right"

    def slowly(request: Request) -> str:
        return "think " * 9 + "right"

    def last(request: Request) -> bool:
        return "wrong" not in request.question

    outcomes = {}
    for name, threshold in (("all fast", 6), ("selective", 3), ("all slow", 1)):
        right = tokens = 0
        for seed in range(40):
            heard.clear()
            system = selective_allocation(scripted("fast", flaky, heard), scripted("slow", slowly, heard), threshold=threshold)
            answer = ask(system, Request(prompt=QUESTION.prompt, seed=seed))
            right += last(heard[-1][1])
            tokens += sum(call.completion_tokens or 0 for call in answer.calls)
        outcomes[name] = (right, tokens)
    assert outcomes["all fast"][0] == 20
    assert outcomes["selective"][0] == outcomes["all slow"][0] == 40
    assert outcomes["selective"][1] < 0.67 * outcomes["all slow"][1]


def test_lists_are_read_as_people_write_them() -> None:
    assert parts_in("Sure!\n1. [3] How far?\n2) (5/5) How fast?\n- Then?\n4. 3 apples cost what?\nDone.", 9) == [
        Part("How far?", 3),
        Part("How fast?", 5),
        Part("Then?"),
        Part("3 apples cost what?"),
    ]
    assert len(parts_in("1. a\n2. b\n3. c", 2)) == 2
    assert parts_in("It is 42.", 5) == []


def test_a_raw_prompt_is_taken_apart_too() -> None:
    heard: list[tuple[str, Request]] = []
    ask(plan_and_budget(scripted("m", says, heard), tokens=400), Request(prompt="How many?", seed=1))
    assert all(isinstance(request.prompt, str) and request.prompt.startswith("How many?") for _, request in heard)


def test_what_is_asked_wrongly_says_what_was_expected() -> None:
    model = scripted("m", says, [])
    for make, message in [
        (lambda: plan_and_budget(model, tokens=0), "tokens: must be at least 1"),
        (lambda: plan_and_budget(model, most=0), "most: must be at least 1"),
        (lambda: plan_and_budget(model, decay="cubic"), "decay: expected one of constant, linear"),  # type: ignore[arg-type]
        (lambda: selective_allocation(model, threshold=0), "threshold: must be a difficulty from 1"),
        (lambda: selective_allocation(model, most=0), "most: must be at least 1"),
    ]:
        with pytest.raises(InputError, match=message):
            make()
