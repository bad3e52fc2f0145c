"""The allocator's other forms, side by side with what one would use otherwise, in one run each.

Run: python bench/allocate_more.py
"""

import time

import numpy as np
from scipy.optimize import LinearConstraint, milp, minimize
from scipy.sparse import csr_array, eye_array, kron, vstack

from isocost.allocate.choose import choose
from isocost.allocate.groups import choose_in_groups
from isocost.allocate.online import Online
from isocost.allocate.pack import Bins, Items, pack
from isocost.allocate.several import choose_several
from isocost.allocate.split import Logarithmic, Saturating, split

SECONDS = 20.0  # that HiGHS may take for one problem


def timed(call):
    """Its seconds, and what it returns."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def levels(n, k, r, seed=0):
    """Levels with decreasing returns under r budgets, each a third of what the dearest levels cost."""
    rng = np.random.default_rng(seed)
    cost = (rng.random((n, 1, 1)) + 0.2) * np.arange(k)[None, :, None] * rng.uniform(0.3, 1, (n, k, r)) / k
    return np.sqrt(cost.mean(axis=2)) * rng.uniform(0.7, 1.3, (n, k)), cost, cost.max(axis=1).sum(axis=0) * 0.3


def highs(value, cost, budget):
    """HiGHS on the whole integer program: value and bound."""
    (n, k), r = value.shape, len(budget)
    rows = vstack([csr_array(cost.reshape(-1, r).T), kron(eye_array(n), np.ones((1, k)))])
    within = LinearConstraint(rows, np.r_[np.zeros(r), np.ones(n)], np.r_[budget, np.ones(n)])
    options = {"time_limit": SECONDS, "mip_rel_gap": 1e-6}
    return milp(-value.ravel(), integrality=np.ones(n * k), bounds=(0, 1), constraints=within, options=options)


def several():
    """Several budgets against HiGHS."""
    print("\n| items x levels | budgets | ours, s | gap | HiGHS, s | its gap |\n|---|--:|--:|--:|--:|--:|")
    for n, r in ((1000, 2), (1000, 5), (10_000, 3), (100_000, 3)):
        value, cost, budget = levels(n, 8, r)
        ours, found = timed(lambda v=value, c=cost, b=budget: choose_several(v, c, b))
        said = f"| {n:,} x 8 | {r} | {ours:.2f} | {(found.bound - found.value) / found.value:.1e} |"
        if n <= 1000:
            theirs, other = timed(lambda v=value, c=cost, b=budget: highs(v, c, b))
            said += f" {theirs:.1f} | {other.mip_gap if other.x is not None else float('inf'):.1e} |"
        print(said if n <= 1000 else said + " | |", flush=True)


def groups():
    """Budgets for tenants inside a whole."""
    print("\n| items x levels | tenants | s | gap |\n|---|--:|--:|--:|")
    for n, g in ((1000, 5), (20_000, 20), (100_000, 100)):
        value, cost, _ = levels(n, 8, 1)
        group = np.random.default_rng(0).integers(0, g, n)
        budget = np.bincount(group, cost[:, :, 0].max(axis=1)) * np.linspace(0.1, 0.8, g)
        whole = float(budget.sum() * 0.7)
        took, found = timed(lambda v=value, c=cost, b=budget, o=group, t=whole: choose_in_groups(v, c[:, :, 0], b, o, total=t))
        print(f"| {n:,} x 8 | {g} | {took:.2f} | {(found.bound - found.value) / found.value:.1e} |", flush=True)


def pour():
    """Water-filling against SLSQP."""
    print("\n| curves | ours, s | value | SLSQP, s | its value |\n|---|--:|--:|--:|--:|")
    rng = np.random.default_rng(0)
    for n in (20, 200, 1_000_000):
        a, b = rng.random((2, n))
        ours, found = timed(lambda a=a, b=b, n=n: split(Saturating(a, b), 0.5 * n))
        if n > 200:
            again, _ = timed(lambda a=a, b=b, n=n: split(Logarithmic(a, b), 0.5 * n))
            print(f"| {n:,} | {ours:.2f} (logarithmic: {again:.2f}) | {found.value:.6f} | | |")
            continue
        whole = {"type": "eq", "fun": lambda x, n=n: x.sum() - 0.5 * n, "jac": lambda x: np.ones(len(x))}
        theirs, other = timed(
            lambda a=a, b=b, n=n, whole=whole: minimize(
                lambda x: -(a * -np.expm1(-b * x)).sum(),
                np.full(n, 0.5),
                jac=lambda x: -a * b * np.exp(-b * x),
                bounds=[(0, None)] * n,
                constraints=[whole],
                method="SLSQP",
                options={"maxiter": 500, "ftol": 1e-12},
            )
        )
        print(f"| {n} | {ours:.4f} | {found.value:.6f} | {theirs:.2f} | {-other.fun:.6f} |", flush=True)


def first_fit(size, number, capacity, price):
    """First-fit decreasing into each type alone: the cheapest."""
    costs = []
    for j in range(len(price)):
        left = np.empty((0, size.shape[1]))
        for i in np.argsort(-(size / capacity[j]).max(axis=1), kind="stable"):
            for _ in range(number[i]):
                room = np.flatnonzero((left >= size[i] - 1e-9).all(axis=1))
                if len(room):
                    left[room[0]] -= size[i]
                else:
                    left = np.vstack([left, capacity[j] - size[i]])
        costs.append(len(left) * price[j])
    return min(costs)


def packing():
    """Packing against first-fit decreasing."""
    print("\n| kinds of item | items | bin types | resources | s | cost | gap | first fit |\n|--:|--:|--:|--:|--:|--:|--:|--:|")
    rng = np.random.default_rng(0)
    for n, m, d, most in ((10, 3, 1, 50), (40, 3, 1, 5), (20, 3, 2, 20)):
        size, number = rng.uniform(0.1, 0.6, (n, d)), rng.integers(1, most + 1, n)
        capacity, price = np.array([1, 0.7, 1.5])[:, None] * rng.uniform(0.9, 1.1, (m, d)), np.array([1, 0.75, 1.4])
        took, found = timed(lambda s=size, o=number, c=capacity, p=price: pack(Items(s, o), Bins(c, p)))
        other = first_fit(size, number, capacity, price)
        row = (n, number.sum(), m, d, f"{took:.1f}", f"{found.cost:.2f}", f"{found.gap:.1e}", f"{other:.2f}")
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def one_at_a_time():
    """Regret against hindsight, over its square root; what one choice takes."""
    print("\n| horizon | regret / sqrt(horizon), cold | at yesterday's price | share of hindsight | a choice |")
    print("|--:|--:|--:|--:|--:|")
    for n in (250, 1000, 4000, 16_000):
        lost, warm, share, took = [], [], [], 0.0
        for seed in range(5 if n < 16_000 else 2):
            value, cost, _ = levels(n, 5, 1, seed)
            cost, budget = cost[:, :, 0], float(cost.max(axis=1).sum() * 0.3)
            best, yesterday = choose(value, cost, budget), levels(n, 5, 1, 100 + seed)
            price = choose(yesterday[0], yesterday[1][:, :, 0], budget).price
            for losses, start in ((lost, 0.0), (warm, price)):
                online = Online(budget, n, start)
                took, taken = timed(lambda o=online, v=value, c=cost: [o.choose(*row) for row in zip(v, c, strict=True)])
                got = value[np.arange(n), taken].sum()
                losses.append((best.bound - got) / n**0.5)
            share.append(got / best.bound)
        row = f"{np.mean(lost):.3f} | {np.mean(warm):.3f} | {np.mean(share):.2%} | {took / n * 1e6:.0f} us |"
        print(f"| {n:,} | {row}", flush=True)


if __name__ == "__main__":
    warm_up = levels(100, 4, 2)
    choose_several(*warm_up)
    choose_in_groups(warm_up[0], warm_up[1][:, :, 0], [10.0], np.zeros(100, int), total=9.0)
    pack([0.5, 0.3], Bins([1.0], [1.0]))
    for table in (several, groups, pour, packing, one_at_a_time):
        table()
