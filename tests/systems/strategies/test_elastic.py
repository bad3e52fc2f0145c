"""With a budget of its own, there is always a solution, however little is left for thinking."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.worlds import run
from tests.systems.strategies.writers import Writer, answered, asked

from isocost.records import Answer, Budget, Call, CallFailed, InputError, Price, Request
from isocost.systems.strategies import budget_forcing, effort_levels, elastic

SOLUTION = "about forty two sheep"  # four tokens
ENOUGH = 30  # tokens of thinking after which the writer is right


def writer(length: int = 50, **options: object) -> Writer:
    return Writer(lambda question: length, lambda question, n: SOLUTION if n >= ENOUGH else "nobody can know that", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("thinking", [0, 1, 29, 30, 49, 53, 54, 200])
def test_the_solution_is_complete_under_any_thinking_budget_and_right_from_enough_of_it(thinking: int) -> None:
    given_ = answered(elastic(writer(), thinking, 4), asked())
    assert given_.final == (SOLUTION if thinking >= ENOUGH else "nobody can know that")
    assert given_.finish == "complete"
    thought = min(thinking, 57)  # with its own "The answer is ..." of seven words
    assert given_.details["thinking_tokens"] == thought
    assert sum(call.completion_tokens or 0 for call in given_.calls) == thought + 4 * (thinking < 57)


def test_a_single_limit_of_the_same_size_leaves_the_question_open() -> None:
    """The split completes at every total of tokens; one cut at that total does not until the text has ended by itself."""
    for total in range(4, 57):
        assert answered(writer(), asked(max_tokens=total)).finish == "length"
        split = answered(elastic(writer(), 512, 4), asked(max_tokens=total))
        assert (split.finish, sum(call.completion_tokens or 0 for call in split.calls)) == ("complete", total)


@settings(max_examples=150, deadline=None)
@given(budget=st.integers(0, 200), thinking=st.integers(0, 80), raw=st.booleans())
def test_a_budget_that_has_room_for_any_solution_has_one_in_full(budget: int, thinking: int, raw: bool) -> None:
    """Question (2), closing words (2, but at most their bytes, 15) and solution (4): from 8 tokens on, whatever the rest."""
    request = asked(budget=Budget(tokens=budget)) if not raw else Request(prompt="How many?", budget=Budget(tokens=budget))
    given_ = answered(elastic(writer(), thinking, 4), request)
    assert sum(call.tokens for call in given_.calls) <= budget
    if budget >= 8:
        assert given_.final in (SOLUTION, "nobody can know that")
    full = answered(elastic(writer(), thinking, 4), asked())
    if given_.finish == "complete":
        assert (given_.text.split(), given_.details) == (full.text.split(), full.details)


@settings(max_examples=60, deadline=None)
@given(money=st.integers(0, 400), input_=st.sampled_from([0.25, 1.0, 3.0]), output=st.sampled_from([1.0, 4.0]))
def test_a_budget_of_money_that_has_room_for_any_solution_has_one_in_full(money: int, input_: float, output: float) -> None:
    budget = Budget(microdollars=money, prices={"writer": Price(input=input_, output=output)})
    given_ = answered(elastic(writer(), 100, 4), asked(budget=budget))
    assert sum(map(budget.cost, given_.calls)) <= money
    if money >= 4 * input_ + 4 * output + 1:
        assert given_.final in (SOLUTION, "nobody can know that")


def test_of_the_time_the_solution_has_as_much_as_the_thinking() -> None:
    given_, seconds = run(partial(elastic(writer(), 100, 4), asked(budget=Budget(seconds=70.0))))
    assert (given_.final, given_.finish) == (SOLUTION, "budget")
    assert seconds <= 70
    assert 30 <= given_.details["thinking_tokens"] <= 35


def test_thinking_that_does_not_fit_is_shortened_until_it_does() -> None:
    """A model that bounds its prompt by bytes refuses the whole of it."""

    class Careful(Writer):
        async def count_tokens(self, request: Request) -> int:
            return 4 * await super().count_tokens(request)

    model = Careful(lambda question: 50, lambda question, n: SOLUTION if n >= 5 else "nobody can know that")
    given_ = answered(elastic(model, 100, 4), asked(budget=Budget(tokens=80)))
    assert given_.final == SOLUTION
    assert 5 <= model.prompts[-1].count("t") < given_.details["thinking_tokens"]
    assert len(given_.calls) == 2


def test_thinking_that_ends_with_an_answer_needs_no_second_call_unless_a_tag_sets_it_apart() -> None:
    short = answered(elastic(writer(35), 100, 8), asked())
    assert (len(short.calls), short.final) == (1, SOLUTION)
    tagged = answered(elastic(writer(35, closing="</think>"), 100, 8, closing="\n</think>"), asked())
    assert (len(tagged.calls), tagged.final) == (2, SOLUTION)


def test_where_thinking_fails_the_question_is_solved_without() -> None:
    model = writer()
    failed = 0

    async def flaky(request: Request) -> Answer:
        nonlocal failed
        failed += 1
        if failed == 1:
            raise CallFailed("down", kind="server", calls=[Call(model="writer", error="down")])
        return await model(request)

    given_ = answered(elastic(flaky, 100, 4), asked())
    assert (given_.final, given_.finish, len(given_.calls)) == ("nobody can know that", "complete", 2)


@pytest.mark.parametrize(
    ("waits", "thought", "final"),
    [(0, 10, "nobody can know that"), (1, 20, "nobody can know that"), (2, 30, SOLUTION), (9, 33, SOLUTION)],
)
def test_forcing_goes_on_where_thinking_ended_until_its_budget(waits: int, thought: int, final: str) -> None:
    """Each wait adds ten tokens of thinking, of 33 in all; then it is cut."""

    async def lazy(request: Request) -> Answer:
        """Thinks ten words at a time, and does not state its answer."""
        text = request.prompt if isinstance(request.prompt, str) else ""
        if text.endswith("Final answer:"):
            words = [SOLUTION if text.split().count("t") >= ENOUGH else "nobody can know that"]
        else:
            words = ["t"] * min(10, request.max_tokens or 10)
        call = Call(model="lazy", prompt_tokens=1, completion_tokens=len(words))
        ends = len(words) == 10 or text.endswith("Final answer:")
        return Answer(text="".join(f" {word}" for word in words), calls=(call,), finish="complete" if ends else "length")

    given_ = answered(budget_forcing(lazy, 33, 4, waits=waits, wait=" Wait, "), Request(prompt="How many? "))
    assert (given_.details["thinking_tokens"], given_.final) == (thought, final)
    assert given_.text.count("Wait,") == min(waits, 3)


def test_an_effort_is_so_many_tokens_of_thinking() -> None:
    system = effort_levels(writer(), "low", levels={"none": 0, "low": 20, "high": 40}, solution=4)
    for effort, tokens in ((None, 20), ("none", 0), ("high", 40)):
        request = asked(extra={} if effort is None else {"reasoning_effort": effort})
        assert answered(system, request).details["thinking_tokens"] == tokens


def test_an_effort_does_not_reach_the_model() -> None:
    seen: list[Request] = []

    async def watched(request: Request) -> Answer:
        seen.append(request)
        return await writer()(request)

    answered(effort_levels(watched, solution=4), asked(extra={"reasoning_effort": "low", "top_k": 3}))
    assert {tuple(request.extra) for request in seen} == {("top_k",)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: elastic(writer(), -1), "thinking: must be at least 0 tokens, got -1"),
        (lambda: elastic(writer(), 8, 0), "solution: must be at least 1 token, got 0"),
        (lambda: budget_forcing(writer(), waits=-1), "waits: must be at least 0 times, got -1"),
        (lambda: effort_levels(writer(), "hihg"), "effort: expected a level, got 'hihg'. Hint: did you mean 'high'"),
        (lambda: effort_levels(writer(), levels={"medium": -5}), "levels.medium: must be at least 0 tokens, got -5"),
        (lambda: answered(effort_levels(writer()), asked(extra={"reasoning_effort": 3})), "expected a level, got 3"),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        make()
