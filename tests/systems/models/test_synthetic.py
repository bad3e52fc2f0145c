"""The synthetic model keeps to its closed forms, and says the same whoever asks, whenever."""

import asyncio
import math
import random
from collections import Counter
from statistics import mean, median

import pytest
from msgspec.structs import replace
from scipy import stats

from isocost.records import Answer, CallFailed, InputError, Item, Message, Price, Request, derive_seed
from isocost.systems.models.synthetic import Answering, Style, Synthetic, examples, items, question_of

N = 4000


def ask(model: Synthetic, requests: list[Request]) -> list[Answer]:
    async def story() -> list[Answer]:
        return [await model(request) for request in requests]

    return asyncio.run(story())


def right(answers: list[Answer], asked: list[Item]) -> list[bool]:
    return [answer.text == item.target for answer, item in zip(answers, asked, strict=True)]


def within(hits: int, n: int, p: float) -> bool:
    """Whether a count is one of the binomial's central 99.99 %: the seeds are fixed, so this never flickers."""
    return bool(stats.binom.ppf(5e-5, n, p) <= hits <= stats.binom.ppf(1 - 5e-5, n, p))


@pytest.mark.parametrize(("ability", "guess", "discrimination"), [(0.0, 0.0, 1.0), (1.5, 0.25, 0.7), (-2.0, 0.1, 2.0)])
def test_one_question_is_answered_right_as_often_as_the_closed_form_says(
    ability: float, guess: float, discrimination: float
) -> None:
    model = Synthetic(abilities=ability, seed=1, answering=Answering(guess=guess, discrimination=discrimination))
    (item,) = items(1, seed=2)
    p = model.probability(item)
    assert p == pytest.approx(guess + (1 - guess) / (1 + math.exp(-discrimination * (ability - item.metadata["difficulty"]))))
    hits = sum(right(ask(model, [item.request(seed=seed) for seed in range(N)]), [item] * N))
    assert within(hits, N, p)


def test_accuracy_over_questions_is_the_mean_of_their_probabilities() -> None:
    model, asked = Synthetic(abilities=0.5, seed=3), list(items(N, seed=1))
    hits = sum(right(ask(model, [item.request(seed=1) for item in asked]), asked))
    assert within(hits, N, mean(map(model.probability, asked)))


def test_a_majority_of_three_follows_the_binomial_tail() -> None:
    """With one wrong answer only, a vote of 3 is right with probability p^3 + 3 p^2 (1 - p)."""
    model = Synthetic(abilities=0.0, seed=4, answering=Answering(distractors=(1.0,)))
    asked = list(items(1500, seed=5))
    hits, expected = 0, []
    for item in asked:
        votes = right(ask(model, [item.request(seed=derive_seed(9, k)) for k in range(3)]), [item] * 3)
        hits += sum(votes) >= 2
        p = model.probability(item)
        expected.append(p**3 + 3 * p**2 * (1 - p))
    assert within(hits, len(asked), mean(expected))


def test_wrong_answers_follow_their_weights_and_are_never_right() -> None:
    model = Synthetic(abilities=-50.0, answering=Answering(distractors=(0.6, 0.3, 0.1)))
    (item,) = items(1)
    said = Counter(answer.text for answer in ask(model, [item.request(seed=seed) for seed in range(N)]))
    assert item.target not in said
    for count, weight in zip(sorted(said.values(), reverse=True), (0.6, 0.3, 0.1), strict=True):
        assert within(count, N, weight)


def test_order_and_concurrency_change_nothing() -> None:
    asked = [item.request(seed=seed, budget=None) for item in items(40) for seed in range(3)]
    asked = [Request(prompt=r.prompt, seed=r.seed, logprobs=True) for r in asked]

    async def at_once(requests: list[Request]) -> dict[str, Answer]:
        model = Synthetic(abilities=0.3, seed=7)
        answers = await asyncio.gather(*map(model, requests))
        return {request.key: answer for request, answer in zip(requests, answers, strict=True)}

    in_order = {
        request.key: answer for request, answer in zip(asked, ask(Synthetic(abilities=0.3, seed=7), asked), strict=True)
    }
    shuffled = random.Random(1).sample(asked, len(asked))
    assert asyncio.run(at_once(shuffled)) == in_order
    assert [a.text for a in ask(Synthetic(abilities=0.3, seed=8), asked)] != [a.text for a in in_order.values()]


def test_the_same_bytes_today_and_tomorrow() -> None:
    """A change of these values is a change of every stored study."""
    (item,) = items(1, seed=1, task="sums")
    assert (item.question, item.target) == ("Synthetic question sums-1-0 [difficulty 2.5950]: which number is it?", "48053")


def test_lengths_are_log_normal_around_the_median() -> None:
    style = Style(tokens=50.0, spread=0.5, steps=True)
    model = Synthetic(abilities=0.0, answering=Answering(styles={"": style}))
    answers = ask(model, [Request(prompt="q", seed=seed) for seed in range(N)])
    lengths = [answer.calls[0].completion_tokens or 0 for answer in answers]
    assert abs(median(lengths) - 50) < 2
    assert stats.kstest([math.log(n - 0.5) for n in lengths], "norm", (math.log(50), 0.5)).pvalue > 1e-4
    assert all(len(answer.text.split()) == n for answer, n in zip(answers, lengths, strict=True))


