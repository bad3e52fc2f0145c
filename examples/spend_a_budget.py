"""How many votes does each question deserve? One budget over all of them, and what one more vote would buy.

python examples/spend_a_budget.py
"""

import numpy as np
from scipy.stats import binom

from isocost.allocate import choose, frontier

VOTES = np.array([1, 3, 5, 9, 17])


chances = [0.95, 0.8, 0.65, 0.55, 0.5, 0.3]  # six questions, from easy to hopeless: how often one answer is right
value = np.array([binom.sf(VOTES // 2, VOTES, p) for p in chances])  # how often most of n answers are (Condorcet)
cost = np.tile(VOTES, (len(chances), 1))

found = choose(value, cost, budget=30)
for p, level in zip(chances, found.level, strict=True):
    print(f"right {p:.0%} of the time: {VOTES[level]:2d} votes")
print(f"{found.cost:.0f} votes, {found.value:.3f} right answers of {len(chances)} expected (at most {found.bound:.3f})")
print(f"one more vote buys {found.price:.4f}; five for each question cost as much and get {value[:, 2].sum():.3f}")

curve = frontier(value, cost)
for budget in (6, 12, 24, 48):
    print(f"a budget of {budget:2d} votes: {curve.value[curve.at(budget)]:.3f}")
