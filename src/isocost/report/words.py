"""How numbers are said: one way for the terminal, the page and the picture, so that they never disagree.

What was not measured is said in words, never as 0; an interval stands beside its value, and an unbounded one says so.
"""

import math
import re
from typing import NamedTuple

from isocost.metrics import Estimate

DASH = "\u2013"  # between the ends of an interval, where the terminal knows it

Kind = str  # "share", "money", "seconds", "count" or "joules"


class Axis(NamedTuple):
    """A metric that can stand on an axis or in a column: how it is called, what it is, and which way is better."""

    label: str
    kind: Kind
    more_is_better: bool = False


# In the order in which the page offers them.
AXES: dict[str, Axis] = {
    "accuracy": Axis("accuracy", "share", True),
    "mean_score": Axis("mean score", "share", True),
    "cost": Axis("cost", "money"),
    "tokens": Axis("tokens per question", "count"),
    "prompt_tokens": Axis("prompt tokens per question", "count"),
    "completion_tokens": Axis("completion tokens per question", "count"),
    "calls": Axis("calls per question", "count"),
    "seconds": Axis("seconds per question", "seconds"),
    "first_token_seconds": Axis("seconds to the first token", "seconds"),
    "cpu_seconds": Axis("CPU seconds per question", "seconds"),
    "energy": Axis("energy per question", "joules"),
}


def digits(value: float, significant: int = 3) -> str:
    """The value with so many significant digits, thousands apart, never in scientific notation: 1,230 or 0.0123."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "unbounded"
    after = max(0, significant - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{after}f}"


def say(kind: Kind, value: float | None, per: int = 1) -> str:
    """A value in words a reader knows; `per` multiplies money (dollars per so many questions)."""
    if value is None or math.isnan(value):
        return "unpriced" if kind == "money" else "not measured"
    if math.isinf(value):
        return "unbounded"
    if kind == "share":
        return f"{100 * value:.1f} %"
    if kind == "money":
        return f"${digits(value * per)}"
    unit = {"seconds": " s", "joules": " J"}.get(kind, "")
    return f"{digits(value)}{unit}"


def interval(kind: Kind, estimate: Estimate, per: int = 1, joint: str = " to ") -> str:
    """The interval alone: "44.0 to 60.1 %"; what is open says so: one observation bounds nothing."""
    low, high = (None if bound is None or not math.isfinite(bound) else bound for bound in (estimate.low, estimate.high))
    if low is None and high is None:
        return "no interval"
    if low is None or high is None:
        return f"at least {say(kind, low, per)}" if high is None else f"at most {say(kind, high, per)}"
    first, last = say(kind, low, per), say(kind, high, per)
    first = re.sub(r" \S+$", "", first)  # the unit stands once, at the end
    return f"{first}{joint}{last.removeprefix('$') if joint != ' to ' else last}"


def missing(kind: Kind, estimate: Estimate | None) -> str:
    """Why there is no value, in a word: "infinite", "unpriced" or "not measured"."""
    if estimate is None:
        return say(kind, None)
    return next((word for word in ("infinite", "unpriced") if estimate.method.startswith(word)), "not measured")


def probability(value: float | None) -> str:
    """A bootstrap share as a percentage that never claims certainty: 1,000 replicates cannot say 100 %."""
    if value is None or math.isnan(value):
        return "not known"
    return "> 99 %" if value >= 0.995 else "< 1 %" if value <= 0.005 else f"{100 * value:.0f} %"


def count(number: int, noun: str) -> str:
    """ "1 question", "1,319 questions"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
