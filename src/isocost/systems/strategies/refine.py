"""`refine`: shows the system its last answer and asks for a better one, again and again."""

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.asking import at_least, follow_up
from isocost.systems.strategies.finals import conclusion
from isocost.systems.strategies.tab import Tab, says_something

IMPROVE = """A previous answer:
{answer}

Check it, correct any mistake, and give the improved answer."""


def refine(system: System, rounds: int = 2, *, until_repeated: bool = True, prompt: str = IMPROVE) -> System:
    """The answer after up to `rounds` improvements of it, each made by a system that sees the one before.

    Sequential refinement: Madaan et al. 2025, arXiv 2510.01123 (section 3, one draft at a time), s[t+1] = M(x, s[t]); as
    sequential revision a baseline of Wang et al. 2025, arXiv 2504.14047, who find that majority votes seldom lose to it. If
    an answer stays right with probability a and becomes right with b, the share of right answers p follows
        p[t+1] = b + (a - b) p[t], towards b / (1 - a + b),
    so refining pays only below that point. The first answer is the plain call, shared with the system alone. The system
    sees the last answer only, not the ones before (the paper's short context).

    until_repeated: stops when an answer comes to the same as the one before it (which of the papers' does not), since the
    same answer mostly brings it about again. prompt: what is asked, with a place for {answer}. confidence: the share of
    the answers that come to the same as the last; a system that changes its mind each time has little.
    """
    at_least("rounds", rounds, 0, "improvements")
    if "{answer}" not in prompt:
        raise InputError(f"prompt: expected a place for {{answer}}, got {prompt[:60]!r}.")

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        answers: list[Answer] = []
        asked, repeated = 0, False
        while asked <= rounds and tab.open and not repeated:
            text = prompt.replace("{answer}", answers[-1].text.strip()) if answers else None
            given = await tab.ask(system, follow_up(request, text, asked) if text else request, f"round {asked}")
            asked += 1
            if given is not None and says_something(given) and (given.finish != "budget" or not answers):
                repeated = until_repeated and bool(answers) and conclusion(given) == conclusion(answers[-1])
                answers.append(given)
        reached = [conclusion(given) for given in answers]
        return tab.answer(
            answers[-1] if answers else None,
            what=f"refinement in {rounds} rounds",
            short=asked <= rounds and not repeated,
            confidence=reached.count(reached[-1]) / len(reached) if reached else None,
            details={"answers": reached},
        )

    return answer
