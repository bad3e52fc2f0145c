"""The mean of a quantity over a system's answers, as an estimate."""

from isocost.metrics.answers import Answers
from isocost.metrics.estimate import Estimate, estimate, missing
from isocost.metrics.prices import Floats
from isocost.stats import Interval, mean_of_sums


def mean_of(answers: Answers, values: Floats, note: str = "") -> Estimate:
    """The mean of a quantity that is never negative, one value an answer, clustered by question (or group).

    A quantity that came out the same in every answer (one call each, say) is its own interval, and the method says so.
    """
    found = mean_of_sums(*answers.sums(values))
    if found.n == 0:
        return missing("not measured", answers.basis)
    if found.method == "unbounded: no spread":
        found = Interval(found.value, found.value, found.value, found.n, f"constant over {found.n}")
    return estimate(found, answers.basis, floor=0.0, note=note)
