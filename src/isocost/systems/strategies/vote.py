"""`vote`: asks the same system several times and takes the answer that comes most often."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System, derive_seed
from isocost.records.errors import shorten
from isocost.systems.strategies.finals import normalised
from isocost.systems.strategies.scores import Score, mean_probability
from isocost.systems.strategies.stopping import StopRule, stop_rule
from isocost.systems.strategies.tab import Tab, says_something

TEMPERATURE = 0.7


def vote(
    system: System,
    n: int,
    *,
    temperature: float = TEMPERATURE,
    stop_early: str | Mapping[str, Any] | StopRule | None = None,
    weights: str | Score | None = None,
) -> System:
    """The majority of `n` samples of `system` (self-consistency: Wang et al. 2022, arXiv 2203.11171).

    Answers count as the same when `normalised` says so; of equal counts the one seen first wins. temperature: for requests
    that have none. stop_early: "decided" (same answer, fewer samples), {posterior = 0.95} or {window = 3}; see `stopping`.
    weights: what a sample's vote counts: "mean_logprob", the geometric mean of its token probabilities (the paper's normalised
    weights, which it finds to do no better than counting), or a function of the question and the answer, such as a verifier
    (Li et al. 2022, arXiv 2206.02336). With weights log(p / (1 - p)) of samples that are right with p and one rival answer, no
    vote is better (Nitzan & Paroush 1982). Not with `stop_early`, whose rules count samples.
    confidence: the winner's share of the samples that were wanted, by weight; failed and empty ones count against it.
    """
    check_sampling(n, temperature)
    weight = _weight(weights, stop_early)
    wanted = stop_rule(stop_early)

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        asking = replace(request, logprobs=True) if weight is mean_probability else request
        samples: list[Answer] = []
        asked = 0
        while (more := min(wanted(_votes(samples), n - asked), n - asked)) and tab.open:
            jobs = [
                partial(tab.ask, system, sample(asking, number, temperature), f"sample {number + 1}")
                for number in range(asked, asked + more)
            ]
            answered = await tab.each(jobs)
            asked += len(answered)
            samples += [given for given in answered if given is not None and says_something(given)]
        counts = _tally(request.question, samples, weight)
        value = max(counts, key=counts.__getitem__, default=None)  # of equals the first
        whole = sum(counts.values())
        return tab.answer(
            next((given for given in samples if normalised(given.value) == value), None),
            what=f"vote of {n}",
            short=more > 0,
            confidence=None if value is None else counts[value] * len(samples) / (whole * (asked + more)),
            details={"votes": counts, "asked": asked},
        )

    return answer


def _weight(weights: str | Score | None, stop_early: Any) -> Score | None:
    if isinstance(weights, str) and weights != "mean_logprob":
        raise InputError(f"weights: must be 'mean_logprob' or a function, got '{weights}'.")
    if weights is not None and stop_early is not None:
        raise InputError("weights: cannot go with stop_early, whose rules count samples. Hint: leave one of them out.")
    return mean_probability if isinstance(weights, str) else weights


def _tally(question: str, samples: Sequence[Answer], weight: Score | None) -> dict[str, float]:
    """What each answer's votes weigh; the plain counts where no vote weighs anything."""
    if weight is None:
        return dict(Counter(_votes(samples)))
    counts: dict[str, float] = {}
    for given in samples:
        value, weighs = normalised(given.value), weight(question, given)
        if not 0 <= weighs < float("inf"):
            raise InputError(f"weights: must be at least 0 and finite, got {weighs} for {shorten(given.value)!r}.")
        counts[value] = counts.get(value, 0.0) + weighs
    return counts if any(counts.values()) else _tally(question, samples, None)


def check_sampling(n: int, temperature: float) -> None:
    """Raises InputError for fewer than one sample and for a temperature that is none."""
    if n < 1:
        raise InputError(f"n: must be at least 1 sample, got {n}.")
    if not 0 <= temperature < float("inf"):
        raise InputError(f"temperature: must be at least 0, got {temperature}.")


def sample(request: Request, number: int, temperature: float) -> Request:
    """The request of one sample: its own seed, the same one in every strategy that samples, so that calls are shared."""
    return replace(
        request,
        seed=derive_seed(request.seed, number),
        temperature=temperature if request.temperature is None else request.temperature,
    )


def _votes(samples: Sequence[Answer]) -> list[str]:
    return [normalised(given.value) for given in samples]
