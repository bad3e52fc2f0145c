"""Goals in a user's words: `$0.40 per 1000`, `accuracy=0.90`, `p95=2s`; and what to say of a goal that cannot be met."""

import math
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isocost.plan.evidence import QUALITIES, UNITS, Evidence, Floats
from isocost.plan.rule import Goal, Latency
from isocost.records import InputError

CLOSE = 1e-9  # relative: how far above a budget rounding may carry a mean

_UNIT_WORDS = {
    **dict.fromkeys(("$", "dollar", "dollars", "usd"), "cost"),
    **dict.fromkeys(("token", "tokens"), "tokens"),
    **dict.fromkeys(("completion token", "completion tokens", "completion_tokens", "output tokens"), "completion_tokens"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "seconds"),
    **dict.fromkeys(("call", "calls"), "calls"),
}
_NUMBER = r"(?P<number>\d[\d,_]*\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)"
_WHAT = r"(?:questions?|query|queries|items?|requests?)"
_PER = rf"(?:\s*(?:per|/|a|an|each|for)\s*(?P<per>\d[\d,_]*)?\s*(?P<scale>k|m|thousand|million)?\s*{_WHAT}?)?"
_BUDGET = re.compile(rf"(?P<dollar>\$)?\s*{_NUMBER}\s*(?P<word>\$|[a-z_]+(?: tokens?)?)?{_PER}", re.IGNORECASE)
_SCALES = {"": 1.0, "k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}
_SECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0}


class Spend(NamedTuple):
    """A budget: so much of a unit for each question, on average."""

    budget: float
    unit: str


class Least(NamedTuple):
    """A quality to reach: which, and how much of it."""

    quality: str
    value: float


class Means(NamedTuple):
    """(S,) each system's mean quality and cost, and the share of its answers that come in time (1 without a limit)."""

    quality: Floats
    cost: Floats
    in_time: Floats


def parse_budget(text: str) -> Spend:
    """`$0.40 per 1000`, `$0.0004`, `0.4 $/1k`, `800 tokens`, `2 seconds`, `3 calls` as a mean for each question."""
    found = _BUDGET.fullmatch(text.strip())
    word = "" if found is None else (found["dollar"] or found["word"] or "").lower()
    if found is None or word not in _UNIT_WORDS or (found["dollar"] and found["word"] not in (None, "$")):
        raise InputError(
            f"budget: expected an amount and its unit, got '{text}'. "
            'Hint: "$0.40 per 1000" (questions), "$0.0004", "800 tokens", "2 seconds" or "3 calls" (each a question).'
        )
    many = _number(found["per"] or "1") * _SCALES[(found["scale"] or "").lower()]
    if many == 0:
        raise InputError(f"budget: expected an amount for 1 question or more, got '{text}'.")
    return Spend(_number(found["number"]) / many, _UNIT_WORDS[word])


def parse_at_least(text: str) -> Least:
    """`accuracy=0.90`, `accuracy=90%` or `mean_score=3.5`; a number alone is an accuracy."""
    name, _, value = text.rpartition("=")
    quality, digits = name.strip() or "accuracy", value.strip()
    try:
        number = float(digits.removesuffix("%")) / (100 if digits.endswith("%") else 1)
    except ValueError:
        number = math.nan
    if quality not in QUALITIES or not math.isfinite(number):
        raise InputError(f'at least: expected {" or ".join(f"{q}=NUMBER" for q in QUALITIES)}, got "{text}".')
    if quality == "accuracy" and not 0 <= number <= 1:
        hint = f" Hint: accuracy={number:g}%?" if 1 < number <= 100 else ""
        raise InputError(f"at least: an accuracy lies between 0 and 1 (or 0 and 100 %), got '{text}'.{hint}")
    return Least(quality, number)


def parse_latency(text: str) -> Latency:
    """`p95=2s` or `p99=800ms`: that share of the answers within that time."""
    found = re.fullmatch(r"p(\d+(?:\.\d+)?)\s*=\s*(\d+\.?\d*|\.\d+)\s*([a-z]*)", text.strip(), re.IGNORECASE)
    share = float(found[1]) / 100 if found else 0.0
    scale = _SECONDS.get(found[3].lower() or "s") if found else None
    if found is None or scale is None or not 0 < share <= 1 or float(found[2]) == 0:
        raise InputError(f'latency: expected pNN=TIME, got "{text}". Hint: "p95=2s" or "p99=800ms".')
    return Latency(share=share, seconds=float(found[2]) * scale)


