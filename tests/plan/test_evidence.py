"""Records become arrays that agree with the metrics."""

from pathlib import Path

import numpy as np
import pytest

from isocost.metrics import item_table
from isocost.plan.evidence import NOTHING, gather
from isocost.records import Call, InputError, Item, Manifest, Price, Record, RecordWriter, open_records
from isocost.records.manifest import write_items


def record(system: str, item: str, attempt: int, score: float, text: str) -> Record:
    call = Call(model="m", prompt_tokens=10, completion_tokens=attempt + 1, seconds=0.5)
    said = {"text": text, "calls": (call,), "confidence": 0.25, "seconds": 0.5}
    return Record(system=system, item=item, attempt=attempt, score=score, group="g", **said)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with RecordWriter(tmp_path) as writer:
        for attempt in (1, 0):
            writer.append(record("b", "q2", attempt, float(attempt), "Paris " if attempt else "Rome"))
        writer.append(record("a", "q1", 0, 1.0, "4"))
        writer.append(record("a", "q2", 0, 0.0, ""))
    write_items(tmp_path, [Item(id="q1", question="2 + 2?"), Item(id="q2", question="France?")])
    Manifest(study="s", prices={"m": Price(input=1.0, output=2.0)}).save(tmp_path)
    return tmp_path


def test_quality_and_cost_are_those_of_the_item_table(folder: Path) -> None:
    records = open_records(folder)
    evidence, table = gather(records), item_table(records, ("accuracy", "cost"), records.manifest.prices)
    assert (evidence.systems, evidence.items) == (table.systems, table.items) == (("a", "b"), ("q1", "q2"))
    assert np.array_equal(evidence.quality, table.values["accuracy"], equal_nan=True)
    assert np.array_equal(evidence.cost, table.values["cost"], equal_nan=True)
    assert evidence.questions == ("2 + 2?", "France?")


def test_equal_texts_have_equal_codes_and_attempts_stay_together(folder: Path) -> None:
    evidence = gather(open_records(folder), unit="tokens")
    assert evidence.worth.shape == (2, 2, 2)
    assert evidence.worth[1, 1].tolist() == [1.0, 0.0]
    assert evidence.paid[1, 1].tolist() == [12.0, 11.0]
    assert evidence.answer[1, 1, 0] != evidence.answer[1, 1, 1]
    assert evidence.answer[0, 1, 0] == NOTHING == evidence.answer[1, 0, 0]
    assert np.isnan(evidence.worth[1, 0]).all()
    assert evidence.confidence[0, 0, 0] == 0.25


def test_questions_of_a_group_share_its_code(folder: Path) -> None:
    assert len(set(gather(open_records(folder)).groups)) == 1


def test_a_part_is_a_part(folder: Path) -> None:
    evidence = gather(open_records(folder))
    part = evidence.take(np.array([1])).of(["b"])
    assert (part.systems, part.items, part.questions) == (("b",), ("q2",), ("France?",))
    assert part.quality.tolist() == [[0.5]]
    with pytest.raises(InputError, match="expected systems among"):
        evidence.of(["c"])


def test_without_prices_the_error_says_what_to_do(folder: Path) -> None:
    Manifest(study="s").save(folder)
    with pytest.raises(InputError, match="or plan in tokens"):
        gather(open_records(folder))
