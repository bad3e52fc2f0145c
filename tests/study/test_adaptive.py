"""An adaptive study: the same records, only fewer; resumption, the cap and failures as in any study."""

import asyncio
from pathlib import Path

import pytest

from isocost.records import Answer, Cap, InputError, Record, open_records
from isocost.records.errors import CallFailed
from isocost.run import Job, Outcome, Team
from isocost.study.adaptive import Adaptive
from isocost.study.file import read_study
from isocost.study.story import How, conduct
from isocost.study.team import Prepared, prepare

STUDY = """
[study]
seed = 3
[models.small]
kind = "synthetic"
abilities = -1.0
price = { input = 0.1, output = 0.2 }
[models.poor]
kind = "synthetic"
abilities = -1.0
price = { input = 2.0, output = 4.0 }
[models.large]
kind = "synthetic"
abilities = 3.0
price = { input = 1.0, output = 2.0 }
[[workload]]
kind = "python"
target = "isocost.systems.models.synthetic:items"
settings = { n = 200 }
grader = { kind = "exact" }
[systems.cheap]
kind = "zero_shot"
system = "small"
[systems.bad]
kind = "zero_shot"
system = "poor"
[systems.good]
kind = "zero_shot"
system = "large"
"""


def prepared(tmp_path: Path, text: str = STUDY) -> Prepared:
    (tmp_path / "study.toml").write_text(text)
    return prepare(read_study(tmp_path / "study.toml"))


def adaptively(made: Prepared, into: Path, max_cost: float | None = None) -> tuple[Outcome, Adaptive]:
    asking = Adaptive(made, "here", 0.05)
    return conduct(made, How(into, max_cost=max_cost), asking=asking), asking


def kept(into: Path) -> dict[tuple[str, str, int], tuple[object, ...]]:
    return {r.identity: (r.text, r.score, r.seed, len(r.calls)) for r in open_records(into).read()}


def test_it_finds_the_frontier_by_fewer_answers_which_are_those_of_the_whole_study(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    outcome, asking = adaptively(made, tmp_path / "few")
    conduct(made, How(tmp_path / "all"))
    few, every = kept(tmp_path / "few"), kept(tmp_path / "all")
    assert asking.found.frontier == ("cheap", "good")
    assert (outcome.asked, outcome.remaining, len(few)) == (asking.found.calls, 0, asking.found.calls)
    assert len(few) < len(every) / 2
    assert few.items() <= every.items()


def test_the_same_study_again_asks_nothing_and_the_whole_one_asks_the_rest(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    first, one = adaptively(made, tmp_path)
    second, other = adaptively(made, tmp_path)
    assert (second.asked, second.stored_before) == (0, first.asked)
    assert other.found == one.found
    rest = conduct(made, How(tmp_path))
    assert (rest.asked, rest.remaining) == (600 - first.asked, 0)


def test_a_spent_cap_stops_it_and_a_higher_one_goes_on_to_the_same_end(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    stopped, asking = adaptively(made, tmp_path / "a", max_cost=0.001)
    assert stopped.stopped == "cap"
    assert stopped.remaining
    assert set(asking.found.undecided) == {"cheap", "bad", "good"}
    went_on, asking = adaptively(made, tmp_path / "a", max_cost=1.0)
    whole, _ = adaptively(made, tmp_path / "b")
    assert asking.found.undecided == ()
    assert went_on.stored_before == stopped.asked
    assert kept(tmp_path / "a") == kept(tmp_path / "b")
    assert whole.asked == stopped.asked + went_on.asked


def test_what_the_stored_answers_cost_counts_once_in_the_cap(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    adaptively(made, tmp_path)
    spent = sum(call.tokens for record in open_records(tmp_path).read() for call in record.calls)
    again = prepared(tmp_path, STUDY.replace("seed = 3", f"seed = 3\nmax_tokens = {spent + 1}"))
    outcome, _ = adaptively(again, tmp_path)
    assert outcome.stopped == ""


def test_several_attempts_make_one_score(tmp_path: Path) -> None:
    outcome, asking = adaptively(prepared(tmp_path, STUDY.replace("seed = 3", "seed = 3\nattempts = 2")), tmp_path)
    assert outcome.asked == 2 * asking.found.calls
    assert asking.found.frontier == ("cheap", "good")


class Pages:
    """A writer into memory."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, record: Record) -> None:
        self.records.append(record)

    def flush(self) -> None:
        """Nothing to do."""


def test_a_failed_answer_is_told_as_failed_and_asked_once_more_by_the_next_run(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    broken = {"yes"}

    def team(cap: Cap) -> Team:
        from isocost.study.team import make_team

        whole = make_team(made.study, made.prices, cap)

        async def fails(request: object) -> Answer:
            if broken:
                raise CallFailed("down", kind="server")
            return await whole.systems["good"](request)

        return whole._replace(systems={**whole.systems, "good": fails})

    def ask(stored: list[Record]) -> tuple[Outcome, Adaptive, Pages]:
        asking, pages = Adaptive(made, "here", 0.05), Pages()
        job = Job(items=made.workload.items, systems=made.labels, seed=3, prices=made.prices)
        return asyncio.run(asking(job, team, pages, stored=stored, cap=Cap())), asking, pages

    outcome, asking, pages = ask([])
    assert outcome.errors == 20
    assert asking.found.silent == ("good",)
    broken.clear()
    outcome, asking, more = ask(pages.records)
    assert asking.found.frontier == ("cheap", "good")
    assert {record.item for record in pages.records if record.error} <= {r.item for r in more.records if r.system == "good"}


def test_what_it_cannot_follow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="engine 'ray'"):
        Adaptive(prepared(tmp_path), "ray", 0.02)
    with pytest.raises(InputError, match="axes"):
        Adaptive(prepared(tmp_path, STUDY.replace("seed = 3", 'axes = ["energy", "accuracy"]')), "here", 0.02)


def test_records_of_other_settings_are_refused_before_anything_is_asked(tmp_path: Path) -> None:
    adaptively(prepared(tmp_path), tmp_path)
    before = kept(tmp_path)
    with pytest.raises(InputError, match="other settings"):
        adaptively(prepared(tmp_path, STUDY.replace("abilities = 3.0", "abilities = 2.0")), tmp_path)
    assert kept(tmp_path) == before


def test_its_words_name_what_is_sure_and_what_is_not(tmp_path: Path) -> None:
    _, asking = adaptively(prepared(tmp_path), tmp_path)
    words = asking.found.words()
    assert "95% sure up to 0.05 of accuracy and 5% of cost: cheap, good." in words
    assert "saved" in words
    assert "Not yet 95% sure" in Adaptive(prepared(tmp_path), "here", 0.05).found.words()
