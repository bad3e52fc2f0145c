"""Refinement is a Markov chain, and stops where it repeats itself."""

import asyncio
from itertools import pairwise, product

import pytest
from tests.systems.strategies.test_vote import Script

from isocost.records import Answer, Call, CallFailed, InputError, Message, Request
from isocost.systems.models.synthetic import Synthetic, items
from isocost.systems.strategies import parallel_distill_refine, refine
from isocost.systems.strategies.refine import IMPROVE

ASKED = Request(prompt="?", seed=1)


def paths(rounds: int, first: float, stays: float, becomes: float, **options: object) -> tuple[float, float]:
    """P(right) and mean calls over every sequence of right and wrong answers, each with its chance in the chain."""

    async def whole() -> tuple[float, float]:
        right = calls = 0.0
        for path in product("rw", repeat=rounds + 1):
            chance = first if path[0] == "r" else 1 - first
            for before, after in pairwise(path):
                p = stays if before == "r" else becomes
                chance *= p if after == "r" else 1 - p
            given = await refine(Script(path), rounds, **options)(ASKED)  # type: ignore[arg-type]
            right += chance * (given.value == "r")
            calls += chance * len(given.calls)
        return right, calls

    return asyncio.run(whole())


CHAINS = [(0.4, 0.9, 0.3), (0.9, 0.6, 0.2), (0.5, 0.5, 0.5)]


@pytest.mark.parametrize("rounds", [0, 1, 4])
@pytest.mark.parametrize(("first", "stays", "becomes"), CHAINS)
def test_the_share_of_right_answers_follows_the_chains_closed_form(
    rounds: int, first: float, stays: float, becomes: float
) -> None:
    """p[t] = q + (a - b)^t (p[0] - q) with q = b / (1 - a + b); every round is one call."""
    limit = becomes / (1 - stays + becomes)
    expected = limit + (stays - becomes) ** rounds * (first - limit)
    assert paths(rounds, first, stays, becomes, until_repeated=False) == pytest.approx((expected, rounds + 1), abs=1e-12)


@pytest.mark.parametrize("rounds", [1, 2, 5])
@pytest.mark.parametrize(("first", "stays", "becomes"), CHAINS)
def test_stopping_at_a_repeated_answer_absorbs_the_chain(rounds: int, first: float, stays: float, becomes: float) -> None:
    """From right it ends with a and else goes to wrong; from wrong with 1 - b: two absorbing states, walked by hand."""
    right, wrong, ended, calls = first, 1 - first, 0.0, 1.0
    for _ in range(rounds):
        calls += right + wrong
        ended += right * stays
        right, wrong = wrong * becomes, right * (1 - stays)
    assert paths(rounds, first, stays, becomes) == pytest.approx((ended + right, calls), abs=1e-12)


def test_each_round_is_shown_the_answer_before_it_and_no_other() -> None:
    model = Script(["first try", "second try", "third try"])
    chat = Request(prompt=(Message("system", "Be kind."), Message("user", "How many?")), seed=3)
    given = asyncio.run(refine(model, 2)(chat))
    assert given.text == "third try"
    assert model.asked[0] == chat
    assert [request.prompt[0] for request in model.asked] == [Message("system", "Be kind.")] * 3
    assert model.asked[1].question == "How many?\n\n" + IMPROVE.replace("{answer}", "first try")
    assert "first try" not in model.asked[2].question
    assert len({request.seed for request in model.asked}) == 3


def test_a_raw_prompt_gets_a_new_place_for_the_answer() -> None:
    model = Script(["4", "5"])
    asyncio.run(refine(model, 1, prompt="Not {answer}!")(Request(prompt="Question: 2+3\nAnswer:")))
    assert model.asked[1].prompt == "Question: 2+3\nAnswer:\n\nNot 4!\n\nAnswer:"


def test_answers_are_the_same_when_they_come_to_the_same() -> None:
    given = asyncio.run(refine(Script(["I think the answer is 7.", "Sure: the answer is 7.00", "no"]), 9)(ASKED))
    assert (len(given.calls), given.confidence) == (2, 1.0)
    assert given.details == {"answers": ["7", "7"]}


def test_confidence_is_the_share_that_agrees_with_the_last() -> None:
    assert asyncio.run(refine(Script("abca"), 3)(ASKED)).confidence == 0.5


def test_a_round_that_fails_is_passed_over() -> None:
    made = 0

    async def flaky(request: Request) -> Answer:
        nonlocal made
        made += 1
        if made == 2:
            raise CallFailed("down", kind="server", calls=[Call(model="m", error="down")])
        return Answer(text=str(made), calls=(Call(model="m"),))

    given = asyncio.run(refine(flaky, 2)(ASKED))
    assert (given.text, len(given.calls), given.finish) == ("3", 3, "complete")


def test_on_the_synthetic_model_the_last_round_decides() -> None:
    """Its answers do not depend on the ones before: a = b, so every round is right with the model's own probability."""
    model, questions = Synthetic(abilities=0.5), items(300, seed=4)

    async def whole() -> list[Answer]:
        return [await refine(model, 2, until_repeated=False)(item.request(seed=n)) for n, item in enumerate(questions)]

    answers = asyncio.run(whole())
    chances = [model.probability(item) for item in questions]
    right = sum(answer.value == item.target for answer, item in zip(answers, questions, strict=True))
    assert abs(right - sum(chances)) <= 4 * sum(p * (1 - p) for p in chances) ** 0.5


def test_one_draft_at_a_time_is_refinement() -> None:
    one, other = Script("abc"), Script("abc")
    given = asyncio.run(parallel_distill_refine(one, 1, rounds=2)(ASKED))
    assert given == asyncio.run(refine(other, 2, until_repeated=False)(ASKED))
    assert one.asked == other.asked


@pytest.mark.parametrize(
    ("options", "message"),
    [({"rounds": -1}, "rounds: must be at least 0 improvements, got -1"), ({"prompt": "Better!"}, "place for {answer}")],
)
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        refine(Script(""), **options)  # type: ignore[arg-type]
