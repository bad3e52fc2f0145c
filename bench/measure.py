"""How many calls the adaptive measurement saves on real answers, how often its promise is broken, and what peers do there.

python bench/measure.py zeroeval [--runs 200]   44 models x 1,319 GSM8K questions, replayed (ISOCOST_EXTERNAL_DATA)
python bench/measure.py bandits                 best of ten arms by a few dozen questions
python bench/measure.py views                   recognise an object from few of its views
"""

import argparse
import csv
import math
import os
import sys
import time
from pathlib import Path

import numpy as np

from isocost.plan.measure import Manner, Measure

# Dollars a million prompt and completion tokens, as of autumn 2024, from memory; where hosts differ, one of them. What is
# measured needs prices that are spread as real ones are, not their last digit.
PRICES = {
    "Athene-70B": (0.9, 0.9), "DeepSeek-Coder-V2-0724": (0.14, 0.28), "Llama-3.1-405B-Inst@sambanova": (5, 10),
    "Llama-3.1-405B-Instruct-Turbo": (3.5, 3.5), "Meta-Llama-3-70B-Instruct": (0.9, 0.9),
    "Meta-Llama-3-8B-Instruct": (0.2, 0.2),
    "Meta-Llama-3.1-405B-Instruct@hyperbolic": (4, 4), "Meta-Llama-3.1-70B-Instruct": (0.88, 0.88),
    "Meta-Llama-3.1-8B-Instruct": (0.18, 0.18), "Mistral-Large-2": (2, 6), "Mistral-Nemo-Instruct-2407": (0.15, 0.15),
    "Mixtral-8x7B-Instruct-v0.1": (0.6, 0.6), "Phi-3.5-mini-instruct": (0.13, 0.52), "Qwen2-72B-Instruct": (0.9, 0.9),
    "Qwen2-7B-Instruct": (0.2, 0.2), "Yi-1.5-34B-Chat": (0.8, 0.8), "Yi-1.5-9B-Chat": (0.3, 0.3),
    "claude-3-5-haiku-20241022": (0.8, 4), "claude-3-5-sonnet-20240620": (3, 15), "claude-3-5-sonnet-20241022": (3, 15),
    "claude-3-haiku-20240307": (0.25, 1.25), "claude-3-opus-20240229": (15, 75), "claude-3-sonnet-20240229": (3, 15),
    "command-r": (0.15, 0.6), "command-r-plus": (2.5, 10), "deepseek-chat": (0.14, 0.28), "deepseek-coder": (0.14, 0.28),
    "deepseek-v2.5-0908": (0.14, 0.28), "gemini-1.5-flash": (0.075, 0.3), "gemini-1.5-flash-exp-0827": (0.075, 0.3),
    "gemini-1.5-pro": (1.25, 5), "gemini-1.5-pro-exp-0801": (1.25, 5), "gemma-2-27b-it@together": (0.8, 0.8),
    "gemma-2-2b-it": (0.1, 0.1), "gemma-2-9b-it": (0.3, 0.3), "gpt-3.5-turbo-0125": (0.5, 1.5), "gpt-4o-2024-05-13": (5, 15),
    "gpt-4o-2024-08-06": (2.5, 10), "gpt-4o-mini-2024-07-18": (0.15, 0.6), "o1-mini-2024-09-12": (3, 12),
    "reka-core-20240501": (3, 15), "reka-flash-20240226": (0.8, 2), "yi-large": (3, 3), "yi-large-preview": (3, 3),
}  # fmt: skip


