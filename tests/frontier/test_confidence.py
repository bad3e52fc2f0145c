"""Chances and intervals against closed forms and simulated worlds with known truth."""

import numpy as np
import pytest
from scipy.stats import norm

from isocost.frontier import frontier_confidence, hypervolume, nondominated

Matrix = np.ndarray


def world(rng: np.random.Generator, *, cost: list[float], accuracy: list[float], n: int) -> tuple[Matrix, Matrix]:
    """Systems with these true means, on n questions that share their difficulty."""
    difficulty = rng.normal(size=n)
    bar = norm.ppf(accuracy)[:, None] * np.sqrt(2)
    y = (rng.normal(size=(len(accuracy), n)) + difficulty < bar).astype(float)
    x = np.array(cost)[:, None] * rng.lognormal(-0.125, 0.5, size=(len(cost), n))
    return x, y


def test_it_reports_the_means_their_frontier_and_its_hypervolume() -> None:
    x, y = world(np.random.default_rng(1), cost=[1, 2, 3, 4], accuracy=[0.4, 0.6, 0.5, 0.8], n=80)
    found = frontier_confidence(x, y, replicates=50, rng=np.random.default_rng(2))
    points = np.column_stack([x.mean(axis=1), y.mean(axis=1)])
    assert np.allclose(found.points, points)
    assert found.member.tolist() == nondominated(points, (False, True)).tolist()
    assert found.reference == (x.mean(axis=1).max(), 0.0)
    assert found.hypervolume.value == pytest.approx(hypervolume(points, found.reference, (False, True)))
    assert found.hypervolume.low < found.hypervolume.value < found.hypervolume.high


def test_the_chances_follow_from_resampled_questions() -> None:
    """The obvious way: draw question numbers, average, look who is dominated."""
    x, y = world(np.random.default_rng(1), cost=[1, 2, 3, 4], accuracy=[0.4, 0.6, 0.55, 0.6], n=60)
    found = frontier_confidence(x, y, replicates=4000, rng=np.random.default_rng(2))
    rng, wins = np.random.default_rng(3), np.zeros(4)
    for _ in range(2000):
        drawn = rng.integers(60, size=60)
        wins += nondominated(np.column_stack([x[:, drawn].mean(axis=1), y[:, drawn].mean(axis=1)]), (False, True))
    assert np.abs(found.on_frontier - wins / 2000).max() < 4 * np.sqrt(0.25 / 2000 + 0.25 / 4000)


def test_the_same_seed_gives_the_same_bytes() -> None:
    x, y = world(np.random.default_rng(1), cost=[1, 2], accuracy=[0.4, 0.6], n=30)
    once, again = (frontier_confidence(x, y, replicates=100, rng=np.random.default_rng(5)) for _ in range(2))
    assert once.on_frontier.tobytes() == again.on_frontier.tobytes()
    assert once.hypervolume == again.hypervolume


def test_a_better_system_at_equal_cost_wins_with_the_normal_probability_of_its_lead() -> None:
    """Over many worlds, where the lead is z standard errors on average, the mean chance is Phi(z / sqrt 2)."""
    rng, n, lead, chances = np.random.default_rng(4), 150, 0.08, []
    x = np.ones((2, n))
    for _ in range(150):
        y = np.stack([rng.normal(0.5, 0.3, n), rng.normal(0.5 + lead, 0.3, n)])
        chances.append(frontier_confidence(x, y, replicates=200, rng=rng).on_frontier[1])
    z = lead / np.sqrt(2 * 0.3**2 / n)
    expected = norm.cdf(z / np.sqrt(2))
    assert np.mean(chances) == pytest.approx(expected, abs=4 * np.std(chances) / np.sqrt(150))


@pytest.mark.parametrize(
    ("cost", "accuracy", "least"),
    [([1.0], [0.7], 0.88), ([0.2, 0.6, 1.2, 2.0], [0.3, 0.5, 0.7, 0.8], 0.88), ([1.0] * 6, [0.6] * 6, 0.55)],
    ids=["one system", "systems far apart", "all equal, where it is known to fail"],
)
def test_the_hypervolume_interval_covers_the_truth(cost: list[float], accuracy: list[float], least: float) -> None:
    """150 worlds of 150 questions; nominally 95 %."""
    rng, covered = np.random.default_rng(6), 0
    truth = hypervolume(np.column_stack([cost, accuracy]), (4.0, 0.0), (False, True))
    for _ in range(150):
        x, y = world(rng, cost=cost, accuracy=accuracy, n=150)
        found = frontier_confidence(x, y, reference=(4.0, 0.0), replicates=200, rng=rng)
        covered += found.hypervolume.low <= truth <= found.hypervolume.high
    assert covered / 150 >= least


