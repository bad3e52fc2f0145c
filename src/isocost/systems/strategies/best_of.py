"""`best_of`: asks the same system several times and takes the answer that scores highest."""

import math
import re
from functools import partial

from msgspec.structs import replace

from isocost.records import Answer, InputError, Message, Request, System
from isocost.systems.strategies.scores import Score, mean_probability
from isocost.systems.strategies.tab import Tab, says_something
from isocost.systems.strategies.vote import TEMPERATURE, check_sampling, sample

JUDGE_PROMPT = """Question:
{question}

Proposed answer:
{answer}

How likely is the proposed answer to be right? Reply with one number from 0 (certainly wrong) to 10 (certainly right)."""


def best_of(
    system: System,
    n: int,
    *,
    judge: System | None = None,
    score: str | Score = "mean_logprob",
    temperature: float = TEMPERATURE,
) -> System:
    """The best of `n` samples of `system`: by a judge, by a function, or by the probabilities of the model's own tokens.

    judge: a system that is asked for a number from 0 to 10; its calls count as this system's. Without a judge, `score`
    decides: a function, or "mean_logprob", the geometric mean of the token probabilities (the length-normalised
    likelihood). confidence: what the judge or the tokens say of the winner. Of equals the first wins; a sample whose
    judge failed comes after those that have a score.
    """
    check_sampling(n, temperature)
    if isinstance(score, str) and score != "mean_logprob":
        raise InputError(
            f"score: must be 'mean_logprob' or a function, got '{score}'. Hint: self-certainty (Kang et al. 2025, "
            "arXiv 2502.18581) needs every token's whole distribution, which answers do not carry."
        )
    by_tokens = judge is None and isinstance(score, str)
    candidate = _judged(system, judge) if judge else _scored(system, mean_probability if isinstance(score, str) else score)

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        asked = replace(request, logprobs=True) if by_tokens else request
        jobs = [partial(tab.ask, candidate, sample(asked, number, temperature), f"sample {number + 1}") for number in range(n)]
        answered = await tab.each(jobs)
        candidates = [given for given in answered if given is not None and says_something(given)]
        best = max(candidates, key=_score_or_least, default=None)
        return tab.answer(
            best,
            what=f"best of {n}",
            short=len(answered) < n,
            confidence=best.details["score"] if best and (judge or by_tokens) else None,
            details={"scores": [given.details["score"] for given in candidates]},
        )

    return answer


def _score_or_least(candidate: Answer) -> float:
    score = candidate.details["score"]
    return -math.inf if score is None else float(score)


def _scored(system: System, score: Score) -> System:
    async def candidate(request: Request) -> Answer:
        given = await system(request)
        return replace(given, details={"score": score(request.question, given) if says_something(given) else None})

    return candidate


def _judged(system: System, judge: System) -> System:
    async def candidate(request: Request) -> Answer:
        tab = Tab(request)
        given = await tab.ask(system, request, "answer")
        marked = given is not None and says_something(given)
        verdict = None
        if given and marked and tab.open:
            text = JUDGE_PROMPT.format(question=request.question, answer=given.text.strip())
            verdict = await tab.ask(judge, judging(request, text), "judge")
        score = rating(verdict.text) if verdict else None
        return tab.answer(given, what="a sample", short=marked and not tab.open, details={"score": score})

    return candidate


def judging(request: Request, text: str) -> Request:
    """What a judge is asked by `text`: not sampled, so that equal answers get the same judgement, asked once."""
    return Request(
        prompt=(Message("user", text),), temperature=0.0, seed=None if request.seed is None else 0, task=request.task
    )


def rating(text: str) -> float | None:
    """A judge's mark: the first number, from 0 to 10, as a share."""
    found = re.search(r"\d+(?:\.\d+)?", text)
    return min(float(found.group()), 10.0) / 10 if found else None