def answers(folder):
    """Names, scores, and costs in completion tokens and in dollars: (models, questions), NaN where there is no answer."""
    with open(folder / "gsm_per_query.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    models, items = sorted({line["model"] for line in lines}), sorted({line["id"] for line in lines})
    row, place = {m: i for i, m in enumerate(models)}, {q: i for i, q in enumerate(items)}
    scores, tokens, dollars = (np.full((len(models), len(items)), np.nan) for _ in range(3))
    for line in lines:
        at = row[line["model"]], place[line["id"]]
        into, out = PRICES[line["model"]]
        scores[at], tokens[at] = float(line["correct"]), float(line["output_tokens_o200k"])
        dollars[at] = (into * float(line["prompt_tokens_o200k"]) + out * tokens[at]) / 1e6
    return models, scores, tokens, dollars


def replay(scores, costs, policy, **settings):
    """A `Measure` told these answers, asked for as the policy has it, until it is done."""
    k, n = scores.shape
    measure = Measure(map(str, range(k)), map(str, range(n)), **settings)
    order, asked = [int(item) for item in measure.items], np.zeros(k, dtype=int)
    while wanted := measure.ask():
        pairs = [(int(system), int(item)) for system, item in wanted]
        if policy != "adaptive":
            going = range(k)
            if policy == "elimination" and asked[0] >= measure.manner.pilot:
                going = [int(name) for name in {*measure.undecided, *measure.frontier}]
            ahead = max(measure.manner.step, measure.manner.pilot - int(asked.min()))
            ahead_of = [(i, order[t]) for i in going for t in range(asked[i], min(asked[i] + ahead, n))]
            if not ahead_of:  # these are all through: the rest must go on
                going = {i for i, _ in pairs}
                ahead_of = [(i, order[t]) for i in going for t in range(asked[i], min(asked[i] + ahead, n))]
            pairs = ahead_of
            asked[list(going)] = np.minimum(asked[list(going)] + ahead, n)
        rows, places = map(list, zip(*pairs, strict=True))
        measure.tell([(str(i), str(t)) for i, t in pairs], scores[rows, places], costs[rows, places])
    return measure


def truth(scores, costs, slack):
    """Pairs compared on all questions that both answered: the lead, who is no dearer, and who is clearly cheaper."""
    both = ~np.isnan(scores)[:, None] & ~np.isnan(scores)[None]
    lead = np.where(both, np.nan_to_num(scores)[:, None] - np.nan_to_num(scores)[None], 0).sum(axis=2) / both.sum(axis=2)
    own = np.where(both, np.nan_to_num(costs)[:, None], 0).sum(axis=2)
    return lead, own, own <= (1 + slack) * own.T * (1 + 1e-12), (1 + slack) * own * (1 + 1e-12) < own.T


def broken(known, reported, tolerance):
    """Which systems break the promise: left out and not matched, or reported and beaten by more than both tolerances."""
    lead, _, no_dearer, cheaper = known
    matched = ((lead >= -tolerance - 1e-12) & no_dearer)[reported].any(axis=0)
    beaten = ((lead > tolerance + 1e-12) & cheaper).any(axis=0)
    return (~reported & ~matched) | (reported & beaten)


def exact(known):
    """The frontier of all answers."""
    lead, own, _, _ = known
    return ~((lead >= 0) & (own <= own.T) & ((lead > 0) | (own < own.T))).any(axis=0)


def flags(measure):
    """Who is reported."""
    found = np.zeros(len(measure.systems), dtype=bool)
    found[[int(name) for name in measure.frontier]] = True
    return found


def halving(scores, costs, calls, rng, units):
    """Empirical gap elimination by halves (Kone, Kaufmann & Richert 2024, EGE-SH) with so many calls; who it reports.

    Each of log2(k) rounds spends as much; then the half whose place is clearest is settled as it stands.
    """
    k, n = scores.shape
    order, active, reported = rng.permutation(n), np.arange(k), np.zeros(k, dtype=bool)
    means, used, rounds = np.zeros((k, 2)), 0, math.ceil(math.log2(k))
    for number in range(rounds):
        used = min(n, used + int(calls / rounds / len(active)))
        seen = order[: max(used, 1)]
        means[active, 0] = np.nan_to_num(np.nanmean(scores[np.ix_(active, seen)], axis=1)) / units[0]
        means[active, 1] = -np.log(np.nan_to_num(np.nanmean(costs[np.ix_(active, seen)], axis=1), nan=1e9)) / units[1]
        by = means[:, None] - means[None]  # (i, j): how i leads j on each axis
        least = by.min(axis=2)
        np.fill_diagonal(least, -np.inf)
        depth = least.max(axis=0)  # by how much each is dominated; below 0 for members
        hold = np.where(np.eye(k, dtype=bool), np.inf, by.max(axis=2)).min(axis=1)
        gap = np.where(depth > 0, depth, hold)[active]
        keep = len(active) // 2 if number < rounds - 1 else 0
        ranked = active[np.argsort(gap, kind="stable")]
        reported[ranked[keep:]] = depth[ranked[keep:]] <= 0
        active = ranked[:keep]
        if not len(active):
            break
    return reported


def row(label, scores, costs, tolerance, runs, policy="adaptive", slack=None):
    """One line: part of the calls, times fewer, runs that broke the promise, runs that gave the exact frontier."""
    slack = (0.05 if tolerance else 0.0) if slack is None else slack
    known = truth(scores, costs, slack)
    used, wrong, equal, undecided, began = [], 0, 0, 0, time.perf_counter()
    for seed in range(runs):
        rng, manner = np.random.default_rng(seed), Manner(cost_tolerance=slack)
        measure = replay(scores, costs, policy, rng=rng, tolerance=tolerance, manner=manner)
        used.append(1 - measure.saved)
        wrong += broken(known, flags(measure), tolerance).any()
        equal += (flags(measure) == exact(known)).all()
        undecided += bool(measure.undecided)
    part, each = np.mean(used), (time.perf_counter() - began) / runs
    print(
        f"| {label} | {policy} | {tolerance:g} | {slack:g} | {runs} | {part:.1%} ({min(used):.1%} to {max(used):.1%}) "
        f"| {1 / part:.1f} | {wrong} | {undecided} | {equal / runs:.0%} | {each:.1f} s |",
        flush=True,
    )
    return part


def zeroeval(runs, few):
    """The tables of docs/measure.md."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    _, scores, tokens, dollars = answers(Path(os.environ.get("ISOCOST_EXTERNAL_DATA", default)) / "zeroeval")
    print("| cost | policy | tolerance | of cost | runs | calls | times fewer | broken | undecided | exact | a run |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    parts = {}
    for label, costs in (("tokens", tokens), ("dollars", dollars)):
        parts[label] = row(label, scores, costs, 0.02, runs)
        row(label, scores, costs, 0.03, few * 5)
        for tolerance in (0.0, 0.005, 0.01):
            row(label, scores, costs, tolerance, few)
        for policy in ("elimination", "uniform"):
            row(label, scores, costs, 0.02, few, policy)
    print("\nSuccessive halving (no promise) with the calls that adaptive took at .02:")
    for label, costs in (("tokens", tokens), ("dollars", dollars)):
        known = truth(scores, costs, 0.05)
        found = [
            halving(scores, costs, parts[label] * scores.size, np.random.default_rng(seed), (0.02, 0.05))
            for seed in range(runs)
        ]
        wrong = sum(broken(known, reported, 0.02).any() for reported in found)
        equal = np.mean([(reported == exact(known)).all() for reported in found])
        print(f"  {label}: the same promise broken in {wrong} of {runs} runs, the exact frontier in {equal:.0%}")


ARMS, QUESTIONS = 10, 40


def worlds():
    """Means of ten arms, of several difficulties: one good, evenly spread, two good and the rest poor."""
    for gap in (0.15, 0.25, 0.35, 0.5):
        yield f"one ahead by {gap}", np.r_[0.4 + gap, np.full(ARMS - 1, 0.4)]
        yield f"spread over {2 * gap:g}", np.clip(np.linspace(0.5 + gap, 0.5 - gap, ARMS), 0, 1)
        yield f"two ahead, {gap / 2:g} apart", np.r_[0.5 + gap / 2, 0.5, np.full(ARMS - 2, 0.5 - gap)]


def uniform(rng, means):
    """Each arm as often; the best mean."""
    return best_of(rng.binomial(QUESTIONS // ARMS, means), np.full(ARMS, QUESTIONS // ARMS), rng)


def ucb(width):
    """Upper confidence bounds of this width (UCB1: sqrt(2 log t)); then the best mean of arms asked most."""

    def policy(rng, means):
        right, asked = rng.binomial(1, means).astype(float), np.ones(ARMS)
        for t in range(ARMS, QUESTIONS):
            arm = best_of(right + width * math.sqrt(2 * math.log(t)) * np.sqrt(asked), asked, rng)
            right[arm] += rng.random() < means[arm]
            asked[arm] += 1
        return best_of(right, asked, rng)

    return policy


def halves(first, keep):
    """Every arm `first` times, then the best `keep` of them in turn, and so on with the better half: two numbers to learn."""

    def policy(rng, means):
        right, asked, active = np.zeros(ARMS), np.zeros(ARMS), np.arange(ARMS)
        times = first
        while asked.sum() + len(active) <= QUESTIONS:
            for _ in range(times):
                if asked.sum() + len(active) <= QUESTIONS:
                    right[active] += rng.random(len(active)) < means[active]
                    asked[active] += 1
            order = np.lexsort((rng.random(len(active)), -right[active] / asked[active]))
            active = active[order[: max(2, min(keep, len(active) // 2) if len(active) < ARMS else keep)]]
            times = max(first, (QUESTIONS - int(asked.sum())) // (2 * len(active)))
        return active[best_of(right[active], asked[active], rng)]

    return policy


def measured(rng, means):
    """`Measure` with a budget that all can afford, its pilot of two questions, interrupted after so many calls."""
    names, items = [str(i) for i in range(ARMS)], [str(i) for i in range(QUESTIONS)]
    manner = Manner(these=False, pilot=2, step=1)
    measure = Measure(names, items, rng=rng, tolerance=0.0, budget=1.0, manner=manner)
    while measure.calls < QUESTIONS and (asked := measure.ask()):
        asked = asked[: QUESTIONS - measure.calls]
        measure.tell(asked, [float(rng.random() < means[int(i)]) for i, _ in asked], [1.0] * len(asked))
    return int(measure.frontier[0])


def best_of(right, asked, rng):
    """The best mean, ties by lot."""
    return int(np.lexsort((rng.random(len(right)), right / asked))[-1])


def regret(policy, runs, seed):
    """By world: how much worse than the best arm the chosen one is, on average."""
    rng = np.random.default_rng(seed)
    return {name: float(np.mean([means.max() - means[policy(rng, means)] for _ in range(runs)])) for name, means in worlds()}


def bandits():
    """Learns a policy, out of 20, by its worst world, then compares on fresh draws of the same worlds."""
    family = {f"UCB of width {width}": ucb(width) for width in (0.05, 0.1, 0.15, 0.25, 0.4)}
    family |= {f"the best {keep} after {first} each": halves(first, keep) for first in (1, 2, 3) for keep in (2, 3, 4, 5, 7)}
    chosen = min(family, key=lambda name: max(regret(family[name], 400, 1).values()))
    policies = {
        "uniform": (uniform, 4000),
        "UCB1": (ucb(1.0), 2000),
        f"learned: {chosen}": (family[chosen], 2000),
        "Measure, interrupted": (measured, 400),
    }
    print(f"best of {ARMS} arms by {QUESTIONS} questions: regret, the worst world and the mean of {len(list(worlds()))}")
    for name, (policy, runs) in policies.items():
        found = regret(policy, runs, 2)
        worst = max(found, key=found.get)
        print(f"  {name:38s} worst {found[worst]:.4f} ({worst}), mean {np.mean(list(found.values())):.4f}, {runs} runs a world")


CLASSES, VIEWS, KINDS = 12, 8, 3


def views(runs=3000):
    """Objects of 12 classes; each view shows one of 3 signs, by a table learned from examples, and tells some classes apart."""
    rng = np.random.default_rng(0)
    tables = rng.dirichlet(np.full(KINDS, 0.25), size=(VIEWS, CLASSES))  # each view sharp for some classes, dull for others
    seen = np.stack([[rng.multinomial(60, p) for p in view] for view in tables])
    learned = (seen + 0.5) / (60 + 0.5 * KINDS)
    objects = rng.integers(CLASSES, size=runs)
    signs = np.stack([[rng.choice(KINDS, p=tables[v, c]) for v in range(VIEWS)] for c in objects])

    def look(number, choose, enough):
        belief, left, used = np.full(CLASSES, 1 / CLASSES), list(range(VIEWS)), 0
        while left and belief.max() < enough:
            view = choose(belief, left)
            left.remove(view)
            belief = belief * learned[view, :, signs[number, view]]
            belief /= belief.sum()
            used += 1
        return used, int(belief.argmax()) == objects[number]

    def informative(belief, left):
        after = belief[None, :, None] * learned[left]  # (views, classes, signs)
        chance = after.sum(axis=1, keepdims=True)
        return left[int(np.argmin((-after * np.log(after / chance)).sum(axis=(1, 2))))]

    orders = {
        "most informative next": informative,
        "fixed order": lambda b, left: left[0],
        "random": lambda b, left: rng.choice(left),
    }
    print(f"{CLASSES} classes, {VIEWS} views, {runs} objects: mean views and accuracy, stopping when this sure")
    for name, choose in orders.items():
        for enough in (0.7, 0.9, 0.97, 1.01):
            used, right = np.mean([look(number, choose, enough) for number in range(runs)], axis=0)
            print(f"  {name:22s} {'all views' if enough > 1 else f'{enough:.2f}':>9s}: {used:.2f} views, {right:.1%}")


def main():
    """Runs one part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["zeroeval", "bandits", "views"])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--few", type=int, default=20, help="runs of the rows that are there for comparison")
    given = parser.parse_args()
    if given.part == "zeroeval":
        zeroeval(given.runs, given.few)
    else:
        {"bandits": bandits, "views": views}[given.part]()


if __name__ == "__main__":
    sys.exit(main())
