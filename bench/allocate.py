"""The allocator beside HiGHS, CP-SAT and OR-tools' knapsack solver, in one run on the same tables.

Run: pip install ortools; python bench/allocate.py [--items 1000000] [--rivals 10000] [--seconds 60]
"""

import argparse
import time

import numpy as np
from ortools.algorithms.python import knapsack_solver
from ortools.sat.python import cp_model
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from isocost.allocate import choose, frontier

LEVELS = 8


def worlds(n, rng):
    """(name, value, cost) tables of n items: realistic ones first, then those of the knapsack literature."""
    k, cost = LEVELS, rng.random((n, LEVELS))
    steps, whole = np.cumsum(rng.lognormal(size=(n, k)), axis=1), rng.integers(1, 1001, (n, k)).astype(float)
    yield "concave curves", rng.random((n, 1)) * (1 - np.exp(-steps / rng.lognormal(1, 1, (n, 1)))), steps
    yield "best of 1 to 128 samples", 1 - (1 - rng.random((n, 1))) ** 2.0 ** np.arange(k), np.tile(2.0 ** np.arange(k), (n, 1))
    yield "routes, right or wrong", (rng.random((n, k)) < np.linspace(0.3, 0.9, k)) * 1.0, cost * 4.0 ** np.arange(k)
    yield "uncorrelated", rng.random((n, k)), cost
    yield "uncorrelated, integers", rng.integers(1, 1001, (n, k)).astype(float), whole
    yield "weakly correlated", cost + 0.2 * rng.random((n, k)), cost
    yield "strongly correlated", cost + 0.2 * np.arange(k), cost
    yield "strongly correlated, integers", np.sort(whole) + 100 * np.arange(k), np.sort(whole)
    yield "subset sum, integers", whole, whole


def half(value, cost, share=0.3):
    """A budget that pays the cheapest levels and a share of what the best ones cost more."""
    least, rows = cost.min(axis=1).sum(), np.arange(len(cost))
    return float(np.floor(least + share * (cost[rows, value.argmax(axis=1)].sum() - least)))


def timed(call, *args, repeats=1, clock=time.perf_counter):
    """The best time of some calls, and what the last returned."""
    best = np.inf
    for _ in range(repeats):
        start = clock()
        found = call(*args)
        best = min(best, clock() - start)
    return best, found


def by_highs(value, cost, budget, gap, seconds):
    """HiGHS on the integer program: value and relative gap."""
    n, k = value.shape
    each = csr_array((np.ones(n * k), (np.repeat(np.arange(n), k), np.arange(n * k))), shape=(n, n * k))
    limits = [LinearConstraint(each, 1, 1), LinearConstraint(csr_array(cost.reshape(1, -1)), ub=budget)]
    options = {"mip_rel_gap": gap, "time_limit": float(seconds)}
    said = milp(-value.ravel(), integrality=np.ones(n * k), bounds=Bounds(0, 1), constraints=limits, options=options)
    return (np.nan, np.nan) if said.x is None else (-said.fun, abs(said.mip_dual_bound / said.fun - 1))


