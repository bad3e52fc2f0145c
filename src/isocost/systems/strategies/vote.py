"""`vote`: asks the same system several times and takes the answer that comes most often."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System, derive_seed
from isocost.systems.strategies.finals import normalised
from isocost.systems.strategies.stopping import StopRule, stop_rule
from isocost.systems.strategies.tab import Tab, says_something

TEMPERATURE = 0.7


def vote(
    system: System,
    n: int,
    *,
    temperature: float = TEMPERATURE,
    stop_early: str | Mapping[str, Any] | StopRule | None = None,
) -> System:
    """The majority of `n` samples of `system` (self-consistency: Wang et al. 2022, arXiv 2203.11171).

    Answers count as the same when `normalised` says so; of equal counts the one seen first wins. temperature: for requests
    that have none. stop_early: "decided" (same answer, fewer samples), {posterior = 0.95} or {window = 3}; see `stopping`.
    confidence: the winner's share of the samples that were wanted; failed and empty ones count against it.
    """
    check_sampling(n, temperature)
    wanted = stop_rule(stop_early)

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        samples: list[Answer] = []
        asked = 0
        while (more := min(wanted(_votes(samples), n - asked), n - asked)) and tab.open:
            jobs = [
                partial(tab.ask, system, sample(request, number, temperature), f"sample {number + 1}")
                for number in range(asked, asked + more)
            ]
            answered = await tab.each(jobs)
            asked += len(answered)
            samples += [given for given in answered if given is not None and says_something(given)]
        counts = Counter(_votes(samples)).most_common()
        winner = next((given for given in samples if normalised(given.value) == counts[0][0]), None) if counts else None
        return tab.answer(
            winner,
            what=f"vote of {n}",
            short=more > 0,
            confidence=counts[0][1] / (asked + more) if counts else None,
            details={"votes": dict(counts), "asked": asked},
        )

    return answer


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
