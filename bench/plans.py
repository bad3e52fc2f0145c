"""Plans on real data and in simulated worlds: what they got on questions they were not made from, beside the baselines.

Run: python bench/plans.py NAME [NAME ...]; without a name it lists them. Data from outside: ISOCOST_EXTERNAL_DATA.
"""

import argparse
import csv
import os
from collections import defaultdict
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from isocost.frontier import draw
from isocost.metrics.summary import item_table
from isocost.plan.evidence import NOTHING, Evidence
from isocost.plan.interdependent import Option, Search
from isocost.plan.make import How, make
from isocost.plan.rule import Goal
from isocost.plan.samples import Samples, Vote
from isocost.plan.trials import Trials, rollouts, spread
from isocost.records import Call, Record, RecordWriter, open_records

DATA = Path(os.environ.get("ISOCOST_EXTERNAL_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
HEAD = "| plan | goal | quality | cost | over the mix at equal cost | best single | mix | oracle |\n|---|---|" + "--:|" * 6


def evidence(systems, worth, paid, **more):
    """Evidence of (S, n, A) arrays; what is not given is not known."""
    worth = np.asarray(worth, dtype=float)
    paid = np.broadcast_to(np.asarray(paid, dtype=float), worth.shape).copy()
    n, blank = worth.shape[1], np.full(worth.shape, np.nan)
    given = {
        "seconds": blank,
        "confidence": blank,
        "answer": np.full(worth.shape, NOTHING),
        "groups": np.arange(n),
        "questions": ("",) * n,
        "columns": {},
    } | more
    return Evidence(systems=tuple(systems), items=tuple(map(str, range(n))), worth=worth, paid=paid, **given)


def told(estimate, scale=1.0, digits=3):
    """An estimate as value [low, high]."""
    if estimate.value is None:
        return estimate.method
    low, high = (f"{end * scale:.{digits}f}" if end is not None else "" for end in (estimate.low, estimate.high))
    return f"{estimate.value * scale:.{digits}f} [{low}, {high}]"


def row(name, known, goal, kind, scale=1.0, options=None):
    """One line of the table: a plan made and judged in five folds."""
    plan = make(known, goal, kind, options or {}, How(folds=5, seed=0))
    wish = f"cost <= {goal.budget * scale:g}" if goal.budget is not None else f"quality >= {goal.at_least:g}"
    base = [plan.baselines[which] for which in ("best_single", "mix", "oracle")]
    single = [f"{b['quality'].value:.3f} at {b['cost'].value * scale:.2f}" for b in base]
    quality, cost, over = plan.expected["quality"], plan.expected["cost"], plan.over_mix
    cells = [name, wish, told(quality), told(cost, scale, 2), told(over) + (" beats it" if plan.beats_mix else ""), *single]
    print(f"| {' | '.join(cells)} |", flush=True)
    return plan


def human_eval():
    """(S, 164, 5) worth, paid, seconds of the 13 configurations, and their names."""
    cubes = defaultdict(dict)
    with (DATA / "agent-evals" / "humaneval_13configs.csv").open() as lines:
        for line in csv.DictReader(lines):
            place = int(line["task_id"].split("/")[1]), int(line["run"][3:]) - 1
            cubes[line["key"]][place] = float(line["is_solved"]), float(line["cost"]), float(line["inference_time"])
    found = np.full((3, len(cubes), 164, 5), np.nan)
    for s, runs in enumerate(cubes.values()):
        for place, values in runs.items():
            found[(slice(None), s, *place)] = values
    return list(cubes), found


def verifier(rng, worth, right, wrong):
    """A simulated check: passes a right answer with one probability, a wrong one with another."""
    return (rng.random(worth.shape) < np.where(worth > 0, right, wrong)).astype(float)


def humaneval():
    """Cascades on HumanEval's 13 configurations with their real costs; dollars per 1,000 questions."""
    names, (worth, paid, seconds) = human_eval()
    rng = np.random.default_rng(0)
    print(HEAD)
    for budget in (0.001, 0.004, 0.012):
        blind = evidence(names, worth, paid, seconds=seconds)
        row("cascade, no signal recorded", blind, Goal(budget=budget), "cascade", 1000)
        for passes, errs in ((0.9, 0.3), (0.97, 0.1), (1.0, 0.0)):
            known = evidence(names, worth, paid, seconds=seconds, confidence=verifier(rng, worth, passes, errs))
            row(f"cascade, simulated check {passes:.0%}/{errs:.0%}", known, Goal(budget=budget), "cascade", 1000)


def ellie():
    """EllieSQL's labels: three pipelines at ASSUMED costs of 1, 3 and 9; each solves what cheaper ones solve (assumed)."""
    with (DATA / "elliesql" / "bird_dev_labels.csv").open() as lines:
        lines = list(csv.DictReader(lines))
    label = np.array([int(line["label"]) for line in lines])
    hard = np.array([["simple", "moderate", "challenging"].index(line["difficulty"]) for line in lines], dtype=float)
    worth = (label <= np.array([1, 2, 3])[:, None])[..., None].astype(float)
    cost, rng = np.array([1.0, 3.0, 9.0])[:, None, None], np.random.default_rng(0)
    names = ["basic", "intermediate", "advanced"]
    print(HEAD)
    for budget in (2.0, 4.0):
        known = evidence(names, worth, cost, columns={"difficulty": hard})
        row("effort by BIRD's difficulty label", known, Goal(budget=budget), "effort")
        for passes, errs in ((0.8, 0.4), (0.9, 0.2), (1.0, 0.0)):
            known = evidence(names, worth, cost, confidence=verifier(rng, worth, passes, errs))
            row(f"cascade, simulated check {passes:.0%}/{errs:.0%}", known, Goal(budget=budget), "cascade")


def letters(wrong):
    """Last-letters, 500 x 40. Only how many samples were right is recorded, so wrong answers are taken to be all the same, or
    all different: the truth lies between."""
    with (DATA / "repeated-sampling" / "last_letters_counts.csv").open() as lines:
        counts = [int(line["correct"]) for line in csv.DictReader(lines)]
    right, rng = np.zeros((len(counts), 40), dtype=bool), np.random.default_rng(0)
    for i, count in enumerate(counts):
        right[i, rng.permutation(40)[:count]] = True
    answer = np.where(right, 0, 1 if wrong == "same" else 1 + np.arange(40))
    return evidence(["model"], right[None], 1.0, answer=answer[None])


def last_letters():
    """Stopping rules side by side on all 500 questions, then the plan cross-fitted; cost in samples."""
    for wrong in ("same", "different"):
        known = letters(wrong)
        print(f"\nwrong answers all {wrong}:\n\n| rule | samples | accuracy |\n|---|--:|--:|")
        rules = [("never", 0.0, 1), ("never", 0.0, 9), ("never", 0.0, 40)]
        rules += [("window", w, 40) for w in (3, 4, 5, 6, 8)] + [("posterior", p, 40) for p in (0.9, 0.95, 0.97, 0.99)]
        for stop, figure, most in rules:
            got = Samples((Vote(1.0, "model", most, stop, figure),), 0.0, 0, 40).spend(known)
            name = f"{stop} {figure:g}" if stop != "never" else f"vote of {most}"
            print(f"| {name} | {got.paid.mean():.2f} | {got.worth.mean():.4f} |", flush=True)
        full = Samples((Vote(1.0, "model", 40),), 0.0, 0, 40).spend(known)
        print(f"\n{HEAD}")
        row("samples", known, Goal(at_least=float(full.worth.mean()) - 0.002), "samples")
        plan = row("samples", known, Goal(budget=9.5), "samples")
        print(f"\nthe plan: {plan.rule['ways']}")


def efficient_agents():
    """The cheapest configuration that keeps 95 % of the best quality, chosen on four fifths and judged on the last."""
    names, (worth, paid, seconds) = human_eval()
    known = evidence(names, worth, paid, seconds=seconds)
    best = int(np.argmax(known.quality.mean(axis=1)))
    top, dear = known.quality[best].mean(), known.cost[best].mean()
    print(f"best: {names[best]}, accuracy {top:.3f}, ${dear * 1000:.2f} per 1,000, cost-of-pass ${dear / top * 1000:.2f}")
    print(HEAD)
    for kind in ("fixed", "mix"):
        plan = row(f"{kind}, 95 % of the best", known, Goal(at_least=0.95 * top), kind, 1000)
        quality, cost = plan.expected["quality"].value, plan.expected["cost"].value
        print(
            f"  {plan.rule}: keeps {quality / top:.1%} at {cost / dear:.0%} of the cost, "
            f"cost-of-pass {1000 * cost / quality:.2f}"
        )


def test_time():
    """SIMULATED prompts: revisions suit easy ones, search suits hard ones; the strategy is chosen by a noisy difficulty."""
    rng, n = np.random.default_rng(0), 2000
    skill = rng.normal(0.0, 2.0, size=n)  # log odds of one answer of the small model
    seen = skill + rng.normal(0, 0.7, size=n)  # what is known of it beforehand: a noisy estimate

    def best_of(logit, k):
        return 1 - (1 - 1 / (1 + np.exp(-logit))) ** (k**0.6)  # a verifier that errs: more samples help ever less

    names, chance, cost = [], [], []
    for k in (1, 2, 4, 8, 16, 32, 64):
        for strategy, gain in (("best-of", 0.0), ("revise", 1.0), ("search", -0.5)):
            logit = skill + (gain * np.log2(k) / 3 * (skill > -1) if strategy == "revise" else 0.0)
            logit = logit + (np.log2(k) / 3 * (skill < -1) - 0.3 * (skill > 1) if strategy == "search" else 0.0)
            names.append(f"{strategy}-{k}")
            chance.append(best_of(logit, k) if strategy != "revise" else best_of(logit, max(1, k / 2)))
            cost.append(float(k))
    names, chance, cost = [*names, "large-1"], [*chance, best_of(skill + 2.5, 1)], [*cost, 14.0]
    worth = (rng.random((len(names), n)) < np.array(chance))[..., None]
    known = evidence(names, worth, np.array(cost)[:, None, None], columns={"difficulty": seen})
    print(
        "At equal compute (14), by fifths of the true difficulty: the small model with its best strategy, the large one once:"
    )
    for name, part in zip(("easiest", "easy", "middle", "hard", "hardest"), np.array_split(np.argsort(-skill), 5), strict=True):
        small = max(known.quality[names.index(f"{s}-16"), part].mean() for s in ("best-of", "revise", "search"))
        print(f"  {name}: small {small:.3f}, large {known.quality[-1, part].mean():.3f}")
    print()
    print("| the same accuracy as | which costs | best-of-N alone | by difficulty | times less |\n|---|--:|--:|--:|--:|")
    for k in (16, 32, 64):
        wanted = known.quality[names.index(f"best-of-{k}")].mean()
        plan = make(known, Goal(at_least=float(wanted)), "route", {}, How(folds=5, seed=0))
        quality, cost_now = plan.expected["quality"], plan.expected["cost"]
        print(
            f"| best-of-{k} ({wanted:.3f}) | {k} | {told(quality)} | {told(cost_now, 1, 2)} | {k / cost_now.value:.1f} |",
            flush=True,
        )


def dart_math():
    """SIMULATED pass rates: trials until each query has its target, against as many for each."""
    rng, n, total = np.random.default_rng(0), 1000, 16_000
    rates = rng.beta(0.6, 0.9, size=n)
    hard = rates < 0.1
    print(
        "| allocation | trials | hard queries with a right answer | with 4 | right answers that are of hard ones |"
        "\n|---|--:|--:|--:|--:|"
    )

    def said(name, made, right):
        covered, full = (right[hard] >= 1).mean(), (right[hard] >= 4).mean()
        print(f"| {name} | {made.sum():,} | {covered:.1%} | {full:.1%} | {right[hard].sum() / right.sum():.1%} |")

    made = np.full(n, total // n)
    said("uniform", made, rng.binomial(made, rates))
    for name, target in (
        ("until 4 right", np.full(n, 4)),
        ("in proportion to difficulty", np.ceil(8 * (1 - rates)).astype(int)),
    ):
        trials = Trials(n, target)
        while (left := total - trials.made.sum()) > 0:
            asked = trials.ask(float(min(left, total // 16)))
            if not asked.sum():
                break
            trials.tell(asked, rng.binomial(asked, rates))
        said(name, trials.made, trials.right)


def cures():
    """A SIMULATED learner (logistic policy, REINFORCE with a group baseline): rollouts to reach an accuracy of 80 %."""

    def run(guided, seed):
        rng, n, d = np.random.default_rng(seed), 400, 8
        x, hard = np.abs(rng.normal(size=(n, d))), rng.normal(1.5, 2.5, size=n)
        w, spent = np.zeros(d), 0
        right, made = np.zeros(n), np.zeros(n)
        while True:
            p = 1 / (1 + np.exp(hard - x @ w))
            if p.mean() >= 0.8 or spent >= 200_000:
                return spent
            weight = spread(right, made) if guided else np.ones(n)
            batch = rng.choice(n, 32, replace=False, p=weight / weight.sum())
            count = rollouts(weight[batch], 256, least=2) if guided else np.full(32, 8)
            step = np.zeros(d)
            for i, k in zip(batch, count, strict=True):
                r = (rng.random(k) < p[i]).astype(float)
                step += ((r - r.mean()) * (r - p[i])).sum() / (k - 1) * x[i] / 32  # unbiased: the group mean takes one degree
                right[i], made[i] = 0.5 * right[i] + r.sum(), 0.5 * made[i] + k  # what is older counts for less
            w, spent = w + 0.05 * step, spent + int(count.sum())

    pairs = np.array([(run(False, seed), run(True, seed)) for seed in range(20)])
    ratio = pairs[:, 0] / pairs[:, 1]
    print(f"rollouts to 80 %: uniform {pairs[:, 0].mean():,.0f}, guided by the posterior {pairs[:, 1].mean():,.0f}; ", end="")
    print(f"{ratio.mean():.2f} times fewer (20 seeds, {ratio.min():.2f} to {ratio.max():.2f})")
    made = np.full(11, 10)
    print("rollouts of 110 at 0, 1, ..., 10 right of 10:", rollouts(spread(np.arange(11), made), 110).tolist())


def capacity():
    """SIMULATED agents in a chain: capacity under a budget against brute force, and the planted limiting stage."""
    rng, found, named = np.random.default_rng(0), [], 0
    for world in range(50):
        planted = world % 4
        names, worth, paid = [], [], []
        for stage in range(4):
            for k in range(4):
                names.append(f"s{stage}:m{k}")
                top = rng.uniform(0.45, 0.55) if stage == planted else rng.uniform(0.85, 0.95)
                worth.append(rng.random((200, 1)) < top * (1 - 0.4 * np.exp(-k)))
                paid.append(np.full((200, 1), rng.uniform(0.5, 1.5) * 2**k))
        known = evidence(names, worth, np.array(paid))
        configs = np.stack(np.meshgrid(*[np.arange(4)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
        rows = configs + 4 * np.arange(4)
        cost = known.cost.mean(axis=1)[rows].sum(axis=1)
        quality = np.array([known.quality[r].prod(axis=0).mean() for r in rows])
        budget = float(np.quantile(cost, rng.uniform(0.1, 0.9)))
        from isocost.plan.stages import STAGES

        rule = STAGES.fit(known, Goal(budget=budget), rng)
        found.append(rule.spend(known).worth.mean() / quality[cost <= budget].max())
        named += rule.limiting == f"s{planted}"
    print(f"capacity over the best single pipeline within the budget, 50 worlds of 256 pipelines: {min(found):.4f} to ", end="")
    print(f"{max(found):.4f} (above 1: a lot between two pipelines); the planted stage was named in {named} of 50")


MODELS, VOTES = (("small", 1.0), ("medium", 3.0), ("large", 10.0)), (1, 2, 4, 8, 16, 32)


def pipelines(rng):
    """A SIMULATED three-stage pipeline: (18, 18, 18) qualities and costs of all choices, and (3, 18) of each stage alone.

    A stage's quality saturates in its votes; the worse what the stage before hands over, the lower its ceiling and the slower
    it gets there, each model in its own measure.
    """
    tops, size = np.sort(rng.uniform(0.5, 0.98, (3, 3)), axis=1), rng.uniform(0.5, 2, 3)
    speed, harm, slow = rng.uniform(0.1, 0.9, (3, 3)), rng.uniform(0.2, 1, (3, 3)), rng.uniform(0, 4, (3, 3))
    model, votes = np.repeat(np.arange(3), 6), np.tile(VOTES, 3)

    def quality(t, before):
        lack = 1 - np.asarray(before)[..., None]
        top, rate = tops[t, model] * (1 - harm[t, model] * lack), speed[t, model] / (1 + slow[t, model] * lack)
        return top * (1 - 0.5 * np.exp(-rate * votes))

    cost = size[:, None] * np.array([price for _, price in MODELS])[model] * votes
    alone = np.array([quality(t, 1.0) for t in range(3)])
    return quality(2, quality(1, alone[0])), cost[0][:, None, None] + cost[1][:, None] + cost[2], alone, cost


def agenttts():
    """SIMULATED three-stage pipelines, each stage hanging on the one before: trials until within 1 % of brute force."""

    def guided(full, budget, alone, cost, noise, rng):
        options = [
            [Option(MODELS[k // 6][0], VOTES[k % 6], cost[t, k], None if alone is None else alone[t, k]) for k in range(18)]
            for t in range(3)
        ]
        search = Search(options, budget, noise=noise)
        while (config := search.ask()) is not None:
            search.tell(config, float(full[config] + noise * rng.normal()))
            yield search.best

    def climbing(full, within, rng):  # a random change of one or two stages, kept when better
        best = tuple(rng.choice(np.argwhere(within)).tolist())
        while True:
            yield best
            near = list(best)
            for t in rng.choice(3, rng.integers(1, 3), replace=False):
                near[t] = int(rng.integers(18))
            if within[tuple(near)] and full[tuple(near)] >= full[best]:
                best = tuple(near)

    def until(good, walk, most):
        """The first trial after which the best so far is good."""
        return next((n for n, best in zip(range(1, most + 1), walk, strict=False) if good[best]), most + 1)

    found, first, chose = defaultdict(list), [], defaultdict(list)
    for world in range(60):
        rng = np.random.default_rng(world)
        full, paid, alone, cost = pipelines(rng)
        budget = float(np.quantile(paid, rng.uniform(0.05, 0.5)))
        within = paid <= budget
        top = full[within].max()
        good = within & (full >= 0.99 * top)
        first.append(full[next(guided(full, budget, alone, cost, 0.0, rng))] / top)
        for name, known in (("guided, stages known alone", alone), ("guided, nothing known", None)):
            found[name].append(until(good, guided(full, budget, known, cost, 0.0, rng), 200))
            noisy = guided(full, budget, known, cost, 0.02, rng)
            reached = [full[best] / top for _, best in zip(range(40), noisy, strict=False)]
            chose[name].append((reached[9], reached[-1]))
        found["random exchanges, the better kept"].append(until(good, climbing(full, within, rng), 5832))
        order = rng.permutation(np.flatnonzero(within))
        found["random within the budget"].append(int(np.argmax(good.ravel()[order])) + 1)
        measured = full.ravel()[order[:40]] + 0.02 * rng.normal(size=len(order[:40]))
        tried = [full.ravel()[order[np.argmax(measured[:n])]] / top for n in (10, 40)]
        chose["random within the budget"].append(tuple(tried))
    print(f"60 worlds of 5,832 pipelines; the independent pipeline reaches {np.mean(first):.3f} of the best within the budget")
    print(f"({np.min(first):.3f} to {np.max(first):.3f}).\n")
    print("| trials to within 1 % | mean | median | 9 of 10 worlds | not in 200 |\n|---|--:|--:|--:|--:|")
    for name, trials in found.items():
        median, tenth = np.quantile(trials, [0.5, 0.9])
        print(f"| {name} | {np.mean(trials):.1f} | {median:.0f} | {tenth:.0f} | {np.sum(np.array(trials) > 200)} |")
    print("\n| trials measured with a standard error of .02: of the best quality | after 10 | after 40 |\n|---|--:|--:|")
    for name, shares in chose.items():
        print(f"| {name} | {np.mean(shares, axis=0)[0]:.3f} | {np.mean(shares, axis=0)[1]:.3f} |")
    beaten = np.mean(np.array(found["guided, nothing known"]) < np.array(found["random within the budget"]))
    print(f"\nguided with nothing known needs fewer trials than random in {beaten:.0%} of the worlds")


def egur():
    """A SIMULATED stream of problem families: strategies are drawn from experience of the family, a sure winner is cached."""
    families, length, price, worlds = 6, 1500, 0.01, 40
    base = np.array([1.0, 3.0, 5.0, 4.0, 8.0, 15.0, 12.0, 40.0])  # what the eight strategies cost

    def net(right, wrong, paid, tries, rng, size):
        return rng.beta(right, wrong, (size, len(base))) - price * paid / tries

    def stream(seed, candidates):
        """(5, length) right, cost, from the cache, worth lost, runs; the truth; and what the cached strategies lose."""
        rng = np.random.default_rng(seed)
        chance = np.clip(0.35 + 0.08 * np.log2(base) + rng.normal(0, 0.17, (families, len(base))), 0.05, 0.97)
        worth = chance - price * base
        memory = np.ones((4, *chance.shape))  # right, wrong, paid, tries; nothing is known beforehand, of costs neither
        memory[2] = base.mean()
        cached, told = np.full(families, -1), np.zeros((5, length))
        for i, family in enumerate(rng.integers(families, size=length)):
            mine = memory[:, family]
            reused = cached[family] >= 0
            draws = net(*mine, rng, candidates)  # Guide: each draw of the posterior proposes its best
            ran = cached[family : family + 1].copy() if reused else np.unique(draws.argmax(axis=1))
            believed = mine[0] / (mine[0] + mine[1]) - price * mine[2] / mine[3]
            given = ran[np.argmax(believed[ran])]  # its answer is handed on
            good, cost = rng.random(len(ran)) < chance[family, ran], base[ran] * rng.lognormal(-0.02, 0.2, len(ran))
            told[:, i] = good[ran == given][0], cost.sum(), reused, worth[family].max() - worth[family, given], len(ran)
            mine[:, ran] += np.array([good, ~good, cost, np.ones(len(ran))])
            if not reused and i % 10 == 0:  # Consolidator: cached once it is the best with 90 % probability
                shares = np.bincount(net(*mine, rng, 400).argmax(axis=1), minlength=len(base)) / 400
                cached[family] = shares.argmax() if shares.max() >= 0.9 else -1
        return told, chance, (worth.max(axis=1) - worth[np.arange(families), cached])[cached >= 0]

    print(f"{worlds} worlds, {families} families, {len(base)} strategies of cost 1 to 40; a right answer is worth 100.")
    for candidates in (1, 3):
        results = [stream(seed, candidates) for seed in range(worlds)]
        told = np.array([one[0] for one in results])
        print(f"\n{candidates} proposed for each item, all run and paid:\n")
        print("| items | accuracy | cost | runs | from the cache | net worth lost by the answer |\n|---|--:|--:|--:|--:|--:|")
        for part in np.array_split(np.arange(length), 5):
            accuracy, cost, cache, lost, runs = told[:, :, part].mean(axis=(0, 2))
            print(f"| {part[0] + 1} to {part[-1] + 1} | {accuracy:.3f} | {cost:.2f} | {runs:.2f} | {cache:.0%} | {lost:.3f} |")
        first, last = told[:, :2, : length // 5].mean(axis=2), told[:, :2, -length // 5 :].mean(axis=2)
        rose, fell, lost = last[:, 0] > first[:, 0], last[:, 1] < first[:, 1], np.concatenate([one[2] for one in results])
        print(f"\naccuracy rose in {rose.mean():.0%} of the worlds, cost fell in {fell.mean():.0%}, both in ", end="")
        print(f"{(rose & fell).mean():.0%}; of {len(lost)} cached strategies {(lost <= 0.03).mean():.0%} lose at most .03")
    print("\n| without experience | accuracy | cost |\n|---|--:|--:|")
    chances = np.array([one[1] for one in results])
    one = np.argmax(chances.mean(axis=1) - price * base, axis=1)
    each = np.argmax(chances - price * base, axis=2)
    print(f"| one at random | {chances.mean():.3f} | {base.mean():.2f} |")
    print(f"| one for all, the best in hindsight | {chances.mean(axis=1)[np.arange(worlds), one].mean():.3f} | ", end="")
    print(f"{base[one].mean():.2f} |\n| the dearest | {chances[..., -1].mean():.3f} | {base[-1]:.2f} |")
    print(f"| each family's best in hindsight | {np.take_along_axis(chances, each[..., None], 2).mean():.3f} | ", end="")
    print(f"{base[each].mean():.2f} |\n| all eight run for each item | | {base.sum():.2f} |")


SIZES, OVERLAPS, DEPTHS = (32, 64, 128, 256), (0.0, 0.25, 0.5), (1, 3, 5, 10)


def corpus(rng, documents=40, facts=12):
    """A SIMULATED corpus as one list of words, and (question, first word, last word) of the passage each question needs.

    A fact is told in two sentences, of which the first names the thing and the second what is asked; other passages name the
    same thing, or what is asked of other things.
    """
    vocabulary = np.array([f"w{k}" for k in range(3000)])
    common = 1 / np.arange(1, 3001)
    words, wanted = [], []

    def filler(n):
        return rng.choice(vocabulary, n, p=common / common.sum()).tolist()

    pairs = rng.permutation([(thing, trait) for thing in range(60) for trait in range(20)])
    for thing, trait in pairs[: documents * facts]:
        words += filler(int(rng.integers(10, 60)))
        start = len(words)
        words += [*filler(4), f"thing{thing}", *filler(6), *filler(int(rng.integers(0, 10))), f"trait{trait}", *filler(4)]
        wanted.append((f"thing{thing} trait{trait} " + " ".join(filler(4)), start + 4, len(words) - 5))
    return words, wanted


def rag():
    """Chunk size x overlap x reranking x depth on a SIMULATED corpus, TF-IDF; records, their frontier in tokens and seconds."""

    def retriever(words, size, overlap):
        starts = np.arange(0, len(words), max(1, int(size * (1 - overlap))))
        chunks = [words[start : start + size] for start in starts]
        vectors = TfidfVectorizer(sublinear_tf=True)
        matrix = vectors.fit_transform([" ".join(chunk) for chunk in chunks])

        def ranked(question, rerank):
            asked = vectors.transform([question])
            score = (matrix @ asked.T).toarray().ravel()
            order = np.argsort(-score, kind="stable")[:20]
            if rerank:  # of the first 20, that whose best window of 24 words is most alike
                starting = [range(0, max(1, len(chunks[c]) - 16), 8) for c in order]
                windows = [" ".join(chunks[c][at : at + 24]) for c, every in zip(order, starting, strict=True) for at in every]
                alike = (vectors.transform(windows) @ asked.T).toarray().ravel()
                owner = np.repeat(np.arange(len(order)), list(map(len, starting)))
                best = np.zeros(len(order))
                np.maximum.at(best, owner, alike)
                order = order[np.argsort(-best, kind="stable")]
            return [(int(starts[c]), len(chunks[c])) for c in order]

        return ranked

    words, wanted = corpus(np.random.default_rng(0))
    wanted = wanted[::4]
    with TemporaryDirectory() as folder:
        with RecordWriter(folder) as writer:
            for size, overlap, rerank in product(SIZES, OVERLAPS, (False, True)):
                ranked = retriever(words, size, overlap)
                for number, (question, first, last) in enumerate(wanted):
                    began = perf_counter()
                    found = ranked(question, rerank)
                    seconds = perf_counter() - began
                    for depth in DEPTHS:
                        holds = any(start <= first and last < start + n for start, n in found[:depth])
                        tokens = sum(n for _, n in found[:depth])
                        name = f"{size} words, {overlap:.0%} overlap, {'reranked, ' if rerank else ''}top {depth}"
                        call = Call(model="tf-idf", prompt_tokens=tokens, completion_tokens=0, seconds=seconds)
                        record = Record(system=name, item=str(number), score=float(holds), seconds=seconds, calls=(call,))
                        writer.append(record)
        table = item_table(open_records(folder), ["prompt_tokens", "seconds", "accuracy"])
    print(f"{len(words):,} words, {len(wanted)} questions, {len(table.systems)} settings.\n")
    seconds = dict(zip(table.systems, table.values["seconds"].mean(axis=1), strict=True))
    drawn = draw(table, x="prompt_tokens", y="accuracy", replicates=200, rng=np.random.default_rng(0))
    print("| on the frontier | tokens a question | passage found | milliseconds |\n|---|--:|--:|--:|")
    for place in drawn.systems:
        if place.member:
            print(f"| {place.system} | {place.x.value:.0f} | {told(place.y)} | {1000 * seconds[place.system]:.2f} |")
    print(f"\nknee: {drawn.knee}")
    mean = dict(zip(table.systems, table.values["accuracy"].mean(axis=1), strict=True))
    twins = [name for name in table.systems if "reranked" not in name]
    gain = [mean[name.replace("top", "reranked, top")] - mean[name] for name in twins]
    slower = np.mean([seconds[n.replace("top", "reranked, top")] for n in twins]) / np.mean([seconds[n] for n in twins])
    print(f"reranking: {slower:.1f} times the runtime, {np.mean(gain):+.3f} found ({min(gain):+.3f} to {max(gain):+.3f})")
    for overlap in OVERLAPS:
        kept = [mean[name] for name in twins if f" {overlap:.0%} overlap" in name]
        print(f"overlap {overlap:.0%}, no reranking: {np.mean(kept):.3f} found over sizes and depths")
    gains = dict(zip(twins, gain, strict=True))
    for size in SIZES:
        mine = [name for name in twins if name.startswith(f"{size} ")]
        by_depth = [np.mean([gains[name] for name in mine if name.endswith(f"top {depth}")]) for depth in DEPTHS]
        more = ", ".join(f"{gain:+.3f} at top {depth}" for depth, gain in zip(DEPTHS, by_depth, strict=True))
        print(f"chunks of {size}, no reranking: {np.mean([mean[name] for name in mine]):.3f} found; reranking adds {more}")


RUNS = {
    "humaneval": humaneval,
    "ellie": ellie,
    "last-letters": last_letters,
    "efficient-agents": efficient_agents,
    "test-time": test_time,
    "dart-math": dart_math,
    "cures": cures,
    "capacity": capacity,
    "agenttts": agenttts,
    "egur": egur,
    "rag": rag,
}


def main():
    """Prints what docs/plans.md reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RUNS))
    for name in parser.parse_args().names or parser.error(f"name some of {', '.join(RUNS)}"):
        if name not in RUNS:
            parser.error(f"expected some of {', '.join(RUNS)}, got '{name}'")
        print(f"\n## {name}: {RUNS[name].__doc__}\n")
        RUNS[name]()


if __name__ == "__main__":
    main()
