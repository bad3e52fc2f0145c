"""The strategy that is asked is the one that the difficulty and the budget call for, and its gain is the closed form's."""

import asyncio
import math
from collections.abc import Sequence

import pytest

from isocost.records import Answer, Budget, Call, InputError, Item, Message, Request, System
from isocost.systems.models.synthetic import Synthetic, items, question_of
from isocost.systems.strategies import difficulty_adaptive, vote

QUESTIONS = items(400, seed=5)
ASKED = Request(prompt=(Message("user", "?"),), seed=7)


def ask(system: System, requests: Sequence[Request]) -> list[Answer]:
    async def whole() -> list[Answer]:
        return [await system(request) for request in requests]

    return asyncio.run(whole())


def says(text: str, *, logprob: float = -0.1) -> System:
    async def model(request: Request) -> Answer:
        return Answer(text=text, calls=(Call(model=text),), logprobs=(logprob,) if request.logprobs else None)

    return model


def test_only_where_the_probe_disagrees_is_the_strong_model_asked() -> None:
    """Three samples agree with probability p^3 + (1 - p)^3; else the strong model, right with q, answers."""
    small, large = (
        Synthetic(name, abilities=a, answering={"distractors": (1.0,)}) for name, a in (("small", 0.0), ("large", 2.0))
    )
    answers = ask(difficulty_adaptive(small, [large], edges=[0.2]), [q.request(seed=i) for i, q in enumerate(QUESTIONS)])
    chances = [(small.probability(q), large.probability(q)) for q in QUESTIONS]
    truth = [p**3 + (1 - p**3 - (1 - p) ** 3) * q for p, q in chances]
    right = sum(answer.value == item.target for answer, item in zip(answers, QUESTIONS, strict=True))
    assert abs(right - math.fsum(truth)) <= 4 * math.sqrt(math.fsum(p * (1 - p) for p in truth))
    hard = math.fsum(1 - p**3 - (1 - p) ** 3 for p, _ in chances)
    assert abs(sum(len(answer.calls) - 3 for answer in answers) - hard) <= 4 * math.sqrt(hard)


def test_fitting_the_model_to_the_difficulty_is_as_right_as_the_large_one_for_half_of_its_calls() -> None:
    """Easy questions go to the small model, hard ones to the large: as right as the large one alone, for half of its calls."""
    small, large = (
        Synthetic(name, abilities=a, answering={"distractors": (1.0,)}) for name, a in (("small", 0.0), ("large", 3.0))
    )
    easy, hard = items(200, seed=1, mean=-4.0, spread=0.1), items(200, seed=2, mean=0.5, spread=0.1)
    both: list[Item] = [*easy, *hard]
    system = difficulty_adaptive(
        small, [small, large], edges=[-2.0], predict=lambda request: question_of(request.question).difficulty
    )
    answers = ask(system, [q.request(seed=i) for i, q in enumerate(both)])
    assert sum(call.model == "large" for answer in answers for call in answer.calls) == 200
    right = sum(answer.value == item.target for answer, item in zip(answers, both, strict=True))
    alone = math.fsum(large.probability(q) for q in both)
    assert right >= alone - 4 * math.sqrt(math.fsum(p * (1 - p) for p in map(large.probability, both)))


@pytest.mark.parametrize(
    ("difficulty", "expected"), [(0.0, "easy"), (0.19, "easy"), (0.2, "normal"), (0.49, "normal"), (0.9, "hard")]
)
def test_the_bins_lie_between_the_edges(difficulty: float, expected: str) -> None:
    system = difficulty_adaptive(says("none"), [says("easy"), says("normal"), says("hard")], predict=lambda request: difficulty)
    (answer,) = ask(system, [ASKED])
    assert (answer.text, [call.role for call in answer.calls]) == (expected, [f"strategy {answer.details['strategy']}"])


def test_one_sample_is_as_hard_as_its_tokens_are_unlikely() -> None:
    for logprob, expected in ((-0.1, "probe"), (-3.0, "strong")):
        system = difficulty_adaptive(says("probe", logprob=logprob), [says("strong")], edges=[0.5], probe=1)
        (answer,) = ask(system, [ASKED])
        assert answer.text == expected
        assert answer.details["difficulty"] == pytest.approx(1 - math.exp(logprob))


