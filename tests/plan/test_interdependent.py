"""Whole pipelines are asked for within the budget, the best is found in few trials, and the same answers lead the same way."""

from itertools import product

import numpy as np
import pytest

from isocost.plan.interdependent import Config, Option, Search
from isocost.records import InputError

VOTES = (1, 2, 4, 8, 16)


def stages(sizes: int = 3, known: bool = False) -> list[list[Option]]:
    """A small system and a large one in each stage."""
    return [
        [
            Option(name, votes, price * votes, quality(t, name, votes, 1.0) if known else None)
            for name, price in (("small", 1.0), ("large", 4.0))
            for votes in VOTES
        ]
        for t in range(sizes)
    ]


def quality(t: int, name: str, votes: float, before: float) -> float:
    """Saturating; a small system suffers more from what the stage before lacks, most in the last stage."""
    top, harm = (0.75, 0.5 + 0.2 * t) if name == "small" else (0.95, 0.3)
    return top * (1 - harm * (1 - before)) * (1 - 0.5 * np.exp(-0.5 * votes * before))


def whole(options: list[list[Option]], config: Config) -> float:
    """What the chain delivers."""
    worth = 1.0
    for t, k in enumerate(config):
        worth = quality(t, options[t][k].system, options[t][k].votes, worth)
    return worth


def run(search: Search, options: list[list[Option]], trials: int) -> list[Config]:
    """The pipelines asked for."""
    asked = []
    while len(asked) < trials and (config := search.ask()) is not None:
        asked.append(config)
        search.tell(config, whole(options, config))
    return asked


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("budget", [12.0, 40.0])
def test_it_comes_within_one_percent_of_brute_force_in_few_trials(known: bool, budget: float) -> None:
    """Brute force tries up to 1,000 pipelines; a random trial is that good with a chance below 3 %."""
    options = stages(known=known)
    search = Search(options, budget)
    every = {config: whole(options, config) for config in product(*map(range, map(len, options)))}
    within = np.array([every[config] for config in every if search.cost(config) <= budget])
    assert (within >= 0.99 * within.max()).mean() < 0.03
    asked = run(search, options, 30)
    assert search.best is not None
    assert every[search.best] >= 0.99 * within.max()
    assert len(set(asked)) == 30
    assert max(map(search.cost, asked)) <= budget


def test_the_independent_pipeline_comes_first_where_the_stages_are_known_alone() -> None:
    """And it is the best product of qualities within the budget, by trying all."""
    options = stages(known=True)
    search = Search(options, 25.0)
    product_of = {
        config: np.prod([options[t][k].alone or 0.0 for t, k in enumerate(config)])
        for config in product(*map(range, map(len, options)))
        if search.cost(config) <= 25.0
    }
    first = search.ask()
    assert first is not None
    assert product_of[first] == pytest.approx(max(product_of.values()))


def test_the_same_answers_lead_the_same_way() -> None:
    options = stages()
    assert run(Search(options, 25.0), options, 12) == run(Search(options, 25.0), options, 12)


@pytest.mark.parametrize("sizes", [1, 2])
def test_it_ends_when_every_pipeline_within_the_budget_was_told(sizes: int) -> None:
    options = stages(sizes)
    search = Search(options, 9.0)
    every = {c for c in product(*map(range, map(len, options))) if search.cost(c) <= 9.0}
    assert set(run(search, options, 1000)) == every
    assert search.ask() is None


def test_noise_makes_the_best_one_that_its_neighbours_confirm() -> None:
    """A lucky pipeline among poor ones is not the best where noise is said; it is where none is."""
    options = [[Option("model", votes, votes) for votes in (1.0, 1.5, 2.0, 3.0, 16.0, 24.0)]]
    for noise, wanted in ((0.0, 1), (0.1, 4)):
        search = Search(options, 24.0, noise=noise)
        for k, value in enumerate([0.5, 0.66, 0.5, 0.5, 0.65, 0.65]):
            search.tell((k,), value)
        assert search.best is not None
        assert search.best[0] // 4 == wanted // 4


def test_what_was_measured_beyond_the_budget_teaches_but_is_not_the_best() -> None:
    options = stages()
    search = Search(options, 25.0)
    dear = (9, 9, 9)
    search.tell(dear, whole(options, dear))
    assert search.best is None
    run(search, options, 3)
    assert search.best is not None
    assert search.cost(search.best) <= 25.0


def test_what_cannot_be_is_said() -> None:
    search = Search(stages(), 25.0)
    search.tell((0, 0, 0), 0.5)
    for config, fact in (
        ((0, 0, 0), "was told before"),
        ((0, 0), "none of these stages"),
        ((0, 0, 10), "none of these stages"),
    ):
        with pytest.raises(InputError, match=fact):
            search.tell(config, 0.5)
    with pytest.raises(InputError, match="finite number"):
        search.tell((0, 0, 1), float("nan"))
    with pytest.raises(InputError, match="budget of at least 3"):
        Search(stages(), 2.0)
    with pytest.raises(InputError, match="an option for each stage"):
        Search([[], []], 2.0)
    with pytest.raises(InputError, match="votes above 0"):
        Search([[Option("model", 0, 1.0)]], 2.0)
