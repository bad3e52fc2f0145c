"""A retrieval gate is a router of two systems: answer at once, or retrieve first (ExpertRAG's cost model)."""

import numpy as np

from isocost.plan.pricing import Expected, Prices, lottery


def test_the_gates_cost_is_its_closed_form_and_its_sweep_dominates_always_and_never() -> None:
    """Cost = model + P(gate) * retrieval; the gate opens where the gain it expects is worth the retrieval's price."""
    rng = np.random.default_rng(0)
    model, retrieval, count = 1.0, 2.0, 40_000
    gain = rng.beta(0.6, 2.0, size=count)  # what retrieval adds is known of each question, and mostly little
    base = 1 - gain
    expected = Expected(np.column_stack([base, base + 0.9 * gain - 0.02]), np.tile([model, model + retrieval], (count, 1)))
    right = rng.random((count, 2)) < expected.quality
    kept = []
    for price in np.linspace(0.01, 0.3, 12):
        asked = lottery(expected, Prices(price, price))
        opened = rng.random(200_000) < asked[:, 1].mean()
        simulated = model + retrieval * opened.mean()
        threshold = (price * retrieval + 0.02) / 0.9
        closed = model + retrieval * (gain > threshold).mean()
        assert abs(simulated - closed) < 0.02 * closed
        kept.append(((asked * right).sum(axis=1).mean(), closed))
    never, always = right.mean(axis=0)
    assert any(worth >= always and cost < model + retrieval for worth, cost in kept)
    for worth, cost in kept:
        straight = never + (cost - model) / retrieval * (always - never)
        assert worth > straight + 0.01
