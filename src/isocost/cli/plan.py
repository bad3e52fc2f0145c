"""`isocost plan`: what to ask which question, so that a budget buys the most; and whether a plan still fits."""

import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import msgspec

from isocost.cli.output import as_json, say_table
from isocost.metrics import Estimate
from isocost.plan import (
    Goal,
    How,
    Plan,
    amount,
    check,
    gather,
    make,
    open_plan,
    parse_at_least,
    parse_budget,
    parse_latency,
)
from isocost.plan.evidence import QUALITIES, UNITS
from isocost.plan.kinds import KINDS
from isocost.records import InputError, Price, open_records
from isocost.report.words import DASH, interval, say

QUALITY = {"accuracy": "accuracy", "mean_score": "mean score"}
BASELINES = {
    "best_single": "best single",
    "mix": "mix",
    "random": "random router",
    "length": "by length alone",
    "oracle": "oracle",
}


class _Plan(click.Group):
    """Makes a plan unless a command is named: `isocost plan RECORDS` is `isocost plan make RECORDS`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["make", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "RECORDS [OPTIONS]")
        formatter.write_usage(ctx.command_path, "check PLAN RECORDS [OPTIONS]")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.commands["make"].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(cls=_Plan, epilog='\b\nExample:\n  isocost plan runs/quickstart --budget "$0.40 per 1000" -o plan.toml')
def plan() -> None:
    """Spend a budget where it buys most: make a plan from RECORDS, or check one."""


@plan.command("make", epilog='\b\nExample:\n  isocost plan runs/quickstart --budget "$0.40 per 1000" -o plan.toml')
@click.argument("records", type=click.Path(path_type=Path))
@click.option("--budget", help='At most this on average: "$0.40 per 1000", "$0.0004", "800 tokens".')
@click.option("--at-least", help="Reach this for the least cost: accuracy=0.90, accuracy=90%.")
@click.option("--latency", help="Answer in time: p95=2s, p99=800ms.")
@click.option("--kind", "name", help=f"One of {', '.join(KINDS)}. Without it the best of them by cross-fitting.")
@click.option("--quality", type=click.Choice(QUALITIES), help="What counts as good.  [default: accuracy]")
@click.option("--unit", type=click.Choice(tuple(UNITS)), help="What is paid with, where no budget says it.  [default: cost]")
@click.option("--systems", help="Use only these: a,b,c.")
@click.option("--columns", help="Numbers in the items' metadata to look at, known before a question is asked: a,b.")
@click.option("--prices", type=click.Path(path_type=Path), help="Prices by model, a TOML file; before those of the records.")
@click.option(
    "--set", "options", multiple=True, metavar="NAME=VALUE", help="An option of the kind; may be given several times."
)
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Of the cross-fitting.")
@click.option("--seed", default=0, show_default=True, help="Of the folds, the bootstrap and the fit.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="plan.toml", show_default=True, help="The plan's file."
)
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def make_(records: Path, name: str | None, systems: str | None, options: tuple[str, ...], **given: Any) -> None:
    """Make a plan from RECORDS for a budget, for a quality, or in time."""
    goal, quality, unit = _goal(given)
    _writable(given["output"])
    opened = open_records(records)
    evidence = gather(opened, quality=quality, unit=unit, prices=_prices(given["prices"]), columns=_list(given["columns"]))
    if systems:
        evidence = evidence.of(_list(systems))
    how = How(folds=given["folds"], seed=given["seed"], records=str(records))
    made = make(evidence, goal, name, dict(map(_setting, options)), how)
    made.save(given["output"])
    if given["json_"]:
        as_json(told(made) | {"file": str(given["output"])})
        return
    show(made)
    click.echo(f"written to {given['output']}")


@plan.command("check", epilog="\b\nExample:\n  isocost plan check plan.toml runs/this-week --json")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.argument("records", type=click.Path(path_type=Path))
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def check_(plan_file: Path, records: Path, json_: bool) -> None:
    """Do new RECORDS still fit a PLAN? Exit code 0: yes; 1: no."""
    found = check(open_plan(plan_file), open_records(records))
    if json_:
        as_json(found)
    else:
        rows = [
            (
                test.what,
                test.system or "the plan",
                *_pair(test.expected),
                *_pair(test.found),
                "-" if test.p is None else f"{test.p:.2g}",
            )
            for test in found.tests
            if not test.system or test.differs
        ]
        say_table("", ("", "of", "expected", "95 % interval", "found", "95 % interval", "p"), rows)
        for note in found.notes:
            click.echo(f"note: {note}")
        click.echo(f"{found.verdict}.")
    if not found.fits:
        sys.exit(1)


def told(made: Plan) -> dict[str, Any]:
    """The plan for `--json`: all but the rule's numbers."""
    return {name: value for name, value in msgspec.structs.asdict(made).items() if name not in ("arrays", "numbers")}


