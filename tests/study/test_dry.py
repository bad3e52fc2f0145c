"""A dry run bounds what the study then spends, whatever its systems and graders do with what a model says."""

from pathlib import Path

from isocost.metrics import summarise
from isocost.records import open_records
from isocost.study.dry import dry_run
from isocost.study.file import read_study
from isocost.study.story import How, conduct
from isocost.study.team import prepare

STUDY = """
[models.m]
kind = "synthetic"
price = { input = 1.0, output = 2.0 }
answering = { styles = { "" = { tokens = 9.0, spread = 1.0, steps = true } } }

[[workload]]
kind = "python"
target = "isocost.systems.models.synthetic:items"
settings = { n = 6, seed = 7 }
grader = { kind = "judge", system = "m", pattern = '(\\d)' }

[systems.by-tokens]
kind = "best_of"
system = "m"
n = 3

[systems.by-judge]
kind = "best_of"
system = "m"
n = 3
judge = "m"

[systems.cascade]
kind = "cascade"
systems = ["m", { kind = "vote", system = "m", n = 3 }]
logprobs = true
"""


def test_what_is_spent_stays_within_the_bound_of_a_dry_run(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    prepared = prepare(read_study(tmp_path / "study.toml"))
    each, whole = dry_run(prepared)
    bounds = {bound.system: bound for bound in each}
    assert list(bounds) == ["by-tokens", "by-judge", "cascade", "grading"]
    conduct(prepared, How(tmp_path / "out"))
    records = list(open_records(tmp_path / "out").read())
    for name in prepared.labels:
        calls = [call for record in records if record.system == name for call in record.calls]
        assert sum(call.tokens for call in calls) <= bounds[name].tokens
        assert len(calls) <= bounds[name].calls
    judged = [call for record in records for call in record.grading]
    assert 0 < len(judged) <= bounds["grading"].calls
    assert 0 < sum(call.tokens for call in judged) <= bounds["grading"].tokens
    own = [call for record in records for call in record.calls + record.grading if not call.shared]
    assert sum(call.tokens for call in own) <= whole.tokens
    assert {system.system for system in summarise(open_records(tmp_path / "out"))} == set(prepared.labels)
