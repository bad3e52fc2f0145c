"""On a model of known truth, strategies reach what theory says; the truth is the model's own `probability`, per question."""

import asyncio
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles import voting

from isocost.records import Answer, Budget, Call, Item, Price, System
from isocost.systems.models.synthetic import Synthetic, items
from isocost.systems.strategies import best_of, cascade, vote

QUESTIONS = items(400, seed=5)
ONE_RIVAL = {"distractors": (1.0,)}  # all wrong answers agree, so that a vote is a majority of right and wrong


def ask(system: System, questions: Sequence[Item] = QUESTIONS) -> list[Answer]:
    async def whole() -> list[Answer]:
        return [await system(item.request(seed=place)) for place, item in enumerate(questions)]

    return asyncio.run(whole())


def agrees(answers: Sequence[Answer], chances: Sequence[float]) -> bool:
    """Whether the share of right answers is within four standard errors of the mean of the chances."""
    right = sum(answer.value == item.target for answer, item in zip(answers, QUESTIONS, strict=True))
    expected, variance = math.fsum(chances), math.fsum(p * (1 - p) for p in chances)
    return abs(right - expected) <= 4 * math.sqrt(variance)


@pytest.mark.parametrize("n", [1, 5, 9])
@pytest.mark.parametrize("ability", [-1.0, 0.7])
def test_a_vote_is_the_binomial_tail(n: int, ability: float) -> None:
    model = Synthetic(abilities=ability, answering=ONE_RIVAL)
    assert agrees(ask(vote(model, n)), [voting.tail(n, model.probability(item)) for item in QUESTIONS])


def test_an_early_stopping_vote_agrees_with_the_dynamic_programme_in_accuracy_and_in_calls() -> None:
    model = Synthetic(abilities=0.5, answering=ONE_RIVAL)
    answers = ask(vote(model, 9, stop_early={"posterior": 0.9}))
    expected = [voting.early(9, model.probability(item), voting.posterior(0.9)) for item in QUESTIONS]
    assert agrees(answers, [right for right, _ in expected])
    calls = sum(len(answer.calls) for answer in answers)
    assert abs(calls - sum(samples for _, samples in expected)) <= 4 * math.sqrt(len(QUESTIONS) * 9)


def test_a_cascade_is_the_mixture_of_its_stages() -> None:
    small, large = (
        Synthetic(name, abilities=ability, answering=ONE_RIVAL) for name, ability in (("small", 0.0), ("large", 2.0))
    )
    answers = ask(cascade([vote(small, 3), large]))
    chances, going_on = [], 0.0
    for item in QUESTIONS:
        p, q = small.probability(item), large.probability(item)
        chances.append(p**3 + (1 - p**3 - (1 - p) ** 3) * q)
        going_on += 1 - p**3 - (1 - p) ** 3
    assert agrees(answers, chances)
    asked_large = sum(any(call.model == "large" for call in answer.calls) for answer in answers)
    assert abs(asked_large - going_on) <= 4 * math.sqrt(going_on)


def test_the_best_of_n_by_a_perfect_judge_is_right_when_any_is() -> None:
    model = Synthetic(abilities=-1.0)
    targets = {item.question: item.target for item in QUESTIONS}
    answers = ask(best_of(model, 4, score=lambda question, answer: answer.value == targets[question]))
    assert agrees(answers, [1 - (1 - model.probability(item)) ** 4 for item in QUESTIONS])


SYSTEMS = {
    "vote": lambda model: vote(model, 4),
    "best_of": lambda model: best_of(model, 3),
    "cascade": lambda model: cascade([vote(model, 3, stop_early="decided"), best_of(vote(model, 2), 2, judge=model)]),
}


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=list(SYSTEMS))
@settings(max_examples=40, deadline=None)
@given(tokens=st.none() | st.integers(0, 200), calls=st.none() | st.integers(0, 9), money=st.none() | st.integers(0, 300))
def test_the_budget_holds_on_a_real_model_that_cuts_and_refuses(
    make: object, tokens: int | None, calls: int | None, money: int | None
) -> None:
    prices = {"synthetic": Price(input=1.0, output=2.0)}
    budget = Budget(tokens=tokens, calls=calls, microdollars=money, prices=prices)
    model = Synthetic(abilities=0.0, memo=False, answering={"styles": {"": {"tokens": 9, "steps": True}}})
    answer = asyncio.run(make(model)(QUESTIONS[0].request(seed=1, budget=budget)))  # type: ignore[operator]
    assert tokens is None or sum(call.tokens for call in answer.calls) <= tokens
    assert calls is None or len(answer.calls) <= calls
    assert money is None or sum(map(budget.cost, answer.calls)) <= money


def test_votes_of_3_5_and_9_ask_the_model_nine_times_and_are_charged_in_full() -> None:
    """Identical calls are made once, and each system's answer carries all of its own."""
    model = Synthetic(abilities=0.0)

    async def whole() -> list[tuple[Call, ...]]:
        request = QUESTIONS[0].request(seed=1)
        return [(await vote(model, n)(request)).calls for n in (3, 5, 9)]

    three, five, nine = asyncio.run(whole())
    assert [len(calls) for calls in (three, five, nine)] == [3, 5, 9]
    assert [sum(not call.shared for call in calls) for calls in (three, five, nine)] == [3, 2, 4]
    assert [call.tokens for call in nine[:3]] == [call.tokens for call in three]
