"""A vote gives what probability theory says it gives."""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product

import pytest
from tests.conformance.worlds import Fake, run
from tests.oracles import voting

from isocost.records import Answer, Budget, Call, InputError, Request
from isocost.systems.strategies import vote

ASKED = Request(prompt="?", seed=1)


class Script:
    """Gives these answers, one after the other."""

    def __init__(self, answers: Sequence[str]) -> None:
        self.answers = iter(answers)
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        return Answer(text=next(self.answers), calls=(Call(model="script"),))


async def voted(answers: Sequence[str], **options: object) -> Answer:
    return await vote(Script(answers), len(answers), **options)(ASKED)  # type: ignore[arg-type]


def elect(answers: Sequence[str], **options: object) -> Answer:
    return asyncio.run(voted(answers, **options))


def majority(answers: Sequence[str]) -> str:
    """The slow and obvious winner: the most frequent, of equals the first seen."""
    return max(answers, key=lambda answer: (answers.count(answer), -answers.index(answer)))


def over_all(n: int, p: float, **options: object) -> tuple[float, float]:
    """P(right) and mean number of samples, exactly: every sequence of n right or wrong answers with its probability."""

    async def whole() -> tuple[float, float]:
        right = samples = 0.0
        for sequence in product("rw", repeat=n):
            weight = p ** sequence.count("r") * (1 - p) ** sequence.count("w")
            given = await voted(sequence, **options)
            right += weight * (given.value == "r")
            samples += weight * len(given.calls)
        return right, samples

    return asyncio.run(whole())


@pytest.mark.parametrize("n", [1, 3, 5, 7])
@pytest.mark.parametrize("p", [0.27, 0.5, 0.8])
def test_the_majority_of_a_bernoulli_model_is_the_binomial_tail(n: int, p: float) -> None:
    assert over_all(n, p) == pytest.approx((voting.tail(n, p), n), abs=1e-12)


@pytest.mark.parametrize("n", [3, 7])
@pytest.mark.parametrize("sure", [0.8, 0.95])
def test_the_posterior_rule_agrees_with_the_oracle(n: int, sure: float) -> None:
    expected = voting.early(n, 0.7, voting.posterior(sure))
    assert over_all(n, 0.7, stop_early={"posterior": sure}) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("size", "n"), [(2, 7), (3, 7), (3, 6)])
def test_the_window_rule_agrees_with_the_oracle(size: int, n: int) -> None:
    expected = voting.windows_of(size, n, 0.7)
    assert over_all(n, 0.7, stop_early={"window": size}) == pytest.approx(expected, abs=1e-12)


def test_stopping_when_decided_keeps_the_accuracy_and_saves_samples() -> None:
    right, samples = over_all(7, 0.7, stop_early="decided")
    assert right == pytest.approx(voting.tail(7, 0.7), abs=1e-12)
    _, expected = voting.early(7, 0.7, lambda a, b, left: max(a, b) > min(a, b) + left)
    assert samples == pytest.approx(expected, abs=1e-12)


def test_stopping_when_decided_is_right_and_as_early_as_can_be_whatever_the_answers_are() -> None:
    """It ends at the first moment when no continuation would change the winner, though it asks several at once."""

    async def whole() -> None:
        for n in range(1, 6):
            for sequence in product("abc", repeat=n):
                given = await voted(sequence, stop_early="decided")
                assert given.value == majority(sequence)
                first = next(
                    k
                    for k in range(1, n + 1)
                    if len({majority((*sequence[:k], *rest)) for rest in product("abcd", repeat=n - k)}) == 1
                )
                assert len(given.calls) == first

    asyncio.run(whole())


def test_ties_go_to_the_answer_seen_first() -> None:
    assert elect(["x", "y", "y", "x"]).value == "x"
    assert elect(["y", "x", "x", "y"]).value == "y"


def test_answers_that_mean_the_same_are_counted_together() -> None:
    given = elect(["12", "7", " 7.0.", "7"])
    assert given.value == "7"
    assert given.confidence == 0.75
    assert given.details == {"votes": {"7": 3, "12": 1}, "asked": 4}


def test_an_empty_answer_has_no_vote_but_counts_against_the_confidence() -> None:
    given = elect(["", "", "3"])
    assert (given.value, given.confidence) == ("3", 1 / 3)


def test_votes_of_different_size_share_their_first_samples() -> None:
    small, large = Script("aaa"), Script("aaaaa")
    asyncio.run(vote(small, 3)(ASKED))
    asyncio.run(vote(large, 5)(ASKED))
    assert [r.key for r in small.asked] == [r.key for r in large.asked[:3]]
    assert len({r.seed for r in large.asked}) == 5