def by_cp_sat(value, cost, budget, gap, seconds):
    """CP-SAT on costs and values rounded to a billionth of the largest: value and relative gap, of the rounded tables."""
    unit, worth = (1.0 if (t == np.floor(t)).all() else t.max() / 1e9 for t in (cost, value))
    model, (n, k) = cp_model.CpModel(), value.shape
    x = [[model.new_bool_var("") for _ in range(k)] for _ in range(n)]
    for row in x:
        model.add_exactly_one(row)
    flat = [v for row in x for v in row]
    model.add(cp_model.LinearExpr.weighted_sum(flat, np.ceil(cost / unit).astype(int).ravel().tolist()) <= int(budget / unit))
    model.maximize(cp_model.LinearExpr.weighted_sum(flat, np.floor(value / worth).astype(int).ravel().tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.relative_gap_limit, solver.parameters.num_workers = seconds, gap, 2
    solver.solve(model)
    return solver.objective_value * worth, abs(solver.best_objective_bound / max(solver.objective_value, 1e-9) - 1)


def by_knapsack(value, cost, budget):
    """OR-tools' knapsack solver (branch and bound) on one of two levels."""
    solver = knapsack_solver.KnapsackSolver(knapsack_solver.SolverType.KNAPSACK_MULTIDIMENSION_BRANCH_AND_BOUND_SOLVER, "")
    solver.set_time_limit(60)
    gain, more = value[:, 1] - value[:, 0], cost[:, 1] - cost[:, 0]
    solver.init(gain.astype(int).tolist(), [more.astype(int).tolist()], [int(budget - cost[:, 0].sum())])
    return solver.solve() + value[:, 0].sum(), 0.0 if solver.is_solution_optimal() else np.nan


def large(n):
    """One budget, the whole curve, and the reading of both arrays, for every world."""
    print(f"\n{n:,} items x {LEVELS} levels (best of 3, seconds on the wall and of CPU)\n")
    print("| table | one budget | its CPU | gap | proved | whole curve | its CPU | plans | reading both | CPU / reading |")
    print("|---|--:|--:|--:|---|--:|--:|--:|--:|--:|")
    for name, value, cost in worlds(n, np.random.default_rng(1)):
        one, found = timed(choose, value, cost, half(value, cost), repeats=3)
        curve, line = timed(frontier, value, cost, repeats=3)
        work, _ = timed(choose, value, cost, half(value, cost), repeats=2, clock=time.process_time)
        bend, _ = timed(frontier, value, cost, clock=time.process_time)
        read, _ = timed(lambda v=value, c=cost: (v.sum(), c.sum()), repeats=3, clock=time.process_time)
        gap = (found.bound - found.value) / found.value
        said = f"| {name} | {one:.2f} | {work:.2f} | {gap:.0e} | {found.optimal} | {curve:.2f} | {bend:.2f} |"
        print(f"{said} {len(line.cost):,} | {read:.3f} | {work / read:.0f} |", flush=True)


def rivals(n, seconds):
    """The same tables to the others, asked for a gap of 1e-6."""
    print(f"\n{n:,} items x {LEVELS} levels, a gap of 1e-6 wanted within {seconds} s; milliseconds, relative gap proved\n")
    print("| table | isocost | gap | HiGHS | gap | times | value, ours to theirs | CP-SAT | gap | times |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, value, cost in worlds(n, np.random.default_rng(2)):
        budget = half(value, cost)
        own, found = timed(choose, value, cost, budget, repeats=5)
        highs, (worth, first) = timed(by_highs, value, cost, budget, 1e-6, seconds)
        cp, (_, second) = timed(by_cp_sat, value, cost, budget, 1e-6, seconds)
        gap = (found.bound - found.value) / found.value
        print(f"| {name} | {own * 1e3:.1f} | {gap:.0e} | {highs * 1e3:,.0f} | {first:.0e} | {highs / own:,.0f} "
              f"| {found.value / worth - 1:+.0e} | {cp * 1e3:,.0f} | {second:.0e} | {cp / own:,.0f} |", flush=True)  # fmt: skip


def pairs(n):
    """One of two levels, integers: where the plain knapsack solver applies."""
    rng = np.random.default_rng(3)
    print(f"\n{n:,} items, take it or leave it, integers to 1000; milliseconds\n")
    print("| table | isocost | knapsack solver | times | same value |\n|---|--:|--:|--:|---|")
    cost = np.c_[np.zeros(n), rng.integers(1, 1001, n)]
    for name, gain in (("uncorrelated", rng.integers(1, 1001, n)), ("weakly correlated", cost[:, 1] + rng.integers(0, 100, n))):
        value = np.c_[np.zeros(n), gain]
        budget = half(value, cost)
        own, found = timed(choose, value, cost, budget, repeats=5)
        other, (worth, _) = timed(by_knapsack, value, cost, budget)
        print(f"| {name} | {own * 1e3:.1f} | {other * 1e3:,.0f} | {other / own:.0f} | {found.value == worth} |", flush=True)


def main():
    """Prints the tables of docs/allocate.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--rivals", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60, help="that HiGHS and CP-SAT may take a table")
    args = parser.parse_args()
    choose(np.random.default_rng(0).random((5000, 3)), np.random.default_rng(1).random((5000, 3)), 2000.0)  # compiles
    frontier(np.random.default_rng(0).random((5000, 3)), np.random.default_rng(1).random((5000, 3)))
    large(args.items)
    pairs(args.rivals)
    rivals(args.rivals, args.seconds)


if __name__ == "__main__":
    main()