def test_replicates_of_a_maximum_are_too_large_and_it_says_by_how_much() -> None:
    x, y = world(np.random.default_rng(1), cost=[1.0] * 8, accuracy=[0.6] * 8, n=100)
    found = frontier_confidence(x, y, reference=(2.0, 0.0), replicates=300, rng=np.random.default_rng(2))
    assert found.bias > 0.01


def test_a_missing_answer_is_missing_for_its_system_only() -> None:
    x, y = world(np.random.default_rng(1), cost=[1, 2], accuracy=[0.5, 0.7], n=40)
    x[0, :10] = y[0, :10] = np.nan
    found = frontier_confidence(x, y, replicates=20, rng=np.random.default_rng(2))
    assert found.points[0].tolist() == pytest.approx([x[0, 10:].mean(), y[0, 10:].mean()])
    assert found.points[1].tolist() == pytest.approx([x[1].mean(), y[1].mean()])


def test_a_system_without_answers_is_never_on_the_frontier() -> None:
    x, y = world(np.random.default_rng(1), cost=[1, 2], accuracy=[0.5, 0.7], n=40)
    y[1] = np.nan
    found = frontier_confidence(x, y, replicates=20, rng=np.random.default_rng(2))
    assert found.on_frontier.tolist() == [1.0, 0.0]


def test_many_questions_are_drawn_in_bundles_with_the_same_spread() -> None:
    rng, n = np.random.default_rng(8), 30_000
    y = rng.normal(1.0, 0.5, size=(1, n))
    found = frontier_confidence(np.ones((1, n)), y, reference=(2.0, 0.0), replicates=1000, rng=rng).hypervolume
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(n), rel=0.12)


def test_questions_of_one_cluster_are_drawn_together() -> None:
    """Each question ten times over, in clusters, is as sure as once; taken for independent it would seem surer."""
    rng = np.random.default_rng(8)
    x, y = world(rng, cost=[1, 2], accuracy=[0.5, 0.7], n=60)
    ten_x, ten_y = np.repeat(x, 10, axis=1), np.repeat(y, 10, axis=1)

    def width(*axes: Matrix, clusters: Matrix | None = None) -> float:
        found = frontier_confidence(*axes, reference=(3.0, 0.0), clusters=clusters, replicates=2000, rng=rng).hypervolume
        return found.high - found.low

    once = width(x, y)
    assert width(ten_x, ten_y, clusters=np.repeat(np.arange(60), 10)) == pytest.approx(once, rel=0.1)
    assert width(ten_x, ten_y) == pytest.approx(once / np.sqrt(10), rel=0.1)


def test_answers_that_are_all_the_same_bound_nothing() -> None:
    found = frontier_confidence(np.ones((1, 9)), np.ones((1, 9)), reference=(2.0, 0.0), rng=np.random.default_rng(0))
    assert (found.hypervolume.low, found.hypervolume.high) == (0.0, np.inf)


def test_one_question_bounds_nothing() -> None:
    found = frontier_confidence([[1.0]], [[1.0]], reference=(2.0, 0.0), replicates=10, rng=np.random.default_rng(0))
    assert (found.hypervolume.low, found.hypervolume.high) == (0.0, np.inf)


def test_more_axes_work_alike() -> None:
    rng = np.random.default_rng(9)
    axes = rng.random((3, 4, 50))
    found = frontier_confidence(*axes, maximise=(False, True, False), replicates=30, rng=rng)
    assert found.points.shape == (4, 3)
    assert found.on_frontier[found.member].min() > 0


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([[1.0, 2.0]], [[1.0]], "all of one shape"),
        ([1.0, 2.0], [1.0, 2.0], "matrix"),
        (np.empty((0, 3)), np.empty((0, 3)), "at least one of each"),
        ([[1.0, np.inf]], [[1.0, 0.0]], "infinite"),
        ([[np.nan, np.nan]], [[1.0, 0.0]], "finite mean"),
    ],
)
def test_a_misfit_is_told(x: list, y: list, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        frontier_confidence(x, y, rng=np.random.default_rng(0))