def test_bins_may_take_any_order_so_that_entropy_that_falls_and_rises_is_followed() -> None:
    """Middling entropy is easy here, low and high are not: the strategies are listed as the records say."""
    chosen = [
        ask(difficulty_adaptive(says("x"), [says("b"), says("a"), says("c")], edges=[1, 2], predict=lambda r, e=e: e), [ASKED])[
            0
        ].text
        for e in (0.5, 1.5, 2.5)
    ]
    assert chosen == ["b", "a", "c"]


TABLE = {"500": [0, 1, 1], "50": [0, 0, 1], "4000": [1, 2, 2]}


@pytest.mark.parametrize(
    ("tokens", "difficulty", "expected"),
    [
        (60, 0.0, "probe"),
        (60, 0.6, "one"),
        (499, 0.6, "one"),
        (500, 0.4, "one"),
        (4000, 0.6, "two"),
        (None, 0.0, "one"),
        (9, 0.4, "probe"),
    ],
)
def test_the_table_says_which_strategy_a_bin_gets_within_a_budget(tokens: int | None, difficulty: float, expected: str) -> None:
    agreement = {0.0: "aaaaa", 0.4: "aaabb", 0.6: "aabbc"}[difficulty]

    async def probe(request: Request) -> Answer:
        probed.append(request.seed)
        return Answer(text={"a": "probe", "b": "other", "c": "third"}[agreement[len(probed) - 1]])

    probed: list[int | None] = []
    system = difficulty_adaptive(probe, [says("one"), says("two")], edges=[0.3, 0.5], probe=5, table=TABLE)
    budget = None if tokens is None else Budget(tokens=tokens)
    (answer,) = ask(system, [Request(prompt=ASKED.prompt, seed=7, budget=budget)])
    assert answer.text == expected


@pytest.mark.parametrize(("probed", "calls"), [("aaa", 3), ("aab", 8), ("abc", 12)])
def test_by_itself_it_votes_with_3_5_or_9_samples_as_the_first_three_agree(probed: str, calls: int) -> None:
    async def model(request: Request) -> Answer:
        said.append(request.seed)
        return Answer(text=(probed + "a" * 9)[len(said) - 1], calls=(Call(model="m"),))

    said: list[int | None] = []
    (answer,) = ask(difficulty_adaptive(model), [ASKED])
    assert (answer.text, len(answer.calls)) == ("a", calls)


def test_the_probe_shares_its_samples_with_votes() -> None:
    model = Synthetic(abilities=0.0)
    request = QUESTIONS[0].request(seed=1)
    (answer,) = ask(difficulty_adaptive(model, [vote(model, 5)] * 3), [request])
    assert [call.shared for call in answer.calls] == [False] * 3 + [True] * 3 + [False] * 2


def test_a_strategy_that_fails_leaves_the_probes_answer() -> None:
    (answer,) = ask(difficulty_adaptive(says("probe"), [says("")] * 3), [ASKED])
    assert answer.text == "probe"


def test_what_is_asked_wrongly_says_what_was_expected() -> None:
    m = says("a")
    for make, message in [
        (lambda: difficulty_adaptive(m, [m] * 3, edges=[0.6, 0.4]), "edges: must rise"),
        (lambda: difficulty_adaptive(m, [m] * 3, probe=0), "probe: must be at least 1"),
        (lambda: difficulty_adaptive(m, [m]), "strategies: 3 bins need one a bin, or one fewer"),
        (lambda: difficulty_adaptive(m, [m] * 2, predict=lambda r: 0.0), "strategies: 3 bins need one a bin, got 2"),
        (lambda: difficulty_adaptive(m, [m], table={"all": [1, 1, 1]}), "table: its keys must be numbers"),
        (lambda: difficulty_adaptive(m, [m], table={}), "table: its keys"),
        (lambda: difficulty_adaptive(m, [m], table={"9": [1, 1]}), r"table.9: must have 3 numbers from 0 to 1"),
        (lambda: difficulty_adaptive(m, [m], table={"9": [1, 1, 2]}), r"table.9: must have 3 numbers"),
    ]:
        with pytest.raises(InputError, match=message):
            make()
