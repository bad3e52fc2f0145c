"""The picture shows what was measured."""

import re
from pathlib import Path

import pytest
from tests.report.world import BEST, CHEAP, CLOSE, data, system

from isocost.report import ReportData, image
from isocost.report.picture import LIGHT, points, spec, staircase, template


def test_points_follow_the_drawn_frontier_and_its_probabilities() -> None:
    report = data()
    drawn = report.frontiers[0]
    for point in points(report, "cost", "accuracy"):
        place = next(place for place in drawn.systems if place.system == point["system"])
        assert (point["on"], point["p"]) == (place.member, place.on_frontier)


def test_without_a_drawn_frontier_the_points_decide() -> None:
    worse = system("worse", (0.1, 0.0, 0.2), 9)
    assert {point["system"]: point["on"] for point in points(ReportData(systems=(BEST, CHEAP, worse)), "cost", "accuracy")} == {
        "cheap": True,
        "best": True,
        "worse": False,
    }


def test_money_is_told_per_thousand_where_it_is_small() -> None:
    small = ReportData(systems=(system("a", (0.5, 0.4, 0.6), 0.001),))
    assert points(small, "cost", "accuracy")[0]["x"] == 1.0
    assert "1,000 questions" in spec(small, "cost", "accuracy")["axes"][0]["title"]


def test_the_staircase_reaches_the_dearest_point() -> None:
    worse = system("worse", (0.1, 0.0, 0.2), 9)
    steps = staircase(points(ReportData(systems=(BEST, CHEAP, CLOSE, worse)), "cost", "accuracy"))
    assert [step["x"] for step in steps] == [1, 2, 5, 9]
    assert steps[-1]["y"] == 0.6


def test_colours_are_all_named_in_the_palette() -> None:
    drawn = spec(data(), "cost", "accuracy")
    assert set(re.findall(r'"\$(\w+)"', template())) == {"schema", *LIGHT}
    assert not re.search(r"'\$(front|ink|soft|rule|paper)'", str(drawn))


@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<svg"), (".png", b"\x89PNG")])
def test_a_picture_is_written_without_a_browser(tmp_path: Path, suffix: str, start: bytes) -> None:
    pytest.importorskip("vl_convert")
    path = image(data(), tmp_path / f"frontier{suffix}")
    assert path.read_bytes().startswith(start)
    if suffix == ".svg":
        assert "dear" in path.read_text(encoding="utf-8")


def test_unknown_axes_and_suffixes_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"written as \.png or \.svg, got 'plot\.gif'"):
        image(data(), tmp_path / "plot.gif")
    with pytest.raises(ValueError, match="got 'beauty'"):
        spec(data(), "cost", "beauty")
    with pytest.raises(ValueError, match="accuracy is gained, not paid"):
        spec(data(), "accuracy", "cost")
