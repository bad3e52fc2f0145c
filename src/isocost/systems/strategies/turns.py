"""`turns`: thinks in turns, each with an answer of its own, and may halt after any of them."""

from msgspec.structs import replace

from isocost.records import Answer, Message, Request, System, derive_seed
from isocost.systems.strategies.asking import at_least, follow_up
from isocost.systems.strategies.continuing import continuation, tokens_of
from isocost.systems.strategies.finals import conclusion
from isocost.systems.strategies.tab import Tab, says_something

FIRST = "Think about it once, briefly, and end with 'Answer:' and your answer."

NEXT = "Look at it once more: check what you did, or try another way. End again with 'Answer:' and your answer."


def turns(system: System, n: int = 4, *, agree: int = 2, unit: int = 256) -> System:
    """The answer of the last of up to `n` turns of thinking, each of which ends with an answer.

    Multi-Turn Decomposition: Zeng et al. 2025, arXiv 2505.19788: the answer to a question is (u1, a1, ..., un, an), thinking
    unit and answer in turn; a later unit reflects on, verifies or replaces the earlier ones, and one may halt at any. There
    a model is trained to write so (and, by GRPO, to need few turns); here any chat model is asked to, turn by turn, and sees
    its earlier turns. Where answers in successive turns are the same with probability q, independently, halting when two
    agree takes 2 turns with probability q, 3 with (1 - q) q, and so on.

    agree: halts when so many turns in a row come to the same; 0: never. unit: the most tokens of a turn. Each turn reads the
    ones before it again. confidence: the share of the turns that come to the last one's answer. details: the answers, and
    `first_tokens`, what the first answer took, which is where the paper saves time.
    """
    at_least("n", n, 1, "turn")
    at_least("agree", agree, 0, "turns")
    at_least("unit", unit, 1, "token")

    async def answer(request: Request) -> Answer:
        tab, taken = Tab(request), list[Answer]()
        limit = unit if request.max_tokens is None else min(unit, request.max_tokens)
        asked = replace(follow_up(request, FIRST), max_tokens=limit)
        number = 0
        while number < n and tab.open and not _agreed(taken, agree):
            given = await tab.ask(system, asked, f"turn {number + 1}")
            number += 1
            asked = replace(asked, seed=derive_seed(request.seed, number))
            if given is not None and says_something(given) and (given.finish != "budget" or not taken):
                taken.append(given)
                asked = _next(asked, given)
        reached = [conclusion(given) for given in taken]
        return tab.answer(
            taken[-1] if taken else None,
            what=f"{n} turns",
            short=number < n and not _agreed(taken, agree),
            confidence=reached.count(reached[-1]) / len(reached) if reached else None,
            details={"answers": reached, "first_tokens": tokens_of(taken[0]) if taken else 0},
        )

    return answer


def _agreed(taken: list[Answer], agree: int) -> bool:
    last = taken[-agree:] if agree else []
    return 0 < agree <= len(taken) and len({conclusion(given) for given in last}) == 1


def _next(asked: Request, given: Answer) -> Request:
    """The conversation with the turn just taken, and the next one asked for."""
    told = continuation(asked, given.text)
    if isinstance(told.prompt, str):
        return replace(told, prompt=f"{told.prompt}\n\n{NEXT}")
    return replace(told, prompt=(*told.prompt, Message("user", NEXT)))
