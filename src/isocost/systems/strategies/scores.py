"""How good an answer seems: a function of the question and the answer, one of which reads the tokens' probabilities."""

import math
from collections.abc import Callable

from isocost.records import Answer, InputError

Score = Callable[[str, Answer], float]
"""(the question, an answer) -> how good it is, on any scale."""


def mean_probability(question: str, answer: Answer) -> float:
    """exp of the mean log probability of the answer's tokens."""
    if not answer.logprobs:
        raise InputError(
            "mean_logprob needs the log probabilities of the answer's tokens, and the system gave none. "
            "Hint: use a model that gives them, a judge, or a function."
        )
    return math.exp(math.fsum(answer.logprobs) / len(answer.logprobs))
