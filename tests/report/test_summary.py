"""The plain words are true."""

import msgspec
import numpy as np
import polars as pl
from tests.report.world import BEST, CHEAP, CLOSE, data, system

from isocost.frontier import draw
from isocost.metrics import Estimate, SystemMetrics, item_table, summarise
from isocost.report import ReportData
from isocost.report.summary import cheapest_good_enough, unmeasured, verdict


def said(report: ReportData) -> str:
    return " ".join("".join(sentence) for sentence in verdict(report))


def test_the_cheapest_that_cannot_be_told_from_the_best_is_recommended() -> None:
    report = ReportData(systems=(BEST, CHEAP, CLOSE))
    assert cheapest_good_enough(report) == "close"
    assert "close is the cheapest system that these questions cannot tell from the best" in said(report)
    assert "best has the highest accuracy, 60.0 % (50.0 to 70.0 %)" in said(report)


def test_a_paired_difference_decides_where_it_was_measured() -> None:
    """The intervals overlap, but question by question the system is surely worse."""
    behind = {"close": Estimate(-0.05, -0.08, -0.02, 100, "paired", "measured"), "cheap": CHEAP.metrics["accuracy"]}
    report = ReportData(systems=(BEST, CLOSE), behind=behind)
    assert cheapest_good_enough(report) == "best"
    assert "Every cheaper system is measurably worse." in said(report)


def test_a_target_is_what_is_good_enough() -> None:
    assert cheapest_good_enough(ReportData(systems=(BEST, CHEAP, CLOSE), target=0.15)) == "cheap"
    assert "It may still fall short" in said(ReportData(systems=(BEST, CHEAP, CLOSE), target=0.15))
    assert "No system reaches the accuracy asked for, 90.0 %." in said(ReportData(systems=(BEST,), target=0.9))


def test_one_system_is_the_best_and_the_cheapest() -> None:
    assert "It is also the cheapest." in said(ReportData(systems=(BEST,)))


def test_nothing_measured_recommends_nothing() -> None:
    assert "none can be recommended" in said(ReportData(systems=(system("mute", None, None),)))
    assert "none can be recommended" in said(ReportData(systems=()))
    assert "there is no frontier" in said(ReportData(systems=(system("free", (0.5, 0.4, 0.6), None),)))


def test_what_is_never_right_is_not_good_enough_however_few_were_asked() -> None:
    never, best = system("never", (0.0, 0.0, 0.43), 0.1), system("best", (0.4, 0.1, 0.8), 1.0)
    assert cheapest_good_enough(ReportData(systems=(never, best))) == "best"
    assert "No system answered anything right" in said(ReportData(systems=(never,)))


def test_what_failed_throughout_is_not_called_unpriced() -> None:
    found = Estimate(None, None, None, 0, "not measured", "measured")
    failed = SystemMetrics("failed", 3, 3, 3, {"cost": found})
    data = ReportData(systems=(BEST, failed))
    assert "No cost: failed." in ["".join(line) for line in unmeasured(data)]
    assert data.missing("failed", "cost_per_correct_pooled", "money") == "not measured"


def test_an_unpriced_best_is_named_and_not_chosen() -> None:
    unpriced = system("unpriced", (0.62, 0.52, 0.72), None)
    assert cheapest_good_enough(ReportData(systems=(unpriced, CLOSE, CHEAP))) == "close"
    words = said(ReportData(systems=(unpriced, CLOSE)))
    assert "unpriced has the highest accuracy, 62.0 % (52.0 to 72.0 %), unpriced" in words


def test_what_nobody_measured_is_said_once_and_what_some_did_not_by_name() -> None:
    lines = ["".join(line) for line in unmeasured(ReportData(systems=(BEST, system("unpriced", (0.5, 0.4, 0.6), None))))]
    assert lines[0].startswith("Not measured for any system: seconds per question")
    assert "Unpriced: unpriced." in lines


def test_one_question_says_nothing_of_other_questions() -> None:
    rows = pl.DataFrame({"system": ["a", "b"], "item": ["q", "q"], "score": [1.0, 0.0], "billed": [0.2, 0.1]})
    drawn = draw(item_table(rows, ("cost", "accuracy")), rng=np.random.default_rng(0))
    assert "With other questions" not in said(ReportData(systems=summarise(rows), frontiers=(drawn,)))


def test_the_study_says_how_sure_and_how_flattered() -> None:
    drawn = data().frontiers[0]
    for value, words in ((0.02, "here by about 2.0 points of accuracy (1.0 to 3.0)"), (0.0, None), (-0.02, None)):
        flattery = (drawn.flattery[0], Estimate(value, 0.01, 0.03, 40, "a test", "measured"))
        report = said(data(frontiers=(msgspec.structs.replace(drawn, flattery=flattery),)))
        assert " would be on the frontier" in report
        assert (words in report) if words else ("look better than they are" not in report)