def test_a_temperature_is_given_only_to_requests_that_have_none() -> None:
    own, none = Script("a"), Script("a")
    asyncio.run(vote(own, 1)(Request(prompt="?", temperature=0.2)))
    asyncio.run(vote(none, 1, temperature=0.9)(ASKED))
    assert [own.asked[0].temperature, none.asked[0].temperature] == [0.2, 0.9]


def test_each_call_says_which_sample_it_was() -> None:
    given = asyncio.run(vote(vote(Script("abcd"), 2), 2)(ASKED))
    assert [call.role for call in given.calls] == [f"sample {i}/sample {j}" for i, j in ((1, 1), (1, 2), (2, 1), (2, 2))]


def test_a_vote_cut_short_by_its_budget_is_less_sure() -> None:
    """One of three samples agrees with itself, and that is a third of what was wanted."""
    given, _ = run(lambda: vote(Fake(says=lambda _: "a"), 3)(Request(prompt="?", budget=Budget(calls=1))))
    assert (given.text, given.finish, given.confidence) == ("a", "budget", 1 / 3)


def sequences() -> Iterator[str]:
    yield from ("a", "aa", "ab", "aab", "abab")


@pytest.mark.parametrize("rule", ["window", {"window": 2}, "posterior", {"posterior": 0.6}, "decided", lambda votes, left: 99])
def test_every_rule_ends(rule: object) -> None:
    for answers in sequences():
        assert 1 <= len(elect(answers, stop_early=rule).calls) <= len(answers)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n: must be at least 1 sample, got 0"),
        ({"temperature": -1.0}, "temperature: must be at least 0"),
        ({"stop_early": "soon"}, "got 'soon'"),
        ({"stop_early": {"window": 1}}, "at least 2 votes, got 1"),
        ({"stop_early": {"window": 2.5}}, "whole number, got 2.5"),
        ({"stop_early": {"posterior": 95}}, "below 1, got 95"),
        ({"stop_early": {"decided": 3}}, "must be one of decided"),
        ({"stop_early": {}}, "must be one of decided"),
    ],
)
def test_an_impossible_setting_is_refused_with_its_value(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        vote(Script(""), **{"n": 3, **options})  # type: ignore[arg-type]


RELIABLE = (0.9, 0.6, 0.6)


def right(weights: Callable[[str, Answer], float] | None) -> float:
    """P(right) of a vote of three samples that are right this often, over all that they may say."""
    total = 0.0
    for said in product((True, False), repeat=3):
        chance = math.prod(p if is_right else 1 - p for p, is_right in zip(RELIABLE, said, strict=True))
        samples = [
            Answer(text="r" if is_right else "w", details={"p": p}, calls=(Call(model="script"),))
            for p, is_right in zip(RELIABLE, said, strict=True)
        ]

        async def system(request: Request, left: Iterator[Answer] = iter(samples)) -> Answer:
            return next(left)

        total += chance * (asyncio.run(vote(system, 3, weights=weights)(ASKED)).value == "r")  # type: ignore[arg-type]
    return total


def test_weighed_by_its_log_odds_a_sample_that_knows_better_is_not_outvoted() -> None:
    """log(9) > 2 log(1.5): the first alone decides, which is right in .9; counted, two of three are in .792."""
    assert right(lambda question, given: math.log(given.details["p"] / (1 - given.details["p"]))) == pytest.approx(0.9)
    assert right(None) == pytest.approx(0.9 * (1 - 0.4**2) + 0.1 * 0.6**2)
    assert right(lambda question, given: 0.0) == right(lambda question, given: 2.0) == right(None)


def test_token_probabilities_are_asked_for_and_weigh() -> None:
    samples = [("a", -0.1), ("b", -2.0), ("b", -2.0)]

    async def model(request: Request) -> Answer:
        assert request.logprobs
        text, logprob = samples[len(seen)]
        seen.append(text)
        return Answer(text=text, logprobs=(logprob,), calls=(Call(model="m"),))

    seen: list[str] = []
    given = asyncio.run(vote(model, 3, weights="mean_logprob")(ASKED))  # type: ignore[arg-type]
    assert given.value == "a"
    assert given.confidence == pytest.approx(math.exp(-0.1) / (math.exp(-0.1) + 2 * math.exp(-2.0)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "certainty"}, "weights: must be 'mean_logprob' or a function, got 'certainty'"),
        ({"weights": "mean_logprob", "stop_early": "decided"}, "weights: cannot go with stop_early"),
        ({"weights": lambda question, given: -1.0}, "weights: must be at least 0 and finite, got -1.0 for 'a'"),
        ({"weights": "mean_logprob"}, "log probabilities of the answer's tokens"),
    ],
)
def test_weights_that_are_none_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        elect("ab", **options)
