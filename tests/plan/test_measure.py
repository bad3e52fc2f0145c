"""Which pair to measure next: what is asked, what is promised, and that the promise is kept, by simulation."""

import math

import numpy as np
import pytest
from tests.oracles import measure as oracle

from isocost.plan.measure import Manner, Measure
from isocost.plan.measuring.pairs import Pairs, Terms
from isocost.records.errors import InputError
from isocost.stats import evidence

Table = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def world(seed: int, n: int = 300, shares: tuple[float, ...] = (0.3, 0.6, 0.5, 0.9, 0.78, 0.5)) -> tuple[Table, Table]:
    """Scores and costs of systems on questions whose difficulty they share."""
    rng = np.random.default_rng(seed)
    ease = rng.uniform(size=n)
    scores = (0.6 * ease + 0.4 * rng.uniform(size=(len(shares), n)) < np.array(shares)[:, None]).astype(float)
    return scores, np.array([1.0, 2, 3, 4, 6, 5])[: len(shares), None] * rng.lognormal(0, 0.3, size=(len(shares), n))


def names(k: int) -> list[str]:
    return [f"s{i}" for i in range(k)]


def run(scores: Table, costs: Table, seed: int = 0, **settings: object) -> Measure:
    k, n = scores.shape
    measure = Measure(names(k), [str(t) for t in range(n)], rng=np.random.default_rng(seed), **settings)
    while pairs := measure.ask():
        assert not measure.done
        answer(measure, pairs, scores, costs)
    assert measure.done
    return measure


def answer(measure: Measure, pairs: list[tuple[str, str]], scores: Table, costs: Table) -> None:
    at = [int(system[1:]) for system, _ in pairs], [int(item) for _, item in pairs]
    measure.tell(pairs, list(scores[at]), list(costs[at]))


def rows(measure: Measure) -> set[int]:
    return {int(name[1:]) for name in measure.frontier}


def test_a_clear_frontier_is_found_by_a_part_of_the_calls_the_cheapest_first() -> None:
    measure = run(*world(0, n=1000))
    assert measure.frontier == ("s0", "s1", "s3")
    assert measure.undecided == ()
    assert measure.saved > 0.5


@pytest.mark.parametrize("tolerance", [0.0, 0.03])
def test_the_promise_is_kept_as_often_as_it_says(tolerance: float) -> None:
    broken, runs = 0, 30
    for seed in range(runs):
        scores, costs = world(seed, n=120, shares=(0.5, 0.52, 0.55, 0.6, 0.6))
        manner = Manner(cost_tolerance=tolerance, pilot=10)
        measure = run(scores, costs, seed, tolerance=tolerance, confidence=0.8, manner=manner)
        faults = oracle.breaks(scores.mean(axis=1), costs.mean(axis=1), rows(measure), tolerance + 1e-12, tolerance + 1e-12)
        broken += bool(faults) or bool(measure.undecided)
    assert broken / runs <= 0.2


def test_the_promise_about_questions_like_these_is_kept_too() -> None:
    shares, prices, broken, runs = np.array([0.4, 0.5, 0.8, 0.78]), np.array([1.0, 2.0, 2.5, 4.0]), 0, 20
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        scores = (rng.uniform(size=(4, 600)) < shares[:, None]).astype(float)
        costs = prices[:, None] * rng.lognormal(-0.045, 0.3, size=(4, 600))
        measure = run(scores, costs, seed, tolerance=0.1, confidence=0.8, manner=Manner(these=False))
        assert measure.undecided == ()
        broken += bool(oracle.breaks(shares, prices, rows(measure), 0.1, 0.05))
    assert broken / runs <= 0.2


def test_equal_systems_are_told_apart_only_by_asking_everything() -> None:
    scores, costs = world(1, n=60)
    measure = run(np.repeat(scores[:1], 2, axis=0), np.repeat(costs[:1], 2, axis=0), tolerance=0.0, manner=Manner(0.0))
    assert measure.frontier == ("s0", "s1")
    assert measure.saved == 0


def test_questions_that_run_out_leave_systems_undecided_where_more_like_them_are_meant() -> None:
    scores, costs = world(2, n=40)
    measure = run(scores, costs, tolerance=0.0, manner=Manner(these=False))
    assert measure.done
    assert measure.undecided


def test_all_that_was_asked_to_the_end_gives_the_exact_frontier() -> None:
    scores, costs = world(3, n=25)
    measure = run(scores, costs, tolerance=0.0, manner=Manner(cost_tolerance=0.0, pilot=25))
    assert oracle.breaks(scores.mean(axis=1), costs.mean(axis=1), rows(measure), 1e-12, 1e-12) == []
    assert measure.saved == 0


@pytest.mark.parametrize(("budget", "best"), [(4.5, "s3"), (2.4, "s1"), (0.1, None)])
def test_the_best_system_under_a_budget_is_found_by_fewer_calls(budget: float, best: str | None) -> None:
    scores, costs = world(4, n=600)
    measure = run(scores, costs, budget=budget)
    assert measure.frontier == (() if best is None else (best,))
    assert measure.undecided == ()
    assert measure.calls < run(scores, costs).calls


def test_the_promise_under_a_budget_is_kept() -> None:
    broken, runs = 0, 30
    for seed in range(runs):
        scores, costs = world(seed, n=120, shares=(0.5, 0.52, 0.55, 0.6, 0.6))
        measure = run(scores, costs, seed, confidence=0.8, budget=4.1, manner=Manner(pilot=10))
        quality, paid = scores.mean(axis=1), costs.mean(axis=1)
        for i in rows(measure):
            broken += paid[i] > 1.05 * 4.1 or any(quality[paid * 1.05 < 4.1] > quality[i] + 0.02 + 1e-12)
    assert broken / runs <= 0.2


