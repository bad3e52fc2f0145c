"""What a study file is made into, and how records made by other settings are told apart."""

from pathlib import Path

import pytest

from isocost.study.file import read_study
from isocost.study.team import prepare

STUDY = """
[models.m]
kind = "synthetic"
price = { input = 1.0, output = 2.0 }

[models.critic]
kind = "synthetic"
abilities = 2.0

[[workload]]
kind = "python"
target = "isocost.systems.models.synthetic:items"
settings = { n = 2 }
grader = { kind = "judge", system = "critic" }

[systems.once]
kind = "zero_shot"
system = "m"
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("input = 1.0", "input = 9.0", True),
        ("abilities = 2.0", "abilities = 2.0\nconcurrency = 4", True),
        ("abilities = 2.0", "abilities = 1.0", False),
        ('system = "critic" }', 'system = "critic", best = 5.0 }', False),
        ('kind = "zero_shot"', 'kind = "zero_shot"\ninstruction = "Think."', False),
        ('[models.m]\nkind = "synthetic"', '[models.m]\nkind = "synthetic"\nseed = 3', False),
    ],
)
def test_a_fingerprint_changes_with_all_that_decides_answers_and_grades_and_nothing_else(
    old: str, new: str, same: bool, tmp_path: Path
) -> None:
    made = []
    for text in (STUDY, STUDY.replace(old, new)):
        (tmp_path / "study.toml").write_text(text)
        made.append(prepare(read_study(tmp_path / "study.toml")).labels["once"].fingerprint)
    assert STUDY.replace(old, new) != STUDY
    assert (made[0] == made[1]) is same
