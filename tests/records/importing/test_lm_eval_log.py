"""Real sample logs of lm-evaluation-harness, made here by running it on its dummy model and local data."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from isocost.records import InputError, Record, open_records
from isocost.records.importing import import_file

SUMS = """
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: DATA}}
test_split: test
output_type: generate_until
doc_to_text: "{{q}}"
doc_to_target: "{{a}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 8}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
filter_list:
  - {name: strict, filter: [{function: regex, regex_pattern: "(\\\\d+)"}, {function: take_first}]}
  - {name: loose, filter: [{function: take_first}]}
"""
CHOICE = """
task: choice
dataset_path: json
dataset_kwargs: {data_files: {test: DATA}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{q}}"
doc_to_choice: ["4", "5"]
doc_to_target: 0
metric_list: [{metric: acc}, {metric: acc_norm}]
"""

# What `lm-eval run --log_samples --output_path` does, without its reading of a thousand other tasks.
RUN = """
import sys
from lm_eval.evaluator import simple_evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

tasks = TaskManager(include_path=sys.argv[1] + "/tasks", include_defaults=False)
tracker = EvaluationTracker(output_path=sys.argv[1] + "/out")
results = simple_evaluate("dummy", tasks=["sums", "choice"], task_manager=tasks, bootstrap_iters=0, evaluation_tracker=tracker)
samples = results.pop("samples")
tracker.save_results_aggregated(results=results, samples=samples)
for task in results["configs"]:
    tracker.save_results_samples(task_name=task, samples=samples[task])
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run's logs."""
    for package in ("lm_eval", "datasets"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    folder = tmp_path_factory.mktemp("harness")
    data = folder / "data.jsonl"
    data.write_text("".join(json.dumps({"q": f"2+{n}?", "a": answer}) + "\n" for n, answer in enumerate(("2", "3", "lol"))))
    (folder / "tasks").mkdir()
    for name, text in (("sums", SUMS), ("choice", CHOICE)):
        (folder / "tasks" / f"{name}.yaml").write_text(text.replace("DATA", str(data)))
    command = [sys.executable, "-c", RUN, str(folder)]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder / "hf")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=os.environ | offline)
    assert done.returncode == 0, done.stderr[-2000:]
    return next((folder / "out").iterdir())


def bring(file: Path, folder: Path, mapping: str = "") -> list[Record]:
    import_file(file, "lm-eval", folder, mapping)
    return list(open_records(folder).read())


def test_a_runs_folder_brings_all_its_tasks(run: Path, tmp_path: Path) -> None:
    records = bring(run, tmp_path)
    assert [(r.system, r.item, r.task) for r in records] == [
        ("dummy", f"{task}/{n}", task) for task in ("choice", "sums") for n in range(3)
    ]
    assert [(r.score, r.text, r.final) for r in records[3:]] == [(0.0, "lol", "[invalid]")] * 3
    assert all(r.score in (0.0, 1.0) and r.text is None and "acc_norm" in r.extra for r in records[:3])
    assert all(r.started and r.calls[0].model == "dummy" and r.calls[0].prompt_tokens is None for r in records)
    store = open_records(tmp_path)
    assert ("sums/2", "sums", None, "2+2?", "lol") in store.items().rows()
    assert store.manifest.systems["dummy"].settings["config"]["model"] == "dummy"


def test_the_scores_agree_with_the_harness_own(run: Path, tmp_path: Path) -> None:
    results = json.loads(next(run.glob("results_*.json")).read_text())["results"]
    for task, score in (
        ("sums", "exact_match,strict"),
        ("sums", "exact_match,loose"),
        ("choice", "acc,none"),
        ("choice", "acc_norm,none"),
    ):
        folder = tmp_path / f"{task}-{score}"
        records = bring(next(run.glob(f"samples_{task}_*")), folder, f"score=\"{score}\",system='x'")
        assert sum(r.score or 0 for r in records) / 3 == pytest.approx(results[task][score])
        assert {r.system for r in records} == {"x"}


def sample(tmp_path: Path, **fields: Any) -> Path:
    row = {"doc_id": 0, "doc": {"q": 1}, "resps": [["a"]], "metrics": ["acc"], "filter": "none", "acc": True} | fields
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({name: value for name, value in row.items() if value is not None}) + "\n")
    return file


def test_samples_without_their_results_take_the_folders_name(tmp_path: Path) -> None:
    (record,) = bring(sample(tmp_path), tmp_path / "s")
    assert (record.system, record.task, record.item, record.score) == (tmp_path.name, "mine", "mine/0", 1.0)
    assert open_records(tmp_path / "s").items()["question"].to_list() == ['{"q":1}']


@pytest.mark.parametrize(
    ("fields", "mapping", "message"),
    [
        ({"resps": None}, "", "it has no resps"),
        ({"metrics": ["ppl"], "ppl": 30.0}, "", "got 'none'; there are none .of ppl."),
        ({"acc": float("nan")}, "", "there are none .of acc."),
        ({}, "score=f1", "got 'f1'; there are acc"),
        ({}, 'score="acc,strict"', "filters none"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, fields: dict[str, Any], mapping: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        bring(sample(tmp_path, **fields), tmp_path / "s", mapping)


def test_a_folder_without_samples_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--log_samples"):
        bring(tmp_path, tmp_path / "s")


def test_broken_results_are_named(tmp_path: Path) -> None:
    file = sample(tmp_path).rename(tmp_path / "samples_t_2026-01-01T00-00-00.0.jsonl")
    (tmp_path / "results_2026-01-01T00-00-00.0.json").write_text("{")
    with pytest.raises(InputError, match=r"results_.*expected the results of lm-eval"):
        bring(file, tmp_path / "s")
