"""The page of this room tells what really happens."""

import re
from pathlib import Path

import pytest

from isocost.records import Call, Record, RecordWriter

PAGE = Path(__file__).parents[2] / "docs" / "frontier.md"


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with RecordWriter("runs/humaneval") as writer:
        for system, right, billed in (("cheap", 5, 0.1), ("dear", 8, 1.0), ("worse", 3, 2.0)):
            for i in range(20):
                call = Call(model=system, billed=billed)
                writer.append(Record(system=system, item=f"q{i}", score=float(i % 10 < right), calls=(call,)))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    told: dict[str, object] = {}
    exec(code, told)
    assert told["line"].frontier == ("cheap", "dear")
