"""Packed answers unpack to what they were."""

import base64
import json
import zlib
from typing import Any

import polars as pl
import pytest
from tests.report.world import data, records

from isocost.report import ReportData
from isocost.report.rows import TEXT_BUDGET, pack


def unpacked(report: ReportData) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(pack(report).text)))
    return body


def test_every_answer_comes_back_with_its_question_and_system() -> None:
    report = data()
    body, found, row = unpacked(report), {}, 0
    for item, number in zip(body["items"]["id"], body["item"], strict=True):
        for _ in range(number):
            found[(report.names[body["system"][row]], item)] = (body["score"][row], body["tokens"][row], body["cost"][row])
            row += 1
    tokens = pl.col("prompt_tokens") + pl.col("completion_tokens")
    wanted = report.records.select("system", "item", "score", tokens, pl.col("cost").round(9))
    assert found == {(system, item): rest for system, item, *rest in map(tuple, wanted.iter_rows()) for rest in [tuple(rest)]}


def test_equal_texts_are_stored_once() -> None:
    texts = unpacked(data())["texts"]
    assert len(texts) == len(set(texts))


def test_questions_without_answers_and_answers_without_questions_are_kept() -> None:
    report = data(items=pl.DataFrame({"item": ["q0", "unasked"], "question": ["why?", "never?"]}))
    body = unpacked(report)
    assert body["items"]["id"][:2] == ["q0", "unasked"]
    assert body["item"][1] == 0
    assert len(body["items"]["id"]) == 41
    assert sum(body["item"]) == report.records.height


def test_long_texts_are_cut_until_the_page_is_small() -> None:
    flat = records().with_columns(text=pl.col("item") + pl.lit("x" * 60_000))
    packed = pack(data(flat))
    assert packed.limit is not None
    assert sum(map(len, unpacked(data(flat))["texts"])) <= TEXT_BUDGET * 1.01


def test_a_target_of_another_type_is_shown_as_text() -> None:
    assert "42" in unpacked(data(items=pl.DataFrame({"item": ["q0"], "target": [42]})))["texts"]


@pytest.mark.parametrize("flat", [pl.DataFrame(), pl.DataFrame({"system": ["cheap"], "item": ["a"]})])
def test_missing_columns_are_no_answers_not_an_error(flat: pl.DataFrame) -> None:
    body = unpacked(ReportData(systems=data().systems, records=flat))
    assert sum(body["item"]) == flat.height