def show(made: Plan) -> None:
    """Prints what a plan expects, what stands beside it, what its last cent buys, and whether it beats the mix."""
    rows = [(f"this plan ({made.kind})", *_cells(made, made.expected), "")]
    rows += [
        (BASELINES[name], *_cells(made, found), _points(made, found["difference"])) for name, found in made.baselines.items()
    ]
    paid = "$ per 1,000" if made.unit == "cost" else UNITS[made.unit]
    say_table(
        f"{made.made.questions:,} questions, each judged by a plan made without it",
        ("", QUALITY[made.quality], "95 % interval", paid, "95 % interval", "plan has more"),
        rows,
    )
    click.echo("\n".join(words(made)))


def words(made: Plan) -> list[str]:
    """What the plan expects, in sentences."""
    quality, cost = made.expected["quality"], made.expected["cost"]
    said = [
        f"Expected: {QUALITY[made.quality]} {_quality(made, quality)} for {_paid(made, cost.value)} "
        f"({interval(*_money(made, cost))}), basis: {quality.basis}."
    ]
    goal = made.goal
    if goal.budget is not None and cost.high is not None and cost.high < goal.budget:
        said.append(f"The budget of {_paid(made, goal.budget)} is not used up: more of it buys nothing here.")
    if goal.budget is not None and cost.low is not None and cost.low > goal.budget:
        said.append(f"It overspends the budget of {_paid(made, goal.budget)} on questions it was not made from.")
    if goal.at_least is not None and quality.value is not None and quality.value < goal.at_least:
        said.append(
            f"That is less than the {say(_kind(made), goal.at_least)} asked for: held-out questions are the honest ones."
        )
    if goal.latency is not None and "in_time" in made.expected:
        timely = made.expected["in_time"]
        told = f"{say('share', timely.value)} ({interval('share', timely)}) of the questions within {goal.latency.seconds:g} s"
        said.append(f"In time: {told}; {goal.latency.share:.4g} were asked for.")
    last = goal.budget if goal.budget is not None else cost.value
    if made.price is not None and last:
        gain = made.price * last / 100
        said.append(f"The last 1 % of the budget ({_paid(made, last / 100)}) buys {_gain(made, gain)}.")
    said.append(f"Against the mix of the same cost: {_points(made, made.over_mix)}: {_verdict(made)}.")
    unknown = [(name, found["quality"].method) for name, found in made.baselines.items() if found["quality"].value is None]
    return said + [f"note: {BASELINES[name]}: {why}" for name, why in unknown] + [f"note: {note}" for note in made.notes]


def _verdict(made: Plan) -> str:
    if made.kind in ("mix", "fixed"):
        return "it does not look at the question, so it cannot beat the mix"
    if made.beats_mix:
        return "it beats the mix"
    if made.over_mix.high is not None and made.over_mix.high < 0:
        return "WARNING: it does worse than the mix, which needs no router"
    return "WARNING: it is not shown to beat the mix, which needs no router"


