"""Energy and processor time."""

from isocost.metrics.answers import Answers
from isocost.metrics.estimate import Estimate
from isocost.metrics.means import mean_of


def energy(answers: Answers) -> Estimate:
    """Mean joules an answer where a meter ran; "not measured" where none did, never 0."""
    return mean_of(answers, answers["joules"])


def cpu_seconds(answers: Answers) -> Estimate:
    """Mean seconds of processor time an answer."""
    return mean_of(answers, answers["cpu_seconds"])
