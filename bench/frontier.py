"""How far a measured hypervolume and the optimism can be trusted: worlds of known truth, simulated.

Run: python bench/frontier.py [--worlds 200]
"""

import argparse

import numpy as np
from scipy.stats import norm

from isocost.frontier import frontier_confidence, frontier_optimism, hypervolume

CORNER, DIRECTIONS = (4.0, 0.0), (False, True)
WORLDS = {  # true mean costs, true accuracies
    "one system": ([1.0], [0.7]),
    "four, far apart": ([0.2, 0.6, 1.2, 2.0], [0.3, 0.5, 0.7, 0.8]),
    "ten along a curve": (np.linspace(0.2, 2.0, 10), 0.85 - 0.5 * np.exp(-1.5 * np.linspace(0.2, 2.0, 10))),
    "ten equal, costs spread": (np.linspace(0.8, 1.2, 10), [0.6] * 10),
    "ten equal in all": ([1.0] * 10, [0.6] * 10),
}


def world(rng, cost, accuracy, n):
    """Costs and right answers of n questions, which share their difficulty among the systems."""
    bar = norm.ppf(accuracy)[:, None] * np.sqrt(2)
    right = (rng.normal(size=(len(accuracy), n)) + rng.normal(size=n) < bar).astype(float)
    return np.asarray(cost)[:, None] * rng.lognormal(-0.125, 0.5, size=(len(cost), n)), right


def row(name, n, worlds):
    """One line of the table."""
    rng, (cost, accuracy) = np.random.default_rng(1), WORLDS[name]
    truth = hypervolume(np.column_stack([cost, accuracy]), CORNER, DIRECTIONS)
    found, flattery = [], []
    for number in range(worlds):
        x, y = world(rng, cost, accuracy, n)
        found.append(frontier_confidence(x, y, reference=CORNER, rng=rng).hypervolume)
        if len(cost) > 1 and number < worlds * 3 // 10:
            flattery.append(frontier_optimism(x, y, reference=CORNER, rng=rng).hypervolume)
    values = np.array([one.value for one in found])
    covers = np.mean([one.low <= truth <= one.high for one in found])
    said = f"| {name} | {n} | {values.mean() - truth:.3f} ({values.std():.2f}) | {covers:.0%} |"
    if not flattery:
        return f"{said} | |"
    expected = np.mean([one.value for one in flattery])
    return f"{said} {expected:.3f} | {np.mean([one.low <= expected <= one.high for one in flattery]):.0%} |"


def main():
    """Prints the table of docs/frontier.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200, help="simulated a row; the optimism takes three tenths of them")
    worlds = parser.parse_args().worlds
    print("| world | questions | too large by (sd) | interval covers | optimism, halves | its interval covers |")
    print("|---|--:|--:|--:|--:|--:|")
    for name in WORLDS:
        for n in (60, 400):
            print(row(name, n, worlds), flush=True)


if __name__ == "__main__":
    main()
