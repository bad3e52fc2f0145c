"""`cascade`: asks the cheap system first, and goes on to the next only where that one is not sure."""

import math
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.tab import Tab, says_something

Accept = Callable[[Answer], bool]


def cascade(systems: Sequence[System], *, accept: float | Accept = 1.0, logprobs: bool = False) -> System:
    """The first answer that is accepted, or else the last system's (FrugalGPT: Chen et al. 2023, arXiv 2305.05176).

    accept: the least confidence, or a function of the answer. A vote's confidence is its agreement (as in Yue et al. 2023,
    arXiv 2310.03094); a model's is the geometric mean of its tokens' probabilities, for which `logprobs` asks the stages.
    A stage that fails is passed over. Where the budget runs out or the rest fails, the last full answer stands.
    """
    if not systems:
        raise InputError("systems: a cascade needs at least 1 system, got none.")
    if not callable(accept) and not 0 <= accept <= 1:
        raise InputError(f"accept: must be a confidence from 0 to 1, got {accept}.")

    def accepted(given: Answer) -> bool:
        return accept(given) if callable(accept) else _confidence(given) >= accept

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        best: Answer | None = None
        chosen, settled = 0, False
        for number, system in enumerate(systems, 1):
            if not tab.open:
                break
            settled = number == len(systems)
            asked = replace(request, logprobs=True) if logprobs and not settled else request
            given = await tab.ask(system, asked, f"stage {number}")
            if given is None or not says_something(given):
                continue
            if best is None or given.finish != "budget":
                best, chosen = given, number
            if not settled and given.finish != "budget" and accepted(given):
                settled = True
                break
        return tab.answer(
            best,
            what=f"cascade of {len(systems)}",
            short=not settled,
            confidence=best.confidence if best else None,
            details={"stage": chosen},
        )

    return answer


def _confidence(given: Answer) -> float:
    if given.confidence is not None:
        return given.confidence
    if given.logprobs:
        return math.exp(math.fsum(given.logprobs) / len(given.logprobs))
    raise InputError(
        "a cascade needs to know how sure a stage is, and the answer had neither a confidence nor token log probabilities. "
        "Hint: make the stage a vote, set logprobs = true with a model that gives them, or give accept a function."
    )
