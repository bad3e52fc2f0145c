"""Strategies on models that fit themselves into a budget: one that writes on where it is told to, and the synthetic one."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.worlds import run
from tests.systems.strategies.writers import Writer

from isocost.records import Answer, Budget, Example, Message, Price, Request, System
from isocost.systems.models.synthetic import Synthetic, items
from isocost.systems.strategies import (
    anytime,
    budget_forcing,
    concise_hint,
    debate,
    effort_levels,
    elastic,
    few_shot,
    parallel_distill_refine,
    refine,
    solve_detect_verify,
    turns,
    vote,
)

CASES: dict[str, Callable[[System], System]] = {
    "anytime": lambda model: anytime(model, (0, 10, 20, 40), solution=4, agree=2),
    "budget_forcing": lambda model: budget_forcing(model, 50, 4, waits=2),
    "concise_hint": lambda model: concise_hint(model, first=8),
    "debate": lambda model: debate(model, samples=3),
    "effort_levels": lambda model: effort_levels(model, "low", solution=4, levels={"low": 20}),
    "elastic": lambda model: elastic(model, 20, 4),
    "parallel_distill_refine": lambda model: parallel_distill_refine(model, 3),
    "refine": lambda model: refine(model, 2),
    "solve_detect_verify": lambda model: solve_detect_verify(model, segment=8),
    "turns": lambda model: turns(model, 3),
    "elastic over a vote": lambda model: elastic(vote(model, 3), 20, 4),
    "refine over elastic": lambda model: refine(elastic(model, 20, 4), 2),
    "few_shot around elastic": lambda model: few_shot(elastic(model, 20, 4), [Example(question="Why?", answer="So.")]),
}
every_case = pytest.mark.parametrize("make", CASES.values(), ids=list(CASES))
PRICES = {"writer": Price(input=1.0, output=2.0), "synthetic": Price(input=1.0, output=2.0)}


def writer() -> Writer:
    return Writer(lambda question: 30, lambda question, thought: f"{min(thought // 10, 3)} sheep are there")


def kept(budget: Budget, given_: Answer) -> bool:
    """Whether the answer is within the budget."""
    return (
        (budget.tokens is None or sum(call.tokens for call in given_.calls) <= budget.tokens)
        and (budget.calls is None or len(given_.calls) <= budget.calls)
        and (budget.microdollars is None or sum(map(budget.cost, given_.calls)) <= budget.microdollars)
    )


budgets = st.builds(
    Budget,
    tokens=st.none() | st.integers(0, 400),
    calls=st.none() | st.integers(0, 9),
    seconds=st.none() | st.floats(0, 90, allow_nan=False),
    microdollars=st.none() | st.integers(0, 700),
    prices=st.just(PRICES),
)


@every_case
@settings(max_examples=40, deadline=None)
@given(budget=budgets, raw=st.booleans())
def test_no_budget_is_exceeded_and_a_complete_answer_is_the_whole_one(
    make: Callable[[System], System], budget: Budget, raw: bool
) -> None:
    """Writing takes a second a word here, where time is limited."""
    prompt: str | tuple[Message, ...] = "How many?" if raw else (Message("user", "How many?"),)

    def ask(given_budget: Budget | None) -> tuple[Answer, float]:
        request = Request(prompt=prompt, seed=3, budget=given_budget)
        return run(lambda: make(writer())(request))

    if raw and make is CASES["few_shot around elastic"]:
        return
    (given_, seconds), (full, _) = ask(budget), ask(None)
    assert kept(budget, given_)
    assert budget.seconds is None or seconds <= budget.seconds + 1e-6
    if given_.finish == "complete":
        assert (given_.text, given_.final, given_.confidence) == (full.text, full.final, full.confidence)
    assert bool(given_.calls) or (given_.text, given_.finish) == ("", "budget")


@every_case
@settings(max_examples=15, deadline=None)
@given(budget=budgets)
def test_the_budget_holds_on_the_synthetic_model(make: Callable[[System], System], budget: Budget) -> None:
    model = Synthetic(abilities=0.0, memo=False, answering={"styles": {"": {"tokens": 9, "steps": True}}})
    given_ = asyncio.run(make(model)(items(1)[0].request(seed=1, budget=budget)))
    assert kept(budget, given_)


@every_case
def test_every_call_says_what_it_was_for(make: Callable[[System], System]) -> None:
    given_, _ = run(lambda: make(writer())(Request(prompt=(Message("user", "How many?"),), seed=3)))
    assert all(call.role for call in given_.calls)
