"""The terminal's table is complete, unambiguous, and never cut."""

import io

import pytest
from rich.console import Console
from tests.report.world import BEST, CHEAP, CLOSE, data, system

from isocost.report import ReportData, plot, table


def printed(report: ReportData, width: int, encoding: str = "utf-8", show: object = table) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    console = Console(file=file, width=width, color_system=None, legacy_windows=False)
    show(report, console)  # type: ignore[operator]
    raw: bytes = file.buffer.getvalue()  # type: ignore[attr-defined]
    file.close()
    return raw.decode(encoding)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_column_stands_whole_at_each_width(width: int, encoding: str) -> None:
    text = printed(data(), width, encoding)
    for words in (
        "cheap",
        "dear",
        "waste",
        "95 % interval",
        "on the",
        "errors",
        "1 of 40",
        "tokens/",
        "pooled",
        "infinite",
        "yes, ",
    ):
        assert words in text
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text


def test_a_narrow_terminal_gets_two_tables_and_a_wide_one_gets_one() -> None:
    assert printed(data(), 80).count("system ") > printed(data(), 130).count("system ")


def test_membership_and_errors_are_words_not_colours() -> None:
    text = printed(data(), 120)
    assert "no, " in text
    assert "none" in text
    assert "\x1b" not in text


def test_tasks_stand_apart_where_there_are_several() -> None:
    text = printed(data(), 80)
    assert "Accuracy by task" in text
    assert "impossible" in text
    assert "Accuracy by task" not in printed(data(by_task={}), 80)


def test_an_unpriced_system_is_said_to_be_unpriced() -> None:
    text = printed(ReportData(systems=(BEST, system("secret", (0.5, 0.4, 0.6), None))), 80)
    assert "unpriced" in text
    assert "not placed" in text
    assert "$0 " not in text


def test_a_name_is_never_markup() -> None:
    assert "[red]x[/red]" in printed(ReportData(systems=(system("[red]x[/red]", (0.5, 0.4, 0.6), 1.0),)), 80)


@pytest.mark.parametrize("show", [table, plot])
def test_what_is_empty_says_so(show: object) -> None:
    assert printed(ReportData(systems=()), 80, show=show).strip()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_plot_draws_every_system_and_the_line(encoding: str) -> None:
    text = printed(ReportData(systems=(BEST, CHEAP, CLOSE)), 80, encoding, show=plot)
    assert ("─" in text) == (encoding == "utf-8")
    for letter, name in zip("ABC", ("cheap", "close", "best"), strict=True):
        assert f"{letter}  {name} (on the frontier)" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_systems_in_one_place_are_named_in_the_key() -> None:
    twin = system("twin", (0.6, 0.5, 0.7), 5)
    assert "(at the same place as" in printed(ReportData(systems=(BEST, twin, CHEAP)), 80, show=plot)


def test_sixty_systems_are_all_drawn_and_counted() -> None:
    many = tuple(system(f"s{n}", (n / 100, 0, 1), 100.0 - n if n < 50 else n) for n in range(1, 61))
    text = printed(ReportData(systems=many), 80, show=plot)
    assert "8 more systems" in text
    assert "s60 (on the frontier)" in text or "s49 (on the frontier)" in text
