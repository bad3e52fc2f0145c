"""Slow and obvious: what a vote on a Bernoulli model gives, by dynamic programming over the counts of right and wrong.

Written apart from the library: the rules are stated on the pair of counts, the posterior by numerical integration.
"""

from collections.abc import Callable
from math import comb

from scipy.integrate import quad

Stops = Callable[[int, int, int], bool]
"""(right, wrong, samples left) -> whether the vote ends here."""


def tail(n: int, p: float) -> float:
    """P(the majority of n is right), n odd."""
    return sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n // 2 + 1, n + 1))


def early(n: int, p: float, stops: Stops) -> tuple[float, float]:
    """(P(the answer is right), mean number of samples) of a vote of at most n, n odd, that ends where `stops` says."""
    states = {(0, 0): 1.0}
    right = samples = 0.0
    for drawn in range(n + 1):
        following: dict[tuple[int, int], float] = {}
        for (a, b), weight in states.items():
            if drawn == n or (drawn and stops(a, b, n - drawn)):
                # Of equal counts the first seen wins: by symmetry of the order, the first of a + b equal votes is either.
                right += weight * (a > b) + weight * (a == b) * 0.5
                samples += weight * drawn
                continue
            following[a + 1, b] = following.get((a + 1, b), 0.0) + weight * p
            following[a, b + 1] = following.get((a, b + 1), 0.0) + weight * (1 - p)
        states = following
    return right, samples


def posterior(sure: float) -> Stops:
    """Ends when P(share > 1/2) of the larger count reaches `sure`, the Beta density integrated."""

    def stops(a: int, b: int, left: int) -> bool:
        high, low = max(a, b), min(a, b)
        above = quad(lambda x: x**high * (1 - x) ** low, 0.5, 1)[0]
        return bool(above / quad(lambda x: x**high * (1 - x) ** low, 0, 1)[0] >= sure)

    return stops


def windows_of(size: int, n: int, p: float) -> tuple[float, float]:
    """The same for windows that must agree, by walking every sequence of n answers; n a multiple of size or odd."""
    right = samples = 0.0
    for code in range(2**n):
        answers = [(code >> place) & 1 for place in range(n)]
        weight = p ** sum(answers) * (1 - p) ** (n - sum(answers))
        used = next((end for end in range(size, n + 1, size) if len(set(answers[end - size : end])) == 1), n)
        seen = answers[:used]
        ones = sum(seen)
        won = seen[0] if 2 * ones == used else int(2 * ones > used)
        right += weight * won
        samples += weight * used
    return right, samples
