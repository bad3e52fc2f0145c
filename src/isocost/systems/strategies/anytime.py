"""`anytime`: asks for the answer so far again and again while thinking, so that any cut-off finds one."""

from collections.abc import Sequence

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System, derive_seed
from isocost.systems.strategies.asking import at_least
from isocost.systems.strategies.continuing import Writing
from isocost.systems.strategies.elastic import (
    CLOSING,
    Ending,
    for_thinking,
    solved,
    solved_by_itself,
    thought_on,
)
from isocost.systems.strategies.finals import conclusion
from isocost.systems.strategies.tab import Tab, says_something

CHECKPOINTS = (64, 128, 256, 512)


def anytime(
    system: System,
    checkpoints: Sequence[int] = CHECKPOINTS,
    *,
    solution: int = 64,
    agree: int = 0,
    closing: str = CLOSING,
) -> System:
    """The latest answer of a system that thinks and is asked for its answer so far at every checkpoint.

    The thinking is cut at growing budgets b1 < b2 < ... and an answer drawn from each beginning of it, as in Qi et al. 2025,
    arXiv 2505.13438 (AnytimeReasoner), who train for the sum of what these are worth; here a budget of the request's, in
    tokens, calls, seconds or money, may end it at any moment, and the last answer stands. Each costs its solution and the
    reading of question and thinking.

    checkpoints: tokens of thinking after which an answer is asked for; 0 asks before any. solution: the most tokens of an
    answer. agree: ends when so many answers in a row come to the same (Fu et al. 2024, arXiv 2412.20993, stop so); 0 never.
    closing: as in `elastic`. details.curve: [tokens of thinking, answer] at each checkpoint. confidence: the share of the
    answers that come to the last one. Continues its own text: see `continuing`.
    """
    at_least("solution", solution, 1, "token")
    at_least("agree", agree, 0, "answers")
    if not checkpoints or list(checkpoints) != sorted(set(checkpoints)) or checkpoints[0] < 0:
        raise InputError(f"checkpoints: expected growing numbers of tokens, at least one, got {list(checkpoints)}.")

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        writing = Writing(tab, system, request)
        how = Ending(closing, solution).within(request.max_tokens)
        most = how.room(checkpoints[-1], request.max_tokens)
        best: Answer | None = None
        curve: list[tuple[int, str]] = []
        short = False
        for number, tokens in enumerate(dict.fromkeys(min(tokens, most) for tokens in checkpoints)):
            if short or writing.ended or _agreed(curve, agree):
                break
            if tokens:
                short = await thought_on(tab, writing, tokens, how, for_thinking(tab.left, how)) if tab.open else True
            if curve and curve[-1][0] == writing.tokens:
                continue  # nothing was thought since
            given = solved_by_itself(writing, how)
            if given is None:
                asked, failed = replace(request, seed=derive_seed(request.seed, "answer", number)), len(tab.failures)
                given = await solved(tab, system, asked, writing.shown, how)
                short = short or (given is None and len(tab.failures) == failed)
            if given is not None and says_something(given) and (given.finish != "budget" or best is None):
                best = given
                curve.append((writing.tokens, conclusion(given)))
            short = short or (given is not None and given.finish == "budget")
        reached = [value for _, value in curve]
        return tab.answer(
            best,
            what="thinking with an answer at each checkpoint",
            short=short,
            confidence=reached.count(reached[-1]) / len(reached) if reached else None,
            details={"curve": [list(point) for point in curve]},
        )

    return answer


def _agreed(curve: Sequence[tuple[int, str]], agree: int) -> bool:
    """Whether so many last answers are there, and the same."""
    return 0 < agree <= len(curve) and len({value for _, value in curve[-agree:]}) == 1
