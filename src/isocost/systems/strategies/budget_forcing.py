"""`budget_forcing`: cuts thinking that is too long, and makes thinking that ended too early go on."""

from isocost.records import System
from isocost.systems.strategies.asking import at_least
from isocost.systems.strategies.elastic import CLOSING, Ending, phases

WAIT = "\nWait,"


def budget_forcing(
    system: System, thinking: int = 512, solution: int = 128, *, waits: int = 1, wait: str = WAIT, closing: str = CLOSING
) -> System:
    """A solution after up to `thinking` tokens of thinking, which is cut there, and taken up again up to `waits` times.

    Budget forcing: Muennighoff et al. 2025, arXiv 2501.19393 (s1), section 3.1: at most, by ending the thinking with the
    closing words; at least, by putting "Wait" where the model would have ended it. As there, `thinking` bounds all pieces of
    it together. Departures are those of `elastic`, which is the case of no waits.

    solution: the most tokens of the solution. waits: how often the model's own end of thinking is passed over. wait: what is
    put there. closing: as in `elastic`. Continues its own text: see `continuing`.
    """
    at_least("thinking", thinking, 0, "tokens")
    at_least("solution", solution, 1, "token")
    at_least("waits", waits, 0, "times")
    return phases(system, thinking, Ending(closing, solution), waits=waits, wait=wait)
