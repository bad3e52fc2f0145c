"""`elastic`: a budget for thinking and another for the solution, so that there is always one."""

import re
from typing import NamedTuple

from msgspec.structs import replace

from isocost.records import Answer, Budget, Call, Request, System, derive_seed
from isocost.systems.strategies.asking import at_least
from isocost.systems.strategies.continuing import Writing, continuation, joined, unrepeated
from isocost.systems.strategies.finals import final_answer
from isocost.systems.strategies.tab import Tab

CLOSING = "\n\nFinal answer:"


class Ending(NamedTuple):
    """How thinking is ended: with these words, and then so many tokens of solution."""

    closing: str
    tokens: int

    @property
    def stop(self) -> tuple[str, ...]:
        """The tag by which a model ends its thinking itself, where the closing words have one."""
        tag = re.match(r"\s*(</\w+>)", self.closing)
        return (tag[1],) if tag else ()

    def within(self, limit: int | None) -> "Ending":
        """The ending that a request's own limit has room for; it comes before any thinking."""
        return self if limit is None else Ending(self.closing, min(self.tokens, limit))

    def room(self, thinking: int, limit: int | None) -> int:
        """As much of the thinking as the limit leaves."""
        return thinking if limit is None else min(thinking, limit - self.tokens)


def elastic(system: System, thinking: int = 512, solution: int = 128, *, closing: str = CLOSING) -> System:
    r"""A solution of up to `solution` tokens after thinking of at most `thinking` tokens, which is cut to leave room for it.

    Elastic Reasoning: Xu et al. 2025, arXiv 2505.05315: an answer is y = (y_think, y_solution), its budget c = t + s; what
    has not ended after t tokens of thinking is ended by the closing words, and s tokens are kept for the solution. The
    paper also trains models to bear the cut; here they are as they are. Two departures: thinking that ends by itself with a
    final answer needs no second call (unless the closing words begin with a tag, as </think>), and a budget of the request's
    is split too: since the solution reads the thinking again, thinking takes half of what the solution's own tokens leave,
    and where it still does not fit it is shortened from its end.

    closing: what ends the thinking; "\n</think>\n\nFinal answer:" for a model that thinks between tags. final: what follows
    the closing words. Of a request's own `max_tokens`, thinking gets what the solution leaves. Continues its own text: see
    `continuing`.
    """
    at_least("thinking", thinking, 0, "tokens")
    at_least("solution", solution, 1, "token")
    return phases(system, thinking, Ending(closing, solution))


def phases(system: System, thinking: int, ending: Ending, *, waits: int = 0, wait: str = "") -> System:
    """A system that thinks, goes on thinking up to `waits` times where it ended of itself, and then solves."""

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        writing = Writing(tab, system, request)
        how = ending.within(request.max_tokens)
        room = how.room(thinking, request.max_tokens)
        short = False
        for number in range(waits + 1):
            part = for_thinking(tab.left, how)
            if writing.tokens >= room or not tab.open or (number and not writing.ended):
                break
            if number:
                writing.add(wait)
            short = await thought_on(tab, writing, room, how, part)
        thought = writing.shown
        best = solved_by_itself(writing, how)
        if best is None:
            asked, failed = replace(request, seed=derive_seed(request.seed, "solution")), len(tab.failures)
            best = await solved(tab, system, asked, thought, how)
            short = short or (best is None and len(tab.failures) == failed) or (best is not None and best.finish == "budget")
        if best is None and thought:
            best = Answer(text=thought, final=final_answer(thought))
        return tab.answer(best, what="thinking and solving", short=short, details={"thinking_tokens": writing.tokens})

    return answer


async def thought_on(tab: Tab, writing: Writing, room: int, ending: Ending, part: Budget | None) -> bool:
    """Thinks on, to `room` tokens in all, within a part of the budget; whether the budget ended it."""
    if part is not None and part.spent:
        return True
    failed = len(tab.failures)
    await writing.more("thinking", room - writing.tokens, stop=ending.stop, within=part)
    if part is None or len(tab.failures) > failed:
        return False
    return writing.finish in (None, "budget") or (writing.finish == "length" and writing.tokens < room)


def solved_by_itself(writing: Writing, ending: Ending) -> Answer | None:
    """The thinking as the answer, where it ended of itself with a final one; never where a tag sets the solution apart."""
    final = final_answer(writing.shown) if writing.ended and not ending.stop else None
    return None if final is None else Answer(text=writing.shown, final=final)


async def solved(tab: Tab, system: System, request: Request, thought: str, ending: Ending) -> Answer | None:
    """The thinking with its ending and the solution, which is the `final`; None when the call failed or could not be made.

    Where the budget has no room to read the whole thinking again, it is halved until it fits.
    """
    while tab.open:
        begun = thought + ending.closing
        asked = replace(continuation(request, begun), max_tokens=ending.tokens)
        given = await tab.ask(system, asked, "solution", within=tab.left)
        if given is not None and (given.calls or given.finish != "budget"):
            piece = given.text if isinstance(asked.prompt, str) else unrepeated(begun, given.text)
            text = joined(begun, piece)
            return Answer(text=text, final=final_answer(text[len(thought) :]) or piece.strip(), finish=given.finish)
        if given is None or not thought:
            break
        thought = thought[: len(thought) // 2]
    return None


def for_thinking(left: Budget | None, ending: Ending) -> Budget | None:
    """The part of a budget that thinking may take, so that the solution can read the thinking and be written in full.

    Let thinking cost P + t (prompt and thinking) and solving P + t + e + s (with e for the closing words, at most one token
    a byte): if P + t <= (left - e - s) / 2, both fit. The same holds for money where writing a token is not cheaper than
    reading one. Time is halved, so that the solution has as long as the thinking; one call is kept.
    """
    if left is None:
        return None
    closing = Call(model="", prompt_tokens=len(ending.closing.encode()), completion_tokens=ending.tokens)
    dearest = max((price.microdollars(closing) or 0 for price in left.prices.values()), default=0)
    return replace(
        left,
        tokens=_half(left.tokens, closing.tokens),
        calls=None if left.calls is None else max(0, left.calls - 1),
        seconds=None if left.seconds is None else left.seconds / 2,
        microdollars=_half(left.microdollars, dearest),
    )


def _half(left: int | None, kept: int) -> int | None:
    """Half of what is not kept; at least 1, which a system finds too little by itself."""
    return None if left is None else max(1, (left - kept) // 2)
