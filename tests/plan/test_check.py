"""A plan fits records of the same kind, and not those of another; what cannot be judged is said."""

from pathlib import Path

import numpy as np
import pytest

from isocost.plan import Goal, How, Plan, check, gather, make
from isocost.records import Call, InputError, Item, Manifest, Price, Record, Records, RecordWriter, open_records
from isocost.records.manifest import write_items

PRICES = {"cheap": Price(input=0.0, output=1.0), "dear": Price(input=0.0, output=10.0)}


def study(
    folder: Path, seed: int, n: int = 150, ability: float = 0.0, tokens: int = 100, systems: tuple[str, ...] = ()
) -> Records:
    """Records of two systems, `cheap` and `dear`; hard questions are long."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=n)
    with RecordWriter(folder) as writer:
        for system, skill in (("cheap", -0.3), ("dear", 1.2)):
            for i in range(n if not systems or system in systems else 0):
                right = rng.random() < 1 / (1 + np.exp(2 * hard[i] - 2 * (skill + ability)))
                call = Call(model=system, prompt_tokens=9, completion_tokens=int(tokens * rng.uniform(0.5, 1.5)), seconds=1.0)
                writer.append(Record(system=system, item=f"q{seed}-{i}", score=float(right), text="x", calls=(call,)))
    write_items(folder, [Item(id=f"q{seed}-{i}", question="hard " * max(1, round(9 + 5 * hard[i]))) for i in range(n)])
    Manifest(study="s", prices=PRICES).save(folder)
    return open_records(folder)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    evidence = gather(study(tmp_path_factory.mktemp("made"), 0))
    return make(evidence, Goal(budget=0.0005), "mix", how=How(folds=3))


def test_records_of_the_same_kind_fit(plan: Plan, tmp_path: Path) -> None:
    found = check(plan, study(tmp_path, 4))
    assert found.fits, found.verdict
    told = {(test.what, test.system) for test in found.tests}
    assert told >= {("quality", ""), ("cost", ""), ("share", "dear"), ("cost", "cheap")}


def test_a_plan_that_fits_is_rarely_said_not_to(plan: Plan, tmp_path: Path) -> None:
    """Of 20 studies of the same kind; 5 % may fail, so more than four of twenty would be chance once in 400."""
    wrong = [not check(plan, study(tmp_path / str(seed), seed)).fits for seed in range(2, 22)]
    assert sum(wrong) <= 4


def test_worse_systems_do_not_fit_and_are_named(plan: Plan, tmp_path: Path) -> None:
    found = check(plan, study(tmp_path, 1, ability=-0.8))
    assert not found.fits
    assert "quality of dear" in found.verdict
    assert "do not fit" in found.verdict


def test_longer_answers_cost_more_and_do_not_fit(plan: Plan, tmp_path: Path) -> None:
    found = check(plan, study(tmp_path, 1, tokens=150))
    assert not found.fits
    assert "cost 0.00" in found.verdict
    assert not [test for test in found.tests if test.what == "quality" and test.differs]


def test_the_plans_own_records_are_known(plan: Plan, tmp_path: Path) -> None:
    found = check(plan, study(tmp_path, 0))
    assert any("very records" in note for note in found.notes)


def test_a_system_that_is_asked_must_be_there(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dear: it has no records"):
        check(plan, study(tmp_path, 1, systems=("cheap",)))


def test_the_plans_prices_hold_and_a_change_is_said(plan: Plan, tmp_path: Path) -> None:
    records = study(tmp_path, 4)
    Manifest(study="s", prices=PRICES | {"dear": Price(input=0.0, output=99.0)}).save(tmp_path)
    found = check(plan, open_records(records.path))
    assert found.fits
    assert any("prices differ" in note for note in found.notes)


def test_predicted_quality_is_calibrated_or_said_not_to_be(tmp_path: Path) -> None:
    evidence = gather(study(tmp_path / "made", 0))
    plan = make(evidence, Goal(budget=0.0005), "route", {"features": "length", "predictor": "linear"}, How(folds=3))
    assert abs(plan.expected["calibration"].value) < 0.1
    found = {test.what: test for test in check(plan, study(tmp_path / "new", 1, ability=-0.8)).tests if not test.system}
    assert found["calibration"].differs
    assert found["calibration"].found.value < -0.1
