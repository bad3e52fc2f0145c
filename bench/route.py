"""Routers on real data, judged on questions they were not fitted on: RouteLLM's GSM8K and MMLU, ZeroEval, EllieSQL's labels.

    python bench/route.py [gsm8k mmlu zeroeval elliesql]

Reads ISOCOST_EXTERNAL_DATA (default ../shared/data). Everything is five-fold cross-fitted; a router's own choices (predictor,
price) are made inside the other four folds. Intervals are the 2.5 and 97.5 % points of 1,000 bootstraps over questions.
"""

import argparse
import csv
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from isocost.metrics.prices import resolve
from isocost.plan.evidence import NOTHING, Evidence
from isocost.plan.expect import cross_fit, split
from isocost.plan.fixed import FIXED
from isocost.plan.mix import MIX
from isocost.plan.route import ROUTE
from isocost.plan.rule import Goal

DATA = Path(os.environ.get("ISOCOST_EXTERNAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
WEAK, STRONG = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
PUBLISHED = {"gsm8k": {"RouteLLM's best": 0.622, "TF-IDF": 0.592}, "mmlu": {"RouteLLM's best": 0.603, "TF-IDF": 0.671}}
REPLICATES, SEED = 1000, 0

PRICED = datetime(2026, 11, 22, tzinfo=UTC)  # list prices of that day per genai-prices
HIDDEN = ("o1-mini-2024-09-12",)  # its reasoning tokens are not in the file: neither its tokens nor its dollars are known
# EllieSQL's file has no token counts: a basic, intermediate and advanced pipeline are taken to use 1, 3 and 8 units.
PIPELINES = {"basic": 1.0, "intermediate": 3.0, "advanced": 8.0}


class Curve(NamedTuple):
    """CPT(50 %), CPT(80 %) (shares of strong calls that recover so much of the gap) and APGR (Ong et al. 2024, section 2.3)."""

    cpt50: float
    cpt80: float
    apgr: float


def curve(score: np.ndarray[Any, Any], weak: np.ndarray[Any, Any], strong: np.ndarray[Any, Any]) -> Curve:
    """The router's curve over every threshold: the questions of highest score go to the strong model.

    Equal scores are drawn in random order (their curve is a straight line). RouteLLM's own code interpolates ten thresholds;
    here every question is one.
    """
    order = np.argsort(-score, kind="stable")
    gained = np.r_[0.0, np.cumsum((strong - weak)[order])] / (strong - weak).sum()
    ends = np.r_[0, np.flatnonzero(np.diff(score[order])) + 1, len(score)]
    share, recovered = ends / len(score), gained[ends]
    first = [_crossing(share, recovered, level) for level in (0.5, 0.8)]
    return Curve(*first, float(np.trapezoid(recovered, share)))


def _crossing(share: np.ndarray[Any, Any], recovered: np.ndarray[Any, Any], level: float) -> float:
    at = int(np.argmax(recovered >= level))
    span = recovered[at] - recovered[at - 1]
    return float(share[at] - (share[at] - share[at - 1]) * (recovered[at] - level) / span)


def table(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def evidence(
    texts: list[str], systems: dict[str, tuple[Any, Any]], columns: dict[str, Any] | None = None, unit: str = "cost"
) -> Evidence:
    """One attempt of each system (quality, cost) at each question."""
    worth, paid = (np.array([each[part] for each in systems.values()], dtype=float)[:, :, None] for part in (0, 1))
    count = worth.shape[1]
    blank = np.full(worth.shape, np.nan)
    names = tuple(str(number) for number in range(count))
    answer = np.full(worth.shape, NOTHING)
    every = (worth, np.where(np.isnan(worth), np.nan, paid), blank, blank, answer, np.arange(count))
    return Evidence(tuple(systems), names, *every, tuple(texts), columns or {}, unit=unit)


def routellm(name: str) -> Evidence:
    """GPT-4 against Mixtral, a strong call costing 1 and a weak one nothing; without the contaminated questions."""
    folder = DATA / "routellm" / name
    rows = [row for path in sorted(folder.glob("*.csv")) for row in table(path)]
    if (folder / "contaminated_prompts.jsonl").exists():
        lines = (folder / "contaminated_prompts.jsonl").read_text(encoding="utf-8").splitlines()
        seen = {json.loads(line)["eval_prompt"] for line in lines}
        rows = [row for row in rows if row["prompt"] not in seen]
    weak, strong = (np.array([row[model] == "True" for row in rows], dtype=float) for model in (WEAK, STRONG))
    cost = {"weak": (weak, np.zeros(len(rows))), "strong": (strong, np.ones(len(rows)))}
    return evidence([row["prompt"] for row in rows], cost, unit="calls")


def predicted(known: Evidence, goal: Goal, **options: Any) -> np.ndarray[Any, Any]:
    """(n, S) predicted quality, each question's by a router that was fitted without its fold."""
    found = np.empty(known.quality.T.shape)
    rng = np.random.default_rng(SEED)
    folds = split(known.groups, 5, rng)
    for fold in range(5):
        rule = ROUTE.fit(known.take(folds != fold), goal, np.random.default_rng(SEED + fold), **options)
        found[folds == fold] = rule.predicted(known.take(folds == fold))  # type: ignore[attr-defined]
    return found


def interval(values: Callable[[np.ndarray[Any, Any]], float], count: int) -> tuple[float, float]:
    """The bootstrap's 2.5 and 97.5 % points of a figure of questions drawn with replacement."""
    rng = np.random.default_rng(SEED)
    low, high = np.percentile([values(rng.integers(count, size=count)) for _ in range(REPLICATES)], [2.5, 97.5])
    return float(low), float(high)


def two(name: str) -> None:
    """RouteLLM's measures of our routers, and how well calibrated they are."""
    known = routellm(name)
    weak, strong = known.quality
    print(f"\n{name}: {len(weak)} questions, weak {weak.mean():.3f}, strong {strong.mean():.3f}")
    print("| router | CPT(50 %) | CPT(80 %) | APGR | Brier of weak, strong | ECE |\n|---|---|---|---|---|---|")
    ways: dict[str, dict[str, str]] = {"route": {}, "length": {"features": "length"}}
    ways |= {predictor: {"predictor": predictor} for predictor in ("linear", "neighbours", "boosted", "blend")}
    for way, options in ways.items():
        expected = predicted(known, Goal(budget=0.5), **options)
        score = expected[:, 1] - expected[:, 0]
        found = curve(score, weak, strong)
        cells = []
        for part in range(3):
            low, high = interval(lambda rows, s=score, p=part: curve(s[rows], weak[rows], strong[rows])[p], len(weak))
            cells.append(f"{found[part]:.3f} [{low:.3f}, {high:.3f}]")
        brier = ((expected - known.quality.T) ** 2).mean(axis=0)
        print(f"| {way} | {' | '.join(cells)} | {brier[0]:.4f}, {brier[1]:.4f} | {ece(expected, known.quality.T):.3f} |")
    constant = known.quality.var(axis=1)
    print(f"Brier of a constant: {constant[0]:.4f}, {constant[1]:.4f}. Published APGR: {PUBLISHED[name]}")


def ece(expected: np.ndarray[Any, Any], worth: np.ndarray[Any, Any]) -> float:
    """Expected calibration error over ten bins of like size, of all systems' answers together."""
    order = np.argsort(expected, axis=None)
    bins = np.array_split(order, 10)
    return float(np.mean([abs(expected.ravel()[each].mean() - worth.ravel()[each].mean()) for each in bins]))


def zeroeval(money: bool) -> Evidence:
    """Models on GSM8K with the questions' texts (its ids are the positions in the test set, which RouteLLM's file keeps).

    In dollars the models that have a list price; in completion tokens all of them.
    """
    lines = (DATA / "routellm" / "gsm8k" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["question"] for line in lines]
    rows = table(DATA / "zeroeval" / "gsm_per_query.csv")
    names = sorted({row["model"] for row in rows})
    found = {name: np.full((3, len(texts)), np.nan) for name in names}
    for row in rows:
        numbers = row["correct"], row["prompt_tokens_o200k"], row["output_tokens_o200k"]
        found[row["model"]][:, int(row["id"].split("#")[1])] = [float(number) for number in numbers]
    full = {name: each for name, each in found.items() if not np.isnan(each).any() and name not in HIDDEN}
    prices = resolve(full, when=PRICED)
    systems: dict[str, tuple[Any, Any]] = {}
    for name, (right, prompt, completion) in full.items():
        if not money:
            systems[name] = right, completion
        elif (price := prices.get(name)) and price.input is not None and price.output is not None:
            systems[name] = right, (prompt * price.input + completion * price.output) / 1e6
    print(
        f"\nzeroeval: {len(systems)} of {len(names)} models; partial, or with hidden tokens: {len(names) - len(full)}", end=""
    )
    print(f"; without a list price: {len(full) - len(prices)}" if money else "")
    return evidence(texts, systems, unit="$" if money else "tokens")


def elliesql() -> Evidence:
    """Three pipelines; what one solves the dearer solve too (the labels say only which is the cheapest that does)."""
    rows = table(DATA / "elliesql" / "bird_dev_labels.csv")
    label = np.array([int(row["label"]) for row in rows])
    systems = {name: (label <= level, np.full(len(rows), cost)) for level, (name, cost) in enumerate(PIPELINES.items(), 1)}
    kinds = ("simple", "moderate", "challenging")
    columns = {kind: np.array([row["difficulty"] == kind for row in rows], dtype=float) for kind in kinds}
    return evidence([""] * len(rows), systems, columns)


def budgets(
    known: Evidence, amounts: list[float], ways: dict[str, dict[str, Any]]
) -> Iterator[tuple[float, str, float, float]]:
    """(budget, rule, quality, cost) of each rule at each budget, cross-fitted."""
    folds = split(known.groups, 5, np.random.default_rng(SEED))
    for budget in amounts:
        fits = {"best single": FIXED.fit, "mix": MIX.fit} | dict.fromkeys(ways, ROUTE.fit)
        for way, fit in fits.items():
            options = ways.get(way, {})

            def fitted(part: Evidence, goal: Goal, rng: Any, fit: Any = fit, options: Any = options) -> Any:
                return fit(part, goal, rng, **options)

            held = cross_fit(fitted, known, Goal(budget=budget), folds, np.random.default_rng(SEED))
            yield budget, way, float(np.nanmean(held.outcome.worth)), float(np.nanmean(held.outcome.paid))
        yield budget, "oracle", *oracle(known, budget)


def oracle(known: Evidence, budget: float) -> tuple[float, float]:
    """The best choice with the answers known."""
    from isocost.allocate import choose

    count = len(known.items)
    best = choose(known.quality.T, known.cost.T, budget * count)
    return best.value / count, best.cost / count


def many() -> None:
    """ZeroEval's plan at several budgets beside the baselines, in dollars and in tokens."""
    ways: dict[str, dict[str, Any]] = {"route": {}, "length": {"features": "length"}, "constant": {"predictor": "constant"}}
    for money, scale, unit in ((True, 1000, "$ per 1,000"), (False, 1, "tokens")):
        known = zeroeval(money)
        means = known.cost.mean(axis=1)
        amounts = [float(np.quantile(means, share)) for share in (0.1, 0.25, 0.5, 0.75)]
        show(budgets(known, amounts, ways), scale, unit)


def sql() -> None:
    """EllieSQL's plan at several budgets, the tokens saved at no loss, and TEP against the basic pipeline."""
    known = elliesql()
    print(f"\nelliesql: {len(known.items)} questions, costs {PIPELINES}")
    found = list(budgets(known, [1.5, 2.0, 3.0, 5.0], {"route": {}, "constant": {"predictor": "constant"}}))
    show(iter(found), 1, "units")
    best, base = float(known.quality[-1].mean()), float(known.quality[0].mean())
    free = float(np.where(known.quality.max(axis=0) > 0, PIPELINES["advanced"], 1.0).mean())
    solved = known.quality.argmax(axis=0)
    cheapest = float(np.where(known.quality.max(axis=0) > 0, np.array(list(PIPELINES.values()))[solved], 1.0).mean())
    print(f"always advanced: {best:.4f} for 8; knowing what is unsolvable: {free:.2f}; knowing all: {cheapest:.2f}")
    for name, worth, cost in [("always advanced", best, 8.0), ("oracle", best, cheapest)]:
        print(f"TEP of {name}: {tep(worth, cost, base, 1.0):.4f}")
    for budget, way, worth, cost in found:
        if way == "route":
            print(f"TEP of route at {budget:g}: {tep(worth, cost, base, 1.0):.4f}")


def tep(worth: float, cost: float, base: float, base_cost: float) -> float:
    """Token elasticity of performance: relative gain of accuracy by relative gain of tokens over the base pipeline."""
    return ((worth - base) / base) / ((cost - base_cost) / base_cost)


def show(rows: Iterator[tuple[float, str, float, float]], scale: float, unit: str) -> None:
    """One line for each budget and rule."""
    print(f"| budget ({unit}) | rule | quality | cost |\n|---|---|---|---|")
    for budget, way, worth, cost in rows:
        print(f"| {budget * scale:.4g} | {way} | {worth:.4f} | {cost * scale:.4g} |", flush=True)


def main() -> None:
    """Prints what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["gsm8k", "mmlu", "zeroeval", "elliesql"])
    for what in parser.parse_args().what:
        began = time.perf_counter(), time.process_time()
        {"zeroeval": many, "elliesql": sql}.get(what, lambda name=what: two(name))()
        print(f"{time.perf_counter() - began[0]:.0f} s of wall time, {time.process_time() - began[1]:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
