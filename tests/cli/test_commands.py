"""The commands, as a user meets them: what they print where, their exit codes, and no traceback for a user's error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Isocost

from isocost.cli import COMMANDS
from isocost.records import Call, Record, RecordWriter

STUDY = """
[study]
name = "small"
seed = 3
[models.m]
kind = "synthetic"
abilities = 1.0
price = { input = 1.0, output = 2.0 }
[[workload]]
task = "t"
kind = "python"
target = "isocost.systems.models.synthetic:items"
settings = { n = 12 }
grader = { kind = "exact" }
[systems.one]
kind = "zero_shot"
system = "m"
[systems.three]
kind = "vote"
system = "one"
n = 3
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "small.toml").write_text(STUDY)
    return tmp_path / "small.toml"


@pytest.fixture
def records(study: Path, isocost: Isocost) -> Path:
    folder = study.parent / "out"
    assert isocost("study", study, "-o", folder, "-q").code == 0
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(isocost: Isocost, command: str) -> None:
    said = isocost(command, "--help")
    assert said.code == 0
    assert f"isocost {command}" in said.out.split("Example")[1]


def test_help_does_not_import_what_it_does_not_need() -> None:
    code = "import sys; from isocost.cli import cli; cli(['-h'], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"polars", "numpy", "numba", "aiohttp"} & set(done.stderr.split())


def test_a_study_shows_table_plot_and_page_on_stdout_and_progress_on_stderr(study: Path, isocost: Isocost) -> None:
    said = isocost("study", study, "-o", study.parent / "out")
    assert said.code == 0
    assert "accuracy" in said.out
    assert "on the frontier" in said.out
    assert "24/24" in said.err
    assert (study.parent / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("target", "said"), [(0.1, "cheapest system that reaches 10"), (1.0, "reaches the accuracy asked for")]
)
def test_the_report_answers_for_the_accuracy_that_is_good_enough(
    study: Path, isocost: Isocost, target: float, said: str
) -> None:
    study.write_text(STUDY.replace("seed = 3", f"seed = 3\ntarget = {target}").replace("abilities = 1.0", "abilities = 0.0"))
    assert said in " ".join(isocost("study", study, "-o", study.parent / "out", "-q").out.split())


def test_the_same_study_again_asks_nothing(study: Path, records: Path, isocost: Isocost) -> None:
    said = isocost("study", study, "-o", records, "-q", "--json")
    assert said.json["outcome"]["asked"] == 0
    assert said.json["outcome"]["stored_before"] == 24


def test_fresh_sets_aside_what_was_there_and_deletes_nothing(study: Path, records: Path, isocost: Isocost) -> None:
    said = isocost("study", study, "-o", records, "-q", "--fresh", "--json")
    assert said.json["outcome"]["asked"] == 24
    aside = [path for path in records.parent.glob("out.*") if (path / "manifest.json").exists()]
    assert len(aside) == 1


def test_a_dry_run_bounds_calls_and_money_and_writes_nothing(study: Path, isocost: Isocost) -> None:
    folder = study.parent / "dry"
    said = isocost("study", study, "-o", folder, "--dry-run", "--json")
    one, three = said.json["systems"]
    assert (one["calls"], three["calls"], said.json["whole"]["calls"]) == (12, 36, 48)
    assert not folder.exists()
    isocost("study", study, "-o", folder, "-q", "--no-page")
    spent = {s["system"]: s["metrics"]["cost"]["value"] for s in isocost("metrics", folder, "--json").json["systems"]}
    assert one["dollars"] >= 12 * spent["one"] > 0
    assert three["dollars"] >= 12 * spent["three"] > 0


def test_a_spent_cap_stops_the_study_with_its_own_code_and_a_higher_one_goes_on(study: Path, isocost: Isocost) -> None:
    folder = study.parent / "out"
    said = isocost("study", study, "-o", folder, "-q", "--max-cost", "0.0001")
    assert said.code == 3
    assert "the same command goes on" in said.err
    assert isocost("study", study, "-o", folder, "-q", "--max-cost", "1", "--json").json["outcome"]["remaining"] == 0