def means(evidence: Evidence, goal: Goal) -> Means:
    """Each system's means over the questions it has answers to; NaN where it has none."""
    late = evidence.seconds > goal.latency.seconds if goal.latency else np.zeros(evidence.seconds.shape, dtype=bool)
    known = np.isnan(evidence.seconds) if goal.latency else np.isnan(evidence.worth)
    in_time = np.where(known, np.nan, (~late).astype(float))
    return Means(*(_row_means(values) for values in (evidence.quality, evidence.cost, _row_means(in_time))))


def timely(found: Means, goal: Goal) -> NDArray[np.bool_]:
    """(S,) which systems can be used, and are in time often enough."""
    share = goal.latency.share if goal.latency else 0.0
    with np.errstate(invalid="ignore"):
        return np.asarray(~np.isnan(found.quality + found.cost) & ((found.in_time >= share - CLOSE) | (share == 0.0)))


def amount(value: float, unit: str) -> str:
    """So much of a unit in words: dollars for 1,000 questions, other units for one."""
    return f"${value * 1000:.4g} per 1,000 questions" if unit == "cost" else f"{value:,.4g} {UNITS[unit]} a question"


def wish(goal: Goal, evidence: Evidence) -> str:
    """The goal in words."""
    parts = []
    if goal.budget is not None:
        parts.append(f"at most {amount(goal.budget, evidence.unit)}")
    if goal.at_least is not None:
        parts.append(f"{evidence.quality_name} of at least {goal.at_least:.4g}")
    if goal.latency is not None:
        parts.append(f"{goal.latency.share:.4g} of the answers within {goal.latency.seconds:.4g} s")
    return " and ".join(parts) or "the most quality, whatever it costs"


def impossible(goal: Goal, evidence: Evidence) -> InputError:
    """The error for a goal that no system meets and no mix of them: what is possible instead."""
    found = means(evidence, goal)
    usable = timely(found, goal)
    if not usable.any():
        quick = np.nan_to_num(np.where(np.isnan(found.quality + found.cost), np.nan, found.in_time), nan=-1.0)
        best = int(np.argmax(quick))
        near = f"the quickest, '{evidence.systems[best]}', does for {quick[best]:.4g} of them" if quick[best] >= 0 else ""
        return InputError(
            f"no system meets {wish(goal, evidence)}: {near or 'the seconds of no answer are known'}. "
            "Hint: allow more time, or a smaller share."
        )
    cheap, good = int(np.nanargmin(_only(found.cost, usable))), int(np.nanargmax(_only(found.quality, usable)))
    return InputError(
        f"no system, and no mix of them, meets {wish(goal, evidence)}. The cheapest, '{evidence.systems[cheap]}', costs "
        f"{amount(found.cost[cheap], evidence.unit)}; the best, '{evidence.systems[good]}', reaches {evidence.quality_name} "
        f"{found.quality[good]:.4g} for {amount(found.cost[good], evidence.unit)}. Hint: raise the budget or ask for less."
    )


def reachable(goal: Goal, evidence: Evidence) -> Goal:
    """The nearest goal, for each of its parts alone, that single systems can reach on this evidence."""
    found = means(evidence, goal)
    known = ~np.isnan(found.quality + found.cost + found.in_time)
    latency = goal.latency
    if latency is not None:
        quickest = float(np.max(found.in_time, where=known, initial=0.0))
        latency = Latency(share=min(latency.share, quickest), seconds=latency.seconds) if quickest else None
    usable = timely(found, Goal(latency=latency))
    return Goal(
        budget=None if goal.budget is None else float(np.min(found.cost, where=usable, initial=math.inf).clip(goal.budget)),
        at_least=None
        if goal.at_least is None
        else float(np.max(found.quality, where=usable, initial=-math.inf).clip(max=goal.at_least)),
        latency=latency,
    )


def _only(values: Floats, chosen: NDArray[np.bool_]) -> Floats:
    return np.where(chosen, values, np.nan)


def _row_means(values: Floats) -> Floats:
    known = ~np.isnan(values)
    counts = known.sum(axis=-1)
    sums = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0))


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("_", ""))
