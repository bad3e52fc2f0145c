"""`effort_levels`: named efforts, each a budget of thinking tokens."""

from collections.abc import Mapping

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System
from isocost.records.errors import did_you_mean
from isocost.systems.strategies.asking import at_least
from isocost.systems.strategies.elastic import CLOSING, elastic

LEVELS = {"none": 0, "minimal": 64, "low": 256, "medium": 1024, "high": 4096}
FIELD = "reasoning_effort"


def effort_levels(
    system: System,
    effort: str = "medium",
    *,
    levels: Mapping[str, int] = LEVELS,
    solution: int = 128,
    closing: str = CLOSING,
) -> System:
    """`elastic` with as many thinking tokens as the request's effort has: "none", "minimal", "low", "medium" or "high".

    A request names its effort as OpenAI's clients do, in `extra.reasoning_effort`, which is not passed on; `effort` is for
    those that do not. So one address serves every effort of a model that knows none itself. A quota for a question, as in
    Yan et al. 2025, arXiv 2508.17803 (DRQA), is here given from outside by the level; there a model is trained to find it.

    levels: the thinking tokens of each effort. solution, closing: as in `elastic`.
    """
    for name, tokens in levels.items():
        at_least(f"levels.{name}", tokens, 0, "tokens")
    systems = {name: elastic(system, tokens, solution, closing=closing) for name, tokens in levels.items()}

    def chosen(name: object) -> System:
        if name not in systems:
            raise InputError(f"effort: expected a level, got {name!r}.{did_you_mean(str(name), systems)}")
        return systems[str(name)]

    usual = chosen(effort)

    async def answer(request: Request) -> Answer:
        if FIELD not in request.extra:
            return await usual(request)
        rest = {name: value for name, value in request.extra.items() if name != FIELD}
        return await chosen(request.extra[FIELD])(replace(request, extra=rest))

    return answer
