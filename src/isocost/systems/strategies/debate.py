"""`debate`: two answers, an advocate for each, and a judge who has heard both."""

import re
from collections import Counter
from functools import partial

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System, derive_seed
from isocost.systems.strategies.asking import at_least, follow_up
from isocost.systems.strategies.finals import conclusion, stated
from isocost.systems.strategies.tab import Tab, says_something
from isocost.systems.strategies.vote import TEMPERATURE, check_sampling, sample

ARGUE = """Two experts disagree on this. You are expert {side}, and you hold that the answer is: {own}
{heard}
Argue for your answer in a few sentences: give the strongest evidence, quote where you can, and show what is wrong with the \
other side."""

JUDGE = """Two experts disagree on this.
Expert 1 holds that the answer is: {first}
Expert 2 holds that the answer is: {second}
{heard}
Which expert is right? Reply with one number, 1 or 2."""


def debate(
    system: System,
    rounds: int = 1,
    *,
    judge: System | None = None,
    samples: int = 2,
    sides: int = 2,
    temperature: float = TEMPERATURE,
) -> System:
    """The one of two answers that a judge believes after hearing an expert argue for each.

    Michael et al. 2023, arXiv 2311.08702: experts who know more than the judge, each bound to one side; there the judge
    was right in 84 % of debates and in 74 % of consultations, where one expert argues alone for a side drawn by lot. As
    there, both speak at once in each round and see the rounds before. Here the two answers are the most frequent of
    `samples` answers of `system`, not given by the question; if all agree there is nothing to debate, and none is held. So
    with a model that is right with p and has one rival answer, and a judge that is right with j, two samples give
        P(right) = p^2 + 2 p (1 - p) j.
    Which answer stands first is drawn by the request's seed, since judges favour a place. Where the judge fails or names
    nobody, the more frequent answer stands, of equals the first.

    rounds: of arguments. judge: who decides, else `system`; a cheaper one is the paper's case. sides: 2, or 1 for the
    consultancy that debates are compared with. temperature: of the samples, for requests that have none. confidence: the
    share of the samples that came to the answer.
    """
    at_least("samples", samples, 2, "answers")
    check_sampling(samples, temperature)
    at_least("rounds", rounds, 1, "round of arguments")
    if sides not in (1, 2):
        raise InputError(f"sides: must be 2, or 1 for a consultancy, got {sides}.")

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        answered = await tab.each(
            [
                partial(tab.ask, system, sample(request, number, temperature), f"sample {number + 1}")
                for number in range(samples)
            ]
        )
        made = [given for given in answered if given is not None and says_something(given)]
        reached = list(map(conclusion, made))
        counts = Counter(reached)
        rivals = [made[reached.index(value)] for value, _ in counts.most_common(2)]
        verdict, short = None, len(answered) < samples
        if len(rivals) == 2 and not short:
            places = rivals if (derive_seed(request.seed, "places") or 0) % 2 == 0 else rivals[::-1]
            heard = await _argued(tab, system, request, places, rounds, sides)
            short = not tab.open
            verdict = None if short else await _judged(tab, judge or system, request, places, heard)
        best = verdict or (rivals[0] if rivals else None)
        return tab.answer(
            best,
            what=f"debate over {samples} samples",
            short=short,
            confidence=counts[conclusion(best)] / samples if best else None,
            details={"votes": dict(counts), "judged": verdict is not None},
        )

    return answer


async def _argued(tab: Tab, system: System, request: Request, places: list[Answer], rounds: int, sides: int) -> str:
    """All that was said, in order; in one round nobody hears the other yet."""
    alone = (derive_seed(request.seed, "consultant") or 0) % 2
    speakers = [0, 1] if sides == 2 else [alone]
    heard = ""
    for number in range(rounds):
        jobs = []
        for side in speakers:
            text = ARGUE.format(side=side + 1, own=stated(places[side]), heard=heard)
            asked = follow_up(request, text, "argument", number, side)
            jobs.append(partial(tab.ask, system, asked, f"expert {side + 1}"))
        said = await tab.each(jobs) if tab.open else []
        for side, given in zip(speakers, said, strict=False):
            if given is not None and says_something(given):
                heard += f"\nExpert {side + 1} says: {given.text.strip()}\n"
    return heard


async def _judged(tab: Tab, judge: System, request: Request, places: list[Answer], heard: str) -> Answer | None:
    """The answer of the expert whom the judge names (last); judging is not sampled: the same debate, the same call."""
    first, second = map(stated, places)
    asked = follow_up(request, JUDGE.format(first=first, second=second, heard=heard))
    asked = replace(asked, temperature=0.0, seed=None if request.seed is None else 0)
    verdict = await tab.ask(judge, asked, "judge")
    named = re.findall(r"\b[12]\b", verdict.text) if verdict else []
    return places[int(named[-1]) - 1] if named else None
