"""How long it took: wall time of the whole answer, and to its first token."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from isocost.metrics.answers import Answers
from isocost.metrics.estimate import Estimate, estimate, missing
from isocost.metrics.means import mean_of
from isocost.metrics.prices import Floats
from isocost.stats import quantile_interval


def seconds(answers: Answers) -> Floats:
    """Seconds of each answer, had it been asked alone.

    Wall time, but for two kinds of answer. One of a single call takes that call's own seconds: what it waited for a place
    among the study's other questions is not the system's. One that shared identical calls with another system did not wait
    for them; it is given its calls' own seconds, one after the other, where that is more: an upper bound for a strategy that
    asks several at once.
    """
    wall, calls = answers["seconds"], answers["call_seconds"]
    single = (answers["n_calls"] == 1) & ~np.isnan(calls)
    return np.where(single, calls, np.where(_shared(answers), np.fmax(wall, calls), wall))


def mean_seconds(answers: Answers) -> Estimate:
    """Mean wall seconds."""
    return mean_of(answers, seconds(answers), _note(answers))


def first_token_seconds(answers: Answers) -> Floats:
    """Seconds to the first token of the answer's first call, where it was streamed."""
    return answers["first_token_seconds"]


def quantile(values: Callable[[Answers], Floats], q: float) -> Callable[[Answers], Estimate]:
    """The q-quantile over answers: order statistics, or Woodruff's interval where attempts or groups repeat."""

    def metric(answers: Answers) -> Estimate:
        each = values(answers)
        if np.isnan(each).all():
            return missing("not measured", answers.basis)
        clusters = answers.cluster if answers.repeats else None
        return estimate(quantile_interval(each, q, clusters), answers.basis, note=_note(answers) if values is seconds else "")

    return metric


def _shared(answers: Answers) -> NDArray[np.bool_]:
    return (answers["n_shared"] > 0) & (answers["n_calls"] > 1)


def _note(answers: Answers) -> str:
    count = int(_shared(answers).sum())
    return f"{count} answers with shared calls: their calls' seconds added up" if count else ""