@pytest.mark.parametrize("cap", ["nan", "inf"])
def test_a_cap_is_a_finite_number(study: Path, isocost: Isocost, cap: str) -> None:
    said = isocost("study", study, "-o", study.parent / "out", "--max-cost", cap)
    assert (said.code, "finite number of dollars" in said.err) == (2, True)


def test_a_dry_run_prices_a_model_by_its_own_name_and_knows_token_probabilities(study: Path, isocost: Isocost) -> None:
    changed = STUDY.replace("abilities", 'name = "other"\nabilities').replace('kind = "vote"', 'kind = "best_of"')
    study.write_text(changed)
    assert isocost("study", study, "--dry-run", "--json").json["whole"]["dollars"] > 0


def test_a_study_is_kept_in_one_folder_of_runs_whatever_its_name(
    study: Path, isocost: Isocost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study.parent)
    study.write_text(STUDY.replace('"small"', '"../a/b"'))
    said = isocost("study", study, "-q", "--no-page", "--json")
    assert said.json["folder"] == "runs/--a-b"


def test_changed_settings_are_refused_with_the_cure(study: Path, records: Path, isocost: Isocost) -> None:
    study.write_text(STUDY.replace("n = 3", "n = 5"))
    said = isocost("study", study, "-o", records, "-q")
    assert said.code == 2
    assert "'three'" in said.err
    assert "--fresh" in said.err


def test_a_refused_study_leaves_the_folder_as_it_was(study: Path, records: Path, isocost: Isocost) -> None:
    before = {name: (records / name).read_bytes() for name in ("manifest.json", "items.jsonl", "study.toml")}
    study.write_text(STUDY.replace("n = 3", "n = 5").replace("input = 1.0", "input = 9.0"))
    assert isocost("study", study, "-o", records, "-q").code == 2
    assert {name: (records / name).read_bytes() for name in before} == before


def test_what_ended_in_errors_alone_may_be_set_right(study: Path, isocost: Isocost) -> None:
    study.write_text(STUDY.replace(SYNTHETIC, ENDPOINT))
    assert isocost("study", study, "-o", study.parent / "out", "-q").code == 1
    study.write_text(STUDY)
    outcome = isocost("study", study, "-o", study.parent / "out", "-q", "--json").json["outcome"]
    assert (outcome["asked"], outcome["errors"]) == (24, 0)


def test_fresh_moves_no_folder_that_is_in_use_or_no_study(
    study: Path, records: Path, isocost: Isocost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordWriter(records):
        said = isocost("study", study, "-o", records, "-q", "--fresh")
    assert (said.code, "is being written" in said.err) == (1, True)
    monkeypatch.chdir(records)
    said = isocost("study", study, "-o", ".", "-q", "--fresh")
    assert (said.code, "from inside" in said.err) == (2, True)
    (study.parent / "mine").mkdir()
    (study.parent / "mine" / "notes.txt").write_text("not a study")
    assert isocost("study", study, "-o", study.parent / "mine", "-q", "--fresh").code == 0
    assert (study.parent / "mine" / "notes.txt").exists()


def test_changed_questions_under_known_ids_are_refused(study: Path, records: Path, isocost: Isocost) -> None:
    file = records / "items.jsonl"
    file.write_text(file.read_text().replace("which number", "which figure"))
    said = isocost("study", study, "-o", records, "-q")
    assert said.code == 2
    assert "not the one that was asked before" in said.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('kind = "vote"', 'kind = "veto"'), r"small.toml:19: systems.three.kind"),
        (("n = 3", "m = 3"), r"small.toml:21: systems.three.m"),
        (('system = "m"', 'system = "n"'), r"small.toml:17: systems.one.system"),
        (("abilities = 1.0", 'abilities = "high"'), r"small.toml:7: models.m"),
        (('kind = "exact"', 'kind = "exakt"'), r"small.toml:14: workload[0].grader"),
        (("price = { input = 1.0, output = 2.0 }", 'price = "free"'), r"small.toml:8: models.m.price"),
        (('system = "m"', 'system = "m"\nmax_tokens = 0'), r"small.toml:18: systems.one.max_tokens: must be at least 1"),
        (('kind = "zero_shot"', 'kind = "few_shot"'), r"small.toml:15: systems.one: few_shot needs some examples"),
        (('kind = "vote"\nsystem = "one"\nn = 3', 'kind = "cascade"\nsystems = ["one", "m"]'), r"small.toml:18: systems.three"),
        (("seed = 3", "seed = "), r"small.toml:4: not valid TOML"),
    ],
)
def test_an_error_in_the_study_file_names_file_and_line(
    study: Path, isocost: Isocost, change: tuple[str, str], message: str
) -> None:
    study.write_text(STUDY.replace(*change))
    said = isocost("study", study, "-o", study.parent / "out")
    assert said.code == 2
    assert message in said.err
    assert not (study.parent / "out").exists()  # nothing was asked


