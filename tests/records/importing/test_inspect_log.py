"""Real logs of Inspect AI, made here by running it on its mock model."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from isocost.records import InputError, Record, open_records
from isocost.records.importing import ImportOptions, import_file

RUN = """
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match, model_graded_qa
from inspect_ai.solver import generate, solver

def output(model, text, **usage):
    made = ModelOutput.from_content(model, text)
    made.usage = ModelUsage(input_tokens=10, output_tokens=3, total_tokens=15, **usage)
    return made

@solver
def stumbling():
    async def solve(state, generate):
        if state.sample_id == "bad":
            raise RuntimeError("the tool broke")
        return await generate(state)
    return solve

for kind in ("eval", "json"):
    model = get_model("mockllm/model", custom_outputs=[
        output("mockllm/model", "4", input_tokens_cache_read=2, reasoning_tokens=1) for _ in range(9)])
    grader = get_model("mockllm/grader", custom_outputs=[output("mockllm/grader", "GRADE: P") for _ in range(9)])
    samples = [Sample(id="a", input="2+2?", target="4"), Sample(id=7, input="2+3?", target=["5", "five"])]
    scorers = [match(), model_graded_qa(model=grader, partial_credit=True)]
    task = Task(name="sums", dataset=[*samples, Sample(id="bad", input="?", target="")], solver=stumbling(), scorer=scorers,
                epochs=2, fail_on_error=False)
    eval(task, model=model, log_dir=sys.argv[1], log_format=kind, display="none", max_samples=1)
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    if importlib.util.find_spec("inspect_ai") is None:
        pytest.skip("inspect-ai is not installed")
    folder = tmp_path_factory.mktemp("logs")
    done = subprocess.run([sys.executable, "-c", RUN, str(folder)], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr[-2000:]
    return {kind: next(folder.glob(f"*.{kind}")) for kind in ("eval", "json")}


def bring(file: Path, folder: Path, mapping: str = "", **options: Any) -> list[Record]:
    import_file(file, "inspect", folder, mapping, ImportOptions(**options))
    return sorted(open_records(folder).read(), key=lambda record: record.identity)


@pytest.mark.parametrize("kind", ["eval", "json"])
def test_samples_are_records_and_scorers_calls_are_grading(logs: dict[str, Path], tmp_path: Path, kind: str) -> None:
    records = bring(logs[kind], tmp_path)
    assert [record.identity for record in records] == [
        ("mockllm/model", name, epoch) for name in ("7", "a", "bad") for epoch in (0, 1)
    ]
    wrong, right, failed = records[0], records[2], records[4]
    assert (right.score, wrong.score, right.text, right.task, right.error) == (1.0, 0.0, "4", "sums", None)
    (call,), (grading,) = right.calls, right.grading
    assert (call.model, call.prompt_tokens, call.completion_tokens, call.cached_tokens, call.reasoning_tokens, call.text) == (
        "mockllm/model",
        12,
        3,
        2,
        1,
        "4",
    )
    assert (grading.model, grading.prompt_tokens, grading.text) == ("mockllm/grader", 10, "GRADE: P")
    assert (failed.score, failed.calls) == (None, ())
    assert "the tool broke" in str(failed.error)
    assert right.seconds is not None
    assert right.started is not None
    items = {item: (question, target, task) for item, task, _, question, target in open_records(tmp_path).items().rows()}
    assert items == {"a": ("2+2?", "4", "sums"), "7": ("2+3?", '["5","five"]', "sums"), "bad": ("?", "", "sums")}
    settings = open_records(tmp_path).manifest.systems["mockllm/model"].settings
    assert settings["plan"]["steps"][0]["solver"] == "stumbling"


def test_both_formats_bring_the_same(logs: dict[str, Path], tmp_path: Path) -> None:
    found = [bring(logs[kind], tmp_path / kind) for kind in logs]
    kept = [[(r.identity, r.score, r.text, len(r.calls), len(r.grading)) for r in records] for records in found]
    assert kept[0] == kept[1]


def test_another_score_and_name_are_taken_on_demand(logs: dict[str, Path], tmp_path: Path) -> None:
    records = bring(logs["json"], tmp_path, "score=model_graded_qa,system='mock',task='t'", source="simulated")
    assert {(r.system, r.task, r.score, r.source) for r in records if r.error is None} == {("mock", "t", 0.5, "simulated")}
    with pytest.raises(InputError, match="no score 'f1'; it has match, model_graded_qa"):
        bring(logs["json"], tmp_path / "no", "score=f1")
    with pytest.raises(InputError, match="system can be set to a constant only"):
        bring(logs["json"], tmp_path / "no", "system=model")


def log(tmp_path: Path, **sample: Any) -> Path:
    file = tmp_path / "log.json"
    file.write_text(json.dumps({"eval": {"model": "m", "task": "t"}, "samples": [{"id": 1, "epoch": 1, **sample}]}))
    return file


def test_without_events_each_model_is_one_call(tmp_path: Path) -> None:
    usage = {"m": {"input_tokens": 5, "output_tokens": 6, "total_cost": 0.5}}
    chat = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    output = {"choices": [{"stop_reason": "max_tokens"}], "completion": "x"}
    file = log(
        tmp_path, model_usage=usage, working_time=2.0, input=chat, scores={"f": {"value": {"x": 0, "y": 0.25}}}, output=output
    )
    (record,) = bring(file, tmp_path / "s", "score=f.y")
    assert (record.calls[0].prompt_tokens, record.calls[0].billed, record.calls[0].role) == (5, 0.5, "sum of its calls")
    assert (record.score, record.seconds, record.finish) == (0.25, 2.0, "length")
    assert open_records(tmp_path / "s").items()["question"].to_list() == ["hi"]


def test_a_sample_left_unscored_has_no_score(tmp_path: Path) -> None:
    (record,) = bring(log(tmp_path, scores={"f": {"value": float("nan")}}), tmp_path / "s")
    assert record.score is None


@pytest.mark.parametrize("value", [3, "maybe", [1]])
def test_a_score_out_of_bounds_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(InputError, match="scorer 'f' says") as caught:
        bring(log(tmp_path, scores={"f": {"value": value}}), tmp_path / "s")
    assert caught.value.line == 1


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.eval"
    for data, message in [("{}", "no 'eval'"), ("{", "is it whole"), ("[]", "is no object"), ('{"eval":{}}', "it has none")]:
        file.write_text(data)
        with pytest.raises(InputError, match=message):
            bring(file, tmp_path / "s")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(InputError, match=r"no header\.json"):
        bring(file, tmp_path / "s")


def test_a_cut_off_zip_is_refused(logs: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "cut.eval"
    file.write_bytes(logs["eval"].read_bytes()[:-100])
    with pytest.raises(InputError, match="is it whole"):
        bring(file, tmp_path / "s")
