"""The three data sets from outside come in with one command each."""

import csv
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest

from isocost.records import open_records
from isocost.records.importing import ImportOptions, import_file

pytestmark = pytest.mark.external

ZEROEVAL = "item=id,system=model,score=correct,prompt_tokens=prompt_tokens_o200k,completion_tokens=output_tokens_o200k"
AGENTS = (
    "item=task_id,system=key,attempt=run,score=is_solved,prompt_tokens=prompt_tokens,completion_tokens=completion_tokens,"
    "seconds=inference_time,cost=cost"
)
ROUTELLM = "item=prompt,question=prompt,text={system}_response"


def test_zeroeval_accuracies_equal_the_files_to_the_last_digit(external_data: Path, tmp_path: Path) -> None:
    file = external_data / "zeroeval" / "gsm_per_query.csv"
    report = import_file(file, "csv", tmp_path, ZEROEVAL)
    assert (report.records, len(report.systems), report.errors, report.unscored) == (57_398, 44, 0, 0)
    told: dict[str, list[int]] = defaultdict(list)
    with file.open(newline="") as stream:
        for row in csv.DictReader(stream):
            told[row["model"]].append(int(row["correct"]))
    found = open_records(tmp_path).scan().group_by("system").agg(pl.col("score").mean()).collect()
    assert dict(found.rows()) == {model: sum(scores) / len(scores) for model, scores in told.items()}


def test_agent_evals_runs_become_attempts_and_dollars_are_kept(external_data: Path, tmp_path: Path) -> None:
    file = external_data / "agent-evals" / "humaneval_13configs.csv"
    report = import_file(file, "csv", tmp_path, AGENTS)
    assert (report.records, len(report.systems), report.items) == (10_660, 13, 164)
    frame = open_records(tmp_path).scan().collect()
    assert frame["attempt"].unique().sort().to_list() == [0, 1, 2, 3, 4]
    total = pl.read_csv(file)["cost"].sum()
    assert frame["billed"].sum() == pytest.approx(total)
    assert frame["call_seconds"].equals(frame["seconds"].alias("call_seconds"))


def test_routellm_is_a_wide_table_of_two_systems(external_data: Path, tmp_path: Path) -> None:
    models = ("gpt-4-1106-preview", "mistralai/Mixtral-8x7B-Instruct-v0.1")
    file = external_data / "routellm" / "gsm8k" / "gsm8k_responses.csv"
    report = import_file(file, "csv", tmp_path, ROUTELLM, ImportOptions(wide=models))
    assert (report.records, report.items, report.systems) == (2 * 1319, 1319, models)
    means = dict(open_records(tmp_path).scan().group_by("system").agg(pl.col("score").mean()).collect().rows())
    assert {name: round(100 * mean, 1) for name, mean in means.items()} == {models[0]: 85.7, models[1]: 63.8}
    assert open_records(tmp_path).items().height == 1319
