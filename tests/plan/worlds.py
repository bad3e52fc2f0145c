"""Small worlds of evidence whose truth is known."""

from typing import Any

import numpy as np

from isocost.plan.evidence import Evidence


def made(worth: Any, paid: Any, answer: Any = None, confidence: Any = None, **more: Any) -> Evidence:
    """Evidence of (S, n, A) arrays; answers none and confidence unknown unless given."""
    worth = np.asarray(worth, dtype=float)
    systems, n, _ = worth.shape
    blank = np.full(worth.shape, np.nan)
    paid = np.broadcast_to(np.asarray(paid, dtype=float), worth.shape).copy()
    return Evidence(
        systems=more.pop("systems", tuple("abcdefgh"[:systems])),
        items=tuple(f"q{i}" for i in range(n)),
        worth=worth,
        paid=paid,
        seconds=more.pop("seconds", paid * 10),
        confidence=blank if confidence is None else np.asarray(confidence, dtype=float),
        answer=np.full(worth.shape, -1) if answer is None else np.asarray(answer, dtype=np.int64),
        groups=np.arange(n),
        questions=("",) * n,
        columns=more.pop("columns", {}),
        **more,
    )


def tiered(rng: np.random.Generator, n: int = 60, attempts: int = 1, costs: tuple[float, ...] = (1, 3, 9)) -> Evidence:
    """Dearer systems are right more often, all are right together on easy questions, and each knows roughly when it is."""
    shape = (len(costs), n, attempts)
    skill = np.linspace(0.2, 1.2, len(costs))[:, None, None] - rng.normal(size=(1, n, 1))
    right = rng.normal(size=shape) * 0.5 < skill
    sure = np.round(1 / (1 + np.exp(-(2 * right - 1) - rng.normal(size=shape))), 1)
    answer = np.where(right, 0, rng.integers(1, 4, size=shape))
    return made(right, np.asarray(costs)[:, None, None] * rng.uniform(0.5, 1.5, size=shape), answer, sure)