def test_worked_steps_raise_the_ability_and_are_lost_when_they_are_cut() -> None:
    model, (item,) = Synthetic(abilities=0.0, seed=2), items(1, seed=8)
    direct = Request(prompt=(Message("user", str(item.question)),))
    steps = Request(prompt=(Message("user", f"{item.question} Think step by step."),))
    cut = Request(prompt=steps.prompt, max_tokens=60)
    assert model.probability(direct) < model.probability(steps)
    assert model.probability(cut) == pytest.approx(model.probability(steps) / 2)  # 60 is the median length
    requests = [Request(prompt=cut.prompt, max_tokens=60, seed=seed) for seed in range(N)]
    answers = ask(model, requests)
    hits = sum(answer.text.endswith(f"answer is {item.target}.") for answer in answers)
    assert within(hits, N, model.probability(cut))
    assert {answer.finish for answer in answers} == {"complete", "length"}
    assert max(answer.calls[0].completion_tokens or 0 for answer in answers) == 60


def test_a_limit_cuts_an_answer_and_does_not_change_it() -> None:
    model = Synthetic(abilities=0.0, answering=Answering(styles={"": Style(tokens=30, steps=True)}))
    whole, cut = ask(model, [Request(prompt="q", seed=1), Request(prompt="q", seed=1, max_tokens=5)])
    assert whole.text.startswith(cut.text)


def test_without_a_seed_every_asking_is_a_sample_of_its_own() -> None:
    """As of a real model, so that a vote over unseeded requests is simulated truly; a new model draws the same again."""
    (item,) = items(1, seed=1)
    asked = [item.request()] * 50
    said = [answer.text for answer in ask(Synthetic(abilities=0.0), asked)]
    assert len(set(said)) > 1
    assert said == [answer.text for answer in ask(Synthetic(abilities=0.0), asked)]
    assert len({answer.text for answer in ask(Synthetic(abilities=0.0), [replace(r, temperature=0) for r in asked])}) == 1


def test_greedy_answers_do_not_depend_on_the_seed() -> None:
    model = Synthetic(abilities=0.0)
    answers = ask(model, [Request(prompt="q", seed=seed, temperature=0) for seed in range(20)])
    assert len({answer.text for answer in answers}) == 1
    assert len({a.text for a in ask(model, [Request(prompt="q", seed=seed, temperature=0.7) for seed in range(20)])}) > 1


def test_abilities_by_name_are_tasks_when_asked_and_models_when_taken_apart() -> None:
    family = Synthetic(abilities={"small": -1, "large": {"sums": 2.0, "logic": 0.0}}, seed=1)
    small, large = family.models({"large": Price(input=1, output=2)}).values()
    assert (small.name, small.ability("sums"), small.price) == ("small", -1, None)
    assert (large.ability("sums"), large.ability("logic"), large.ability("other")) == (2.0, 0.0, 1.0)
    assert large.price == Price(input=1, output=2)
    by_task = Synthetic(abilities={"sums": 2.0, "logic": -2.0})
    assert by_task.probability(items(1, task="sums", spread=0)[0]) == pytest.approx(1 / (1 + math.exp(-2)))
    assert list(Synthetic(abilities=[0.0, 1.0]).models()) == ["synthetic-0", "synthetic-1"]
    with pytest.raises(InputError, match="abilities by name"):
        Synthetic(abilities=1.0).models()


def test_models_of_a_family_err_independently() -> None:
    one, other = Synthetic(abilities={"a": 0, "b": 0}).models().values()
    asked = [item.request(seed=1) for item in items(50)]
    assert [a.text for a in ask(one, asked)] != [a.text for a in ask(other, asked)]


def test_a_question_is_found_inside_of_any_prompt_and_any_text_is_a_question() -> None:
    (item,) = items(1)
    shown = examples(2)
    prompt = "\n".join(f"{example.question} {example.steps} {example.answer}" for example in shown)
    assert question_of(f"{prompt}\n{item.question}\nAnswer:").target == item.target
    assert question_of("What is love?") == question_of("What is love?")
    assert 0 < Synthetic(abilities=0).probability("What is love?") < 1


def test_some_calls_fail_where_that_is_asked_for() -> None:
    model = Synthetic(abilities=0.0, answering={"failures": 0.3})

    async def story() -> list[Answer | BaseException]:
        asked = (model(Request(prompt="q", seed=seed)) for seed in range(1000))
        return await asyncio.gather(*asked, return_exceptions=True)

    failures = [failure for failure in asyncio.run(story()) if isinstance(failure, CallFailed)]
    assert within(len(failures), 1000, 0.3)
    assert all(failure.calls[0].error for failure in failures)


def test_logprobs_are_one_a_token_and_negative() -> None:
    (answer,) = ask(Synthetic(abilities=0.0), [Request(prompt="step", seed=1, logprobs=True)])
    assert answer.logprobs is not None
    assert len(answer.logprobs) == answer.calls[0].completion_tokens
    assert max(answer.logprobs) < 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"answering": {"gess": 1}}, "answering is a table of"),
        ({"answering": {"guess": 1.5}}, "guess and failures are probabilities"),
        ({"answering": {"distractors": []}}, "distractors are weights"),
        ({"abilities": {}}, "at least one name"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Synthetic(**settings)  # type: ignore[arg-type]
