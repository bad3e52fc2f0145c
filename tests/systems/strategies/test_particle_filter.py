"""A particle filter's estimates are right on average, and its resampling is as fair as it can be."""

import asyncio
import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.systems.strategies.puzzles import draw, question, steps_of

from isocost.records import Answer, Call, InputError, Request
from isocost.systems.strategies import particle_filter
from isocost.systems.strategies.particle_filter import resampled
from isocost.systems.strategies.steps import Path, Steps

WORDS = {"a": 0.5, "b": 0.3, "c": 0.2}
REWARD = {"a": 0.9, "b": 0.2, "c": 0.6}
DEPTH = 3


async def world(request: Request) -> Answer:
    """Each step is one of three words by their chances; the answer is the first word, and ends early after a "c"."""
    steps = steps_of(request)
    word = draw(steps, request.seed).choices(list(WORDS), list(WORDS.values()))[0]
    ends = word == "c" or len(steps) + 1 == DEPTH
    said = f"{word} Answer: {[*steps, word][0][0]}" if ends else word
    return Answer(text=said, calls=(Call(model="world", prompt_tokens=1, completion_tokens=1),))


def reward(question: str, text: str) -> float:
    return REWARD[text.split("\n")[-1][0]]


def exact() -> dict[str, float]:
    """By summing over all paths: what p(path) x rewards gives each answer."""
    mass: dict[str, float] = dict.fromkeys(WORDS, 0.0)
    for length in range(1, DEPTH + 1):
        for path in product(WORDS, repeat=length):
            if "c" not in path[:-1] and (path[-1] == "c" or length == DEPTH):
                mass[path[0]] += math.prod(WORDS[word] * REWARD[word] for word in path)
    return mass


@pytest.mark.parametrize("n", [1, 3])
def test_evidence_times_share_is_unbiased_for_each_answer(n: int) -> None:
    """The mean of 1500 small filters is the exact mass of each answer, within four standard errors."""
    system, asked = particle_filter(world, n, score=reward, steps=Steps(depth=DEPTH)), 1500

    async def whole() -> list[Answer]:
        return [await system(question("?", seed)) for seed in range(asked)]

    answers = asyncio.run(whole())
    for value, mass in exact().items():
        estimates = [answer.details["evidence"] * answer.details["votes"].get(value, 0.0) / n for answer in answers]
        mean = math.fsum(estimates) / asked
        error = math.sqrt(math.fsum((estimate - mean) ** 2 for estimate in estimates) / asked / (asked - 1))
        assert abs(mean - mass) <= 4 * error


def test_many_particles_vote_for_what_has_the_most_mass() -> None:
    mass = exact()
    answer = asyncio.run(particle_filter(world, 60, score=reward, steps=Steps(depth=DEPTH))(question("?", 3)))
    assert answer.value == max(mass, key=mass.__getitem__)
    assert answer.confidence == pytest.approx(mass["a"] / sum(mass.values()), abs=0.25)


particles = st.lists(st.floats(0, 1), min_size=1, max_size=9).filter(lambda weights: sum(weights) > 1e-3)


@given(particles, st.floats(0, 1, exclude_max=True))
def test_each_particle_comes_its_share_of_times_rounded_down_or_up(weights: list[float], start: float) -> None:
    n, total = len(weights), math.fsum(weights)
    drawn = resampled([Path(steps=(str(i),)) for i in range(n)], weights, start)
    assert len(drawn) == n
    for i, weight in enumerate(weights):
        share, count = n * weight / total, sum(path.steps == (str(i),) for path in drawn)
        assert share - 1 - 1e-9 < count < share + 1 + 1e-9
        assert count == 0 or weight > 0


@given(particles)
def test_on_average_over_the_start_it_comes_exactly_its_share(weights: list[float]) -> None:
    n, total, starts = len(weights), math.fsum(weights), 400
    paths = [Path(steps=(str(i),)) for i in range(n)]
    drawn = [path for k in range(starts) for path in resampled(paths, weights, (k + 0.5) / starts)]
    for i, weight in enumerate(weights):
        assert sum(path.steps == (str(i),) for path in drawn) / starts == pytest.approx(n * weight / total, abs=2 / starts)


def test_a_generator_of_ones_own_serves_where_there_is_no_seed() -> None:
    async def whole(rng: random.Random) -> Answer:
        system = particle_filter(world, 3, score=reward, steps=Steps(depth=DEPTH), rng=rng)
        return await system(question("?", None))

    assert asyncio.run(whole(random.Random(1))) == asyncio.run(whole(random.Random(1)))


def test_fewer_than_one_particle_is_refused() -> None:
    with pytest.raises(InputError, match="n: must be at least 1 particle, got 0"):
        particle_filter(world, 0)