def _cells(made: Plan, found: dict[str, Estimate]) -> tuple[str, str, str, str]:
    quality, cost = found["quality"], found["cost"]
    if quality.value is None:
        return "none", "", "", ""
    kind, _, per = _money(made, cost)
    return (
        say(_kind(made), quality.value),
        interval(_kind(made), quality, joint=DASH),
        say(kind, cost.value, per),
        interval(kind, cost, per, DASH),
    )


def _kind(made: Plan) -> str:
    return "share" if made.quality == "accuracy" else "count"


def _quality(made: Plan, found: Estimate) -> str:
    return f"{say(_kind(made), found.value)} ({interval(_kind(made), found)})"


def _money(made: Plan, found: Estimate) -> tuple[str, Estimate, int]:
    return ("money", found, 1000) if made.unit == "cost" else ("seconds" if made.unit == "seconds" else "count", found, 1)


def _paid(made: Plan, value: float | None) -> str:
    return "an unknown cost" if value is None else amount(value, made.unit)


def _gain(made: Plan, gain: float) -> str:
    return f"{gain * 100:.2g} points of accuracy" if made.quality == "accuracy" else f"{gain:.2g} of {QUALITY[made.quality]}"


def _points(made: Plan, found: Estimate) -> str:
    """A difference of qualities with its interval: points of accuracy, or units of a score."""
    if found.value is None:
        return ""
    scale, digits = (100, 1) if made.quality == "accuracy" else (1, 3)
    if found.low is None or found.high is None:
        return f"{found.value * scale:+.{digits}f} (no interval)"
    return f"{found.value * scale:+.{digits}f} ({found.low * scale:+.{digits}f} to {found.high * scale:+.{digits}f})"


def _pair(found: Estimate) -> tuple[str, str]:
    if found.value is None:
        return "none", found.method
    if found.low is None or found.high is None:
        return f"{found.value:.4g}", "no interval"
    return f"{found.value:.4g}", f"{found.low:.4g} to {found.high:.4g}"


def _goal(given: dict[str, Any]) -> tuple[Goal, str, str]:
    """The goal, what counts as good, and what is paid with."""
    if not (given["budget"] or given["at_least"] or given["latency"]):
        raise click.UsageError(
            'say what the plan is for: --budget "$0.40 per 1000", --at-least accuracy=0.90 or --latency p95=2s'
        )
    spend = parse_budget(given["budget"]) if given["budget"] else None
    least = parse_at_least(given["at_least"]) if given["at_least"] else None
    unit = _one("--unit", given["unit"], "--budget", spend and spend.unit) or "cost"
    quality = _one("--quality", given["quality"], "--at-least", least and least.quality) or "accuracy"
    goal = Goal(
        budget=None if spend is None else spend.budget,
        at_least=None if least is None else least.value,
        latency=parse_latency(given["latency"]) if given["latency"] else None,
    )
    return goal, quality, unit


def _one(first: str, said: str | None, second: str, implied: str | None) -> str | None:
    if said and implied and said != implied:
        raise click.UsageError(f"{first} says {said}, {second} says {implied}")
    return said or implied


def _prices(file: Path | None) -> dict[str, Price] | None:
    """Prices by model; the tables may stand under `[prices]`."""
    if file is None:
        return None
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        return msgspec.convert(raw["prices"] if set(raw) == {"prices"} else raw, dict[str, Price])
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected prices by model: {error}. Hint: [model] input = 0.15 output = 0.60 (dollars for a million tokens).",
            file=file,
        ) from None


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _setting(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not (found and name.strip()):
        raise click.UsageError(f"--set: expected NAME=VALUE, got '{text}'")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def _writable(file: Path) -> None:
    """Refuses to write over a file that is no plan."""
    if file.exists() and "made" not in _keys(file):
        raise InputError("there is a file here that is no plan. Hint: name another with -o.", file=file)


def _keys(file: Path) -> set[str]:
    try:
        return set(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()