ENDPOINT = 'kind = "endpoint"\nmodel = "x"\nbase_url = "http://127.0.0.1:9"\nretries = { times = 0 }\n'
SYNTHETIC = 'kind = "synthetic"\nabilities = 1.0\n'


def test_a_missing_key_is_said_before_anything_is_asked(study: Path, isocost: Isocost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMALL_KEY", raising=False)
    study.write_text(STUDY.replace(SYNTHETIC, ENDPOINT + 'api_key_env = "SMALL_KEY"\n'))
    assert isocost("study", study, "--dry-run").code == 0
    said = isocost("study", study, "-o", study.parent / "out", "-q")
    assert said.code == 2
    assert "export SMALL_KEY=" in said.err


def test_a_study_whose_every_call_failed_ends_with_an_error_and_counts_them_apart(study: Path, isocost: Isocost) -> None:
    study.write_text(STUDY.replace(SYNTHETIC, ENDPOINT))
    said = isocost("study", study, "-o", study.parent / "out", "-q")
    assert said.code == 1
    assert "every answer ended in an error" in said.err
    one, _ = isocost("metrics", study.parent / "out", "--json").json["systems"]
    assert (one["n_errors"], one["metrics"].get("accuracy", {}).get("value")) == (12, None)


def test_metrics_prints_every_estimate_with_its_interval(records: Path, isocost: Isocost) -> None:
    one, three = isocost("metrics", records, "--json").json["systems"]
    assert (one["system"], one["n_items"], one["n_errors"]) == ("one", 12, 0)
    assert set(one["metrics"]["accuracy"]) == {"value", "low", "high", "n", "method", "basis"}
    assert one["metrics"]["accuracy"]["basis"] == "simulated"
    assert three["metrics"]["calls"]["value"] == 3
    assert "one" in isocost("metrics", records).out


def test_compare_pairs_the_systems(records: Path, isocost: Isocost) -> None:
    (pair,) = isocost("compare", records, "--json").json["comparisons"]
    assert {pair["first"], pair["second"]} == {"one", "three"}
    assert "one" in isocost("compare", records, "--baseline", "one").out
    assert isocost("compare", records, "--baseline", "none").code == 2


def test_frontier_names_its_systems_in_order_of_cost(records: Path, isocost: Isocost) -> None:
    found = isocost("frontier", records, "--x", "cost", "--y", "accuracy", "--json").json
    assert found["frontier"][0] == "one"
    assert {system["system"] for system in found["systems"]} == {"one", "three"}
    assert all(0 <= system["on_frontier"] <= 1 for system in found["systems"])
    assert {"hypervolume", "optimism"} <= set(found)
    assert isocost("frontier", records, "--x", "joy").code == 2
    assert isocost("frontier", records, "--x", "cost", "--y", "cost").code == 2
    assert isocost("report", records, "--x", "joy").code == 2


def test_an_axis_that_nothing_was_measured_on_is_a_user_error(records: Path, isocost: Isocost) -> None:
    said = isocost("frontier", records, "--x", "energy")
    assert said.code == 2
    assert "energy" in said.err


def test_report_writes_a_page_and_pictures(records: Path, isocost: Isocost) -> None:
    assert isocost("report", records, "-o", records / "again.html").code == 0
    assert "<html" in (records / "again.html").read_text()
    assert "on the frontier" in isocost("report", records, "--terminal").out
    assert isocost("report", records, "--image", records / "a.bmp").code == 2


def test_a_page_that_cannot_be_written_is_an_error_of_one_line(records: Path, isocost: Isocost) -> None:
    said = isocost("report", records, "-o", records / "none" / "page.html")
    assert (said.code, said.err.count("\n"), "page.html" in said.err) == (1, 1, True)


def test_a_list_fits_a_narrow_terminal_and_says_what_it_left_out(
    records: Path, isocost: Isocost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = isocost("records", "list", records, "--limit", 2)
    assert "22 more" in said.out
    assert any(line.split()[:2] == ["one", "q-0-0"] for line in said.out.splitlines())


def test_a_terminal_that_knows_ascii_only_and_a_reader_that_leaves_are_no_errors(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "out") as writer:
        for number in range(2000):
            writer.append(Record(system="prüfung", item=f"q{number}", text="é", score=1.0))
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for words in (["metrics"], ["records", "list", "--limit", "2000"], ["report", "--terminal"]):
        command = [sys.executable, "-m", "isocost", *words, str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, env=plain)
        assert (done.returncode, done.stderr, b"pr?fung" in done.stdout) == (0, b"", True)
    command = f"{sys.executable} -m isocost records list --limit 2000 {tmp_path / 'out'} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_records_are_listed_and_exported(records: Path, isocost: Isocost) -> None:
    assert isocost("records", "list", records, "--system", "one", "--json").json["count"] == 12
    assert "12 records" in isocost("records", "list", records, "--system", "one").out
    assert isocost("records", "export", records, records / "flat.csv", "--json").json["records"] == 24
    assert isocost("records", "compact", records, "--json").json["records"] == 24
    assert isocost("records", "export", records, records / "flat.xls").code == 2


def test_errors_of_calls_are_listed_apart(tmp_path: Path, isocost: Isocost) -> None:
    with RecordWriter(tmp_path / "out") as writer:
        writer.append(Record(system="s", item="a", score=1.0, calls=(Call(model="m"),)))
        writer.append(Record(system="s", item="b", error="no answer", error_kind="timeout"))
    assert isocost("records", "list", tmp_path / "out", "--errors", "--json").json["count"] == 1
    assert "1 of 2 attempts failed" in isocost("metrics", tmp_path / "out").out


def test_import_turns_a_table_into_records(tmp_path: Path, isocost: Isocost) -> None:
    (tmp_path / "t.csv").write_text("model,id,correct\na,1,1\na,2,0\nb,1,1\nb,2,1\n")
    words = ("import", tmp_path / "t.csv", "--as", "csv", "-o", tmp_path / "out")
    said = isocost(*words, "--map", "item=id,system=model,score=correct", "--json")
    assert said.json["records"] == 4
    said = isocost(*words, "--map", "item=id,system=model,score=korrect")
    assert said.code == 2
    assert "correct" in said.err


@pytest.mark.parametrize("command", ["metrics", "frontier", "report", "compare"])
def test_a_folder_without_records_says_how_to_make_some(tmp_path: Path, isocost: Isocost, command: str) -> None:
    said = isocost(command, tmp_path)
    assert said.code == 2
    assert "isocost study" in said.err


def test_doctor_says_how_to_get_what_is_missing(isocost: Isocost) -> None:
    findings = isocost("doctor", "--json").json["findings"]
    assert all(finding["cure"] for finding in findings if finding["ok"] is False)
    assert "isocost doctor" in isocost("doctor").out


def test_an_unknown_command_is_a_usage_error(isocost: Isocost) -> None:
    assert isocost("studdy").code == 2
