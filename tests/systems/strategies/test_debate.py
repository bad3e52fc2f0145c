"""A debate is as good as its judge where the experts disagree, and better than hearing one of them alone."""

import asyncio
import random
import re
from itertools import product
from statistics import NormalDist

import pytest
from tests.systems.strategies.test_vote import Script

from isocost.records import Answer, Call, CallFailed, InputError, Message, Request, System
from isocost.systems.models.synthetic import Synthetic, items
from isocost.systems.strategies import debate, vote

ASKED = Request(prompt=(Message("user", "Which?"),), seed=1)


def judge_of(verdict: str) -> System:
    """Names the expert for the answer "r" when the verdict is "right", the other when "wrong", else says what it says."""

    async def judge(request: Request) -> Answer:
        right = 1 if "Expert 1 holds that the answer is: r" in request.question else 2
        text = {"right": f"I believe expert {right}.", "wrong": str(3 - right)}.get(verdict, verdict)
        return Answer(text=text, calls=(Call(model="judge"),))

    return judge


def held(answers: str, *, judge: System, seed: int = 1, **options: object) -> Answer:
    script = Script([*answers, *["because"] * 99])
    request = Request(prompt=ASKED.prompt, seed=seed)
    return asyncio.run(debate(script, judge=judge, samples=len(answers), **options)(request))  # type: ignore[arg-type]


@pytest.mark.parametrize(("p", "j"), [(0.5, 0.84), (0.5, 0.74), (0.7, 0.6), (0.3, 1.0)])
def test_two_samples_and_a_judge_of_known_accuracy_are_the_mixture(p: float, j: float) -> None:
    """P(right) = p^2 + 2 p (1 - p) j, and a debate is held for 2 p (1 - p) of the questions: over every sequence."""
    right = calls = 0.0
    for pair in product("rw", repeat=2):
        for verdict, chance in (("right", j), ("wrong", 1 - j)):
            weight = chance * p ** pair.count("r") * (1 - p) ** pair.count("w")
            given = held("".join(pair), judge=judge_of(verdict))
            right += weight * (given.value == "r")
            calls += weight * len(given.calls)
    assert right == pytest.approx(p**2 + 2 * p * (1 - p) * j, abs=1e-12)
    assert calls == pytest.approx(2 + 2 * p * (1 - p) * 3, abs=1e-12)


def test_the_judge_may_overrule_the_majority_and_hears_no_third_answer() -> None:
    assert held("wwrx", judge=judge_of("right")).value == "r"
    assert held("wwrx", judge=judge_of("wrong")).value == "w"


@pytest.mark.parametrize("verdict", ["I cannot say", "Expert 3", ""])
def test_a_judge_who_names_nobody_leaves_the_more_frequent_answer(verdict: str) -> None:
    given = held("wrr", judge=judge_of(verdict))
    assert (given.value, given.details["judged"]) == ("r", False)


def test_a_judge_who_fails_leaves_the_more_frequent_answer() -> None:
    async def broken(request: Request) -> Answer:
        raise CallFailed("down", kind="server", calls=[Call(model="judge", error="down")])

    assert held("wrr", judge=broken).value == "r"


def test_where_all_agree_nothing_is_debated() -> None:
    given = held("rrr", judge=judge_of("wrong"))
    assert (given.value, given.confidence, len(given.calls)) == ("r", 1.0, 3)


def test_the_place_of_an_answer_is_drawn_by_lot() -> None:
    """A judge who always names the first expert is right in half of the debates."""
    right = sum(held("rw", judge=judge_of("1"), seed=seed).value == "r" for seed in range(400))
    assert abs(right - 200) <= 4 * 10


@pytest.mark.parametrize("rounds", [1, 3])
def test_both_speak_at_once_and_hear_the_rounds_before(rounds: int) -> None:
    heard: list[str] = []

    async def expert(request: Request) -> Answer:
        heard.append(request.question)
        return Answer(text=f"argument {len(heard)}", calls=(Call(model="m"),))

    async def system(request: Request) -> Answer:
        if "Two experts" in request.question:
            return await expert(request)
        return Answer(text=next(samples), calls=(Call(model="m"),))

    samples = iter("rw")
    given = asyncio.run(debate(system, rounds, judge=judge_of("right"))(ASKED))
    assert [len(set(re.findall(r"argument \d+", text))) for text in heard] == [2 * (i // 2) for i in range(2 * rounds)]
    assert len(set(heard)) == len(heard)
    assert len(given.calls) == 2 + 2 * rounds + 1


def evidence(skill: int, sides: int, seed: int) -> bool:
    """Whether the judge is right in a world of noisy evidence, with the real protocol.

    The truth, +1 or -1, is which answer is right. An expert finds `skill` pieces of evidence, each the truth plus noise, and
    quotes the one that is best for its side; the judge adds up what was quoted, and believes the sign.
    """
    rng = random.Random(seed)
    truth = {"yes": 1, "no": -1}[right := rng.choice(["yes", "no"])]
    samples = iter(rng.sample(["yes", "no"], 2))

    async def system(request: Request) -> Answer:
        side = re.search(r"hold that the answer is: (yes|no)", request.question)
        if side is None:
            return Answer(text=next(samples))
        found = [rng.gauss(truth, 1) for _ in range(skill)]
        return Answer(text=f"[{max(found) if side[1] == 'yes' else min(found)}]")

    async def judge(request: Request) -> Answer:
        believed = "yes" if sum(map(float, re.findall(r"\[(\S+)\]", request.question))) > 0 else "no"
        return Answer(text="1" if f"Expert 1 holds that the answer is: {believed}" in request.question else "2")

    return asyncio.run(debate(system, judge=judge, sides=sides)(Request(prompt="?", seed=seed))).value == right


def test_debate_beats_consultancy_and_the_more_so_the_more_skilled_the_experts() -> None:
    """Consultancy has the closed form (P(-1)^k -> 1 - Phi(-1)^k for the right side, Phi(1)^k for the wrong); one skill of
    debate too, Phi(2 / sqrt 2). Skill helps a debate and harms a consultancy, as Michael et al. found."""
    n, phi = 600, NormalDist().cdf
    share = {(skill, sides): sum(evidence(skill, sides, seed) for seed in range(n)) / n for skill in (1, 8) for sides in (1, 2)}
    for skill in (1, 8):
        consultancy = ((1 - phi(-1) ** skill) + phi(1) ** skill) / 2
        assert abs(share[skill, 1] - consultancy) <= 4 * (consultancy * (1 - consultancy) / n) ** 0.5
    assert abs(share[1, 2] - phi(2**0.5)) <= 4 * (phi(2**0.5) * phi(-(2**0.5)) / n) ** 0.5
    assert share[8, 2] > share[1, 2] > share[1, 1] > share[8, 1]


def test_its_samples_are_the_votes() -> None:
    """Sample for sample the calls of a vote over the same system, so a model with a memo answers them once."""
    model = Synthetic(abilities=0.0)

    async def whole() -> tuple[Answer, Answer]:
        request = items(1)[0].request(seed=1)
        return await vote(model, 3)(request), await debate(model, samples=3)(request)

    first, second = asyncio.run(whole())
    assert [call.key for call in second.calls[:3]] == [call.key for call in first.calls]
    assert all(call.shared for call in second.calls[:3])


@pytest.mark.parametrize("options", [{"rounds": 0}, {"samples": 1}, {"sides": 3}, {"sides": 0}, {"temperature": -1}])
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        debate(Script(""), **options)  # type: ignore[arg-type]
