"""The study in plain words: what was asked, which system to take, how sure that is, and what nobody measured."""

import math
from collections.abc import Sequence

from isocost.metrics import Estimate
from isocost.report.data import ReportData
from isocost.report.words import AXES, count, interval, probability, say


class Name(str):
    """A system's name within a sentence, so that a page can set it apart."""

    __slots__ = ()


Sentence = tuple[str, ...]  # pieces of text, some of them a Name


def verdict(data: ReportData) -> list[Sentence]:
    """Which system to take, and how sure that is."""
    x, y = data.main
    best = _best(data, y)
    if best is None:
        return [("No system has a measured ", AXES[y].label, ", so none can be recommended.")]
    if data.value(best, y) == 0:
        return [("No system answered anything right, so none can be recommended.",)]
    if x not in data.axes:
        return [
            *_most_accurate(data, best),
            ("Nothing that could be paid was measured, so there is no frontier to choose from.",),
        ]
    choice = cheapest_good_enough(data)
    if data.target is not None and choice is None:
        return [("No system reaches the accuracy asked for, ", say("share", data.target), "."), *_most_accurate(data, best)]
    if choice is None:
        return [*_most_accurate(data, best), ("What it costs was not measured.",)]
    return _recommendation(data, choice, best)


def cheapest_good_enough(data: ReportData) -> str | None:
    """The cheapest system that reaches the target; without a target, that cannot be told apart from the most accurate one.

    Told apart means: the paired difference's interval excludes 0; without paired differences, the system's own interval
    excludes the best system's value, which is the weaker test.
    """
    x, y = data.main
    best = _best(data, y)
    if best is None:
        return None
    good = [name for name in data.names if data.value(name, x) is not None and _good(data, name, best)]
    return good[0] if good else None


def _good(data: ReportData, name: str, best: str) -> bool:
    y = data.main[1]
    estimate, top = data.estimate(name, y), data.value(best, y)
    if estimate is None or estimate.value is None or top is None:
        return False
    if data.target is not None:
        return estimate.value >= data.target
    if name == best or estimate.value == 0:  # what is never right is good for nothing, however few were asked
        return name == best
    bound = data.behind[name].high if name in data.behind else (math.inf if estimate.high is None else estimate.high) - top
    return bound is None or bound >= 0


def _best(data: ReportData, y: str) -> str | None:
    known = [name for name in data.names if data.value(name, y) is not None]
    return max(known, key=lambda name: data.value(name, y) or 0.0, default=None)


def _most_accurate(data: ReportData, best: str) -> list[Sentence]:
    return [(Name(best), " has the highest ", *_with_interval(data, best, data.main[1], ", "), ".")]


def _recommendation(data: ReportData, choice: str, best: str) -> list[Sentence]:
    y = data.main[1]
    lines: list[Sentence] = []
    if data.target is not None:
        lines.append(
            (Name(choice), " is the cheapest system that reaches ", say("share", data.target), ": ", *_at(data, choice), ".")
        )
        reached = data.estimate(choice, y)
        if reached is None or reached.low is None or reached.low < data.target:
            lines.append(("It may still fall short: its interval reaches below what was asked for.",))
    elif choice == best:
        lines.append((Name(best), " has the highest ", *_at(data, best, ", "), "."))
        never = any(data.value(name, y) == 0 for name in data.names[: data.names.index(best)])
        worse = f"Every cheaper system is measurably worse{', or was never right' if never else ''}."
        lines.append((worse if data.names[0] != best else "It is also the cheapest.",))
    else:
        lines.append(
            (Name(choice), " is the cheapest system that these questions cannot tell from the best: ", *_at(data, choice), ".")
        )
        lines.append(
            (
                Name(best),
                " has the highest ",
                *_at(data, best, ", "),
                *_apart(data, choice),
                ".",
            )
        )
    return [*lines, *_surety(data, choice)]


def _at(data: ReportData, name: str, joint: str = " ") -> Sentence:
    return (*_with_interval(data, name, data.main[1], joint), ", ", _paid(data, name))


def _paid(data: ReportData, name: str) -> str:
    """What a system takes on the main axis, in words."""
    x = data.main[0]
    kind, value = AXES[x].kind, data.value(name, x)
    said = say(kind, value, data.per)
    if value is None:
        return said
    if kind == "money":
        return f"for {said} per {data.per:,} questions" if data.per > 1 else f"for {said} a question"
    return f"at {said.removesuffix(' s').removesuffix(' J')} {AXES[x].label}"