def test_a_failed_call_is_not_a_wrong_answer() -> None:
    scores, costs = world(5, n=800)
    failing = scores.copy()
    failing[3, np.random.default_rng(0).uniform(size=800) < 0.4] = np.nan
    measure = run(failing, costs)
    assert measure.frontier == ("s0", "s1", "s3")
    found = measure.estimates["s3"]
    assert found.failed > 0.2 * found.asked
    assert found.quality.value > 0.8


def test_a_system_that_answers_nothing_is_set_aside_after_the_pilot() -> None:
    scores, costs = world(6)
    scores[3] = costs[3] = np.nan
    measure = run(scores, costs)
    assert measure.silent == ("s3",)
    assert measure.estimates["s3"].asked == 20
    assert measure.frontier == ("s0", "s1", "s4")
    assert measure.undecided == ()


def test_asking_again_repeats_what_was_not_told_and_the_rest_may_come_in_any_order() -> None:
    scores, costs = world(7)
    one = Measure(names(6), map(str, range(300)), rng=np.random.default_rng(0))
    shuffle = np.random.default_rng(1)
    while pairs := one.ask():
        assert one.ask() == pairs
        some = [pairs[i] for i in shuffle.permutation(len(pairs))[: 1 + len(pairs) // 2]]
        answer(one, some, scores, costs)
        assert set(one.ask()) >= set(pairs) - set(some)
    other = run(scores, costs)
    assert (one.frontier, one.calls, one.estimates) == (other.frontier, other.calls, other.estimates)


def test_what_was_measured_before_is_not_asked_again() -> None:
    scores, costs = world(8)
    measure = Measure(names(6), map(str, range(300)), rng=np.random.default_rng(0))
    answer(measure, [(name, str(t)) for name in names(6) for t in range(0, 300, 2)], scores, costs)
    while pairs := measure.ask():
        assert all(int(item) % 2 for _, item in pairs)
        answer(measure, pairs, scores, costs)
    assert measure.frontier == ("s0", "s1", "s3")
    everything = Measure(names(6), map(str, range(300)), rng=np.random.default_rng(0))
    answer(everything, [(name, str(t)) for name in names(6) for t in range(300)], scores, costs)
    assert everything.done
    assert everything.frontier == ("s0", "s1", "s3")


def test_a_seed_reproduces_what_is_asked() -> None:
    assert run(*world(9), seed=3).estimates == run(*world(9), seed=3).estimates


def test_estimates_hold_the_truth() -> None:
    scores, costs = world(10)
    for name, found in run(scores, costs).estimates.items():
        row = int(name[1:])
        assert found.quality.low - 1e-9 <= scores[row].mean() <= found.quality.high + 1e-9
        assert found.cost.low - 1e-9 <= costs[row].mean() <= found.cost.high + 1e-9


@pytest.mark.parametrize("population", [0, 80])
def test_the_evidence_of_a_pair_is_that_of_its_differences(population: int) -> None:
    scores, costs = world(11, n=80)
    scores[1, ::7] = np.nan
    pairs = Pairs(6, 80, Terms(0.02, 0.05, population, 10))
    for asked in ([20, 15, 30, 40, 50, 5], [70, 60, 70, 70, 79, 79]):  # in two steps, each as far as it was asked
        pairs.advance(scores, costs, np.array(asked))
    for i, j in ((0, 1), (1, 0), (3, 4), (4, 5)):
        end = min(asked[i], asked[j])
        alone = evidence((scores[i] - scores[j] + 0.02)[:end], floor=-0.98, population=population or None, start=10)
        if not population:  # the bets of a single stream are meant for its own length
            continue
        assert pairs.as_good_now[i, j] == pytest.approx(alone[-1])
    known = ~np.isnan(scores[0, :60] - scores[1, :60])
    assert pairs.lead[0, 1] == pytest.approx((scores[0] - scores[1])[:60][known].mean())
    assert pairs.dearer[0, 1] == pytest.approx((costs[0] - costs[1])[:60][known].mean())


def test_costs_that_never_vary_are_known_after_the_pilot() -> None:
    scores, _ = world(12, n=400)
    measure = run(scores, np.repeat(np.arange(1.0, 7)[:, None], 400, axis=1))
    assert measure.frontier == ("s0", "s1", "s3")


def test_unknown_costs_leave_undecided_but_end() -> None:
    scores, costs = world(13, n=50)
    costs[:] = np.nan
    measure = run(scores, costs)
    assert measure.done


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"confidence": 1.0}, "confidence"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"budget": -1.0}, "budget"),
        ({"manner": Manner(pilot=1)}, "pilot"),
        ({"manner": Manner(cost_tolerance=math.nan)}, "cost_tolerance"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Measure(["a"], ["q"], rng=np.random.default_rng(0), **settings)


def test_what_cannot_be_told_is_refused() -> None:
    measure = Measure(["a", "b"], ["q", "r"], rng=np.random.default_rng(0))
    for pairs, scores, costs, said in (
        ([("a", "q")], [2.0], [1.0], "between 0 and 1"),
        ([("a", "q")], [1.0], [-1.0], "not negative"),
        ([("a", "x")], [1.0], [1.0], "no pair"),
        ([("a", "q")], [1.0], [], "a score and a cost"),
        ([("a", "q"), ("a", "q")], [1.0, 1.0], [1.0, 1.0], "told once"),
    ):
        with pytest.raises(InputError, match=said):
            measure.tell(pairs, scores, costs)
    measure.tell([("a", "q")], [None], [None])
    with pytest.raises(InputError, match="told once"):
        measure.tell([("a", "q")], [1.0], [1.0])
    with pytest.raises(InputError, match="each once"):
        Measure(["a", "a"], ["q"], rng=np.random.default_rng(0))
