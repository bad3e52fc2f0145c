"""What a run shows while it lasts: on a terminal a live display, elsewhere a line now and then."""

import io

from rich.console import Console

from isocost.records import Call, Cap, Price, Record
from isocost.run import Progress, Tally


def shown(tally: Tally, *moments: float, terminal: bool = False) -> str:
    """What stands on the console after the tally was shown at these moments; the clock starts at 0."""
    clock = iter([0.0, *moments, *[moments[-1]] * 100])
    console = Console(file=io.StringIO(), force_terminal=terminal, width=200)
    with Progress(console, clock=lambda: next(clock)) as progress:
        for _ in moments:
            progress(tally)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def tally(asked: int, error: str | None = None, cap: Cap | None = None, stored: int = 0) -> Tally:
    made = Tally(1000, stored, cap or Cap())
    for i in range(asked):
        made.count(Record(system="one", item=f"q{i}", error=error))
    return made


def test_the_line_says_how_far_how_fast_and_how_long_yet() -> None:
    assert shown(tally(100, stored=400), 10.0).startswith("500/1,000 · 10/s · 0 tokens · 0:00:50 left\n")


def test_a_finished_run_has_nothing_left() -> None:
    assert "left" not in shown(tally(1000), 10.0)


def test_money_is_shown_only_where_something_has_a_price() -> None:
    cap = Cap(tokens=5000)
    cap.add(Call(model="m", prompt_tokens=1000, completion_tokens=10), None)
    assert "1,010 tokens of 5,000 ·" in shown(tally(1, cap=cap), 1.0)
    assert "$" not in shown(tally(1, cap=cap), 1.0)
    cap = Cap(microdollars=500_000)
    cap.add(Call(model="m", prompt_tokens=1000, completion_tokens=0), Price(input=2.0, output=8.0))
    assert "1,000 tokens · $0.0020 of $0.5000" in shown(tally(1, cap=cap), 1.0)


def test_errors_are_counted_and_the_last_one_is_told_as_it_is() -> None:
    assert "2 errors, the last: one on q1: no [such] thing" in shown(tally(2, error="no [such] thing"), 1.0)


def test_off_a_terminal_a_line_comes_every_ten_seconds_and_at_the_end() -> None:
    assert len(shown(tally(1), 1.0, 2.0, 11.0, 12.0, 13.0).splitlines()) == 2


def test_on_a_terminal_there_is_a_bar() -> None:
    assert "━" in shown(tally(100), 1.0, terminal=True)


def test_a_run_that_fails_before_it_begins_shows_nothing_or_that_it_starts() -> None:
    console = Console(file=io.StringIO())
    with Progress(console):
        pass
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""
