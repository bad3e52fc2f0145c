"""`isocost plan`, as a user meets it."""

from pathlib import Path

import pytest
from tests.cli.conftest import Isocost
from tests.plan.test_check import study


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return study(tmp_path / "runs", 0, n=80).path


BASELINES = {"best_single", "mix", "random", "length", "oracle"}


def test_json_has_what_others_rely_on(isocost: Isocost, records: Path) -> None:
    said = isocost("plan", records, "--budget", "$0.50 per 1000", "--kind", "route", "-o", "route.toml", "--json")
    assert said.code == 0, said.err
    found = said.json
    assert found["kind"] == "route"
    assert set(found["baselines"]) == BASELINES
    for part in (found["expected"], *found["baselines"].values()):
        for name in ("quality", "cost"):
            assert {"value", "low", "high", "n", "method", "basis"} <= set(part[name])
            assert part[name]["low"] <= part[name]["value"] <= part[name]["high"]
    assert found["price"] >= 0
    assert found["goal"]["budget"] == pytest.approx(0.0005)
    assert (Path("route.toml")).exists()


def test_words_for_people(isocost: Isocost, records: Path) -> None:
    said = isocost("plan", "--budget", "$0.50 per 1000", "--kind", "mix", records)
    assert said.code == 0, said.err
    for words in (
        "this plan (mix)",
        "best single",
        "by length alone",
        "oracle",
        "The last 1 % of the budget",
        "cannot beat the mix",
    ):
        assert words in said.out
    assert "written to plan.toml" in said.out


def test_make_is_the_same_command(isocost: Isocost, records: Path) -> None:
    first = isocost("plan", records, "--at-least", "accuracy=60%", "--kind", "mix", "--json").json
    second = isocost("plan", "make", records, "--at-least", "accuracy=0.6", "--kind", "mix", "--json").json
    assert first == second


def test_check_says_yes_by_0_and_no_by_1(isocost: Isocost, records: Path, tmp_path: Path) -> None:
    isocost("plan", records, "--budget", "$0.50 per 1000", "--kind", "mix")
    same, other = study(tmp_path / "same", 1, n=80).path, study(tmp_path / "other", 2, n=80, tokens=300).path
    yes, no = isocost("plan", "check", "plan.toml", same), isocost("plan", "check", "plan.toml", other, "--json")
    assert (yes.code, no.code) == (0, 1)
    assert "the records fit the plan" in yes.out
    assert no.json["fits"] is False
    assert "do not fit" in no.json["verdict"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say what the plan is for"),
        (("--budget", "cheap"), "budget: expected an amount"),
        (("--budget", "$0.00001 per 1000"), "The cheapest, 'cheap', costs $0.1"),
        (("--budget", "$0"), "cheapest"),
        (("--at-least", "accuracy=1"), "best, 'dear', reaches"),
        (("--at-least", "accuracy=90"), "accuracy=90%?"),
        (("--latency", "p95=1ms"), "quickest"),
        (("--budget", "100 tokens", "--unit", "cost"), "--budget says tokens"),
        (("--at-least", "accuracy=.5", "--quality", "mean_score"), "--at-least says accuracy"),
        (("--budget", "$1 per 1000", "--kind", "mixx"), "did you mean 'mix'"),
        (("--budget", "$1 per 1000", "--systems", "cheap,gpt"), "gpt"),
        (("--budget", "$1 per 1000", "--set", "features"), "NAME=VALUE"),
        (("--budget", "$1 per 1000", "--kind", "mix", "--set", "a=1"), "options none"),
        (("--budget", "$1 per 1000", "--columns", "age"), "no number 'age'"),
        (("--budget", "$1 per 1000", "--prices", "none.toml"), "none.toml"),
    ],
)
def test_what_cannot_be_is_said(isocost: Isocost, records: Path, words: tuple[str, ...], told: str) -> None:
    said = isocost("plan", records, *(words if "--kind" in words else (*words, "--kind", "mix")))
    assert said.code == 2
    assert told in said.err
    assert not Path("plan.toml").exists()


def test_prices_of_the_user_go_first(isocost: Isocost, records: Path) -> None:
    Path("prices.toml").write_text("[cheap]\ninput = 0\noutput = 100.0\n[prices.x]\ninput = 1\noutput = 1\n")
    assert isocost("plan", records, "--budget", "$9", "--kind", "fixed", "--prices", "prices.toml").code == 2
    Path("prices.toml").write_text('[cheap]\ninput = 0\noutput = 100.0\ndate = "2026-11-01"\n')
    said = isocost("plan", records, "--at-least", "0.2", "--kind", "fixed", "--prices", "prices.toml", "--json").json
    assert said["rule"] == {"system": "dear"}
    assert said["prices"]["cheap"]["date"] == "2026-11-01"


def test_another_file_is_not_written_over(isocost: Isocost, records: Path) -> None:
    Path("plan.toml").write_text('[study]\nname = "mine"\n')
    said = isocost("plan", records, "--budget", "$1 per 1000", "--kind", "mix")
    assert said.code == 2
    assert "no plan" in said.err
    assert "mine" in Path("plan.toml").read_text()


def test_help_shows_both_ways(isocost: Isocost) -> None:
    said = isocost("plan", "--help").out
    for words in ("plan RECORDS", "check PLAN RECORDS", "--budget", "--kind"):
        assert words in said