def _with_interval(data: ReportData, name: str, metric: str, joint: str) -> Sentence:
    estimate = data.estimate(name, metric)
    if estimate is None:
        return (AXES[metric].label, joint, say(AXES[metric].kind, None))
    kind = AXES[metric].kind
    return (AXES[metric].label, joint, say(kind, estimate.value), " (", interval(kind, estimate), ")")


def _apart(data: ReportData, choice: str) -> Sentence:
    if choice not in data.behind:
        return ()
    gap = data.behind[choice]
    points = [f"{100 * bound:+.1f}" for bound in (gap.value, gap.low, gap.high) if bound is not None]
    return (f" (paired difference {points[0]} points, {points[1]} to {points[2]})",) if len(points) == 3 else ()


def _surety(data: ReportData, choice: str) -> list[Sentence]:
    frontier = data.frontier(*data.main)
    if frontier is None:
        return []
    lines: list[Sentence] = []
    surely = {place.system: place.on_frontier for place in frontier.systems}.get(choice)
    asked = data.estimate(choice, data.main[1])
    if surely is not None and asked is not None and asked.n > 1:  # one question drawn again is the same question
        lines.append(
            (
                "With other questions of the same kind ",
                Name(choice),
                f" would be on the frontier {probability(surely)} of the time.",
            )
        )
    flattery = frontier.flattery[-1] if frontier.flattery else None
    if flattery is not None and flattery.value is not None and flattery.value >= 0.0005:  # what rounds to .1 points
        points = f"{100 * flattery.value:.1f} points"
        lines.append(
            (
                "Systems chosen on the questions they are measured on look better than they are: here by about ",
                points,
                " of ",
                AXES[data.main[1]].label,
                f" ({_points(flattery)})" if flattery.low is not None else "",
                ".",
            )
        )
    return lines


def _points(estimate: Estimate) -> str:
    return " to ".join(f"{100 * bound:.1f}" for bound in (estimate.low, estimate.high) if bound is not None)


def asked(data: ReportData) -> str:
    """What was asked of whom: "8 systems, 180 questions in 3 tasks, 1,440 answers"."""
    tasks = len(data.by_task)
    questions = max((each.n_items for each in data.systems), default=0)
    answers = sum(each.n_records for each in data.systems)
    parts = [count(len(data.systems), "system"), count(questions, "question") + (f" in {tasks} tasks" if tasks > 1 else "")]
    return ", ".join([*parts, count(answers, "answer")])


def unmeasured(data: ReportData) -> list[Sentence]:
    """What is missing from the report, in sentences."""
    without = {
        metric: [each.system for each in data.systems if data.estimate(each.system, metric) is None]
        for metric in ("cost", "seconds", "first_token_seconds", "cpu_seconds", "energy")
    }
    unpriced = [name for name in without["cost"] if data.missing(name, "cost", "money") == "unpriced"]
    nowhere = [AXES[metric].label for metric, systems in without.items() if len(systems) == len(data.systems)]
    lines: list[Sentence] = [(f"Not measured for any system: {', '.join(nowhere)}.",)] if nowhere and data.systems else []
    for metric, systems in without.items():
        if 0 < len(systems) < len(data.systems):
            rest = systems if metric != "cost" else [name for name in systems if name not in unpriced]
            lines += [("Unpriced: ", *names(unpriced), ".")] if metric == "cost" and unpriced else []
            lines += [(f"No {AXES[metric].label}: ", *names(rest), ".")] if rest else []
    drawn = data.frontier(*data.main)
    placed = {name for name in data.names if all(data.value(name, axis) is not None for axis in data.main)}
    left_out = {} if drawn is None else {name: why for name, why in drawn.left_out.items() if name in placed}
    return lines + [(Name(name), f" was not compared: {why}.") for name, why in left_out.items()]


def names(systems: Sequence[str], most: int = 6) -> Sentence:
    """Names as a list in words, the rest counted."""
    pieces: list[str] = []
    for name in systems[:most]:
        pieces += [Name(name), ", "]
    rest = len(systems) - most
    return (*pieces[:-1], f" and {rest} more") if rest > 0 else tuple(pieces[:-1])
