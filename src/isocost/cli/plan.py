"""`isocost plan`: what to ask which question, so that a budget buys the most; and whether a plan still fits."""

import tomllib
from pathlib import Path
from typing import Any

import click
import msgspec

from isocost.cli.output import as_json, say_table
from isocost.metrics import Estimate
from isocost.plan import Goal, How, Plan, gather, make, parse_at_least, parse_budget, parse_latency
from isocost.plan.evidence import QUALITIES, UNITS
from isocost.plan.kinds import KINDS
from isocost.records import InputError, Price, open_records

BASELINES = {
    "best_single": "best single system",
    "mix": "mix of systems",
    "random": "random, the plan's shares",
    "length": "by prompt length alone",
    "oracle": "oracle (an upper bound)",
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
    opened = open_records(records)
    evidence = gather(opened, quality=quality, unit=unit, prices=_prices(given["prices"]))
    if systems:
        evidence = evidence.of([system.strip() for system in systems.split(",")])
    how = How(folds=given["folds"], seed=given["seed"], records=str(records))
    made = make(evidence, goal, name, dict(map(_setting, options)), how)
    _writable(given["output"])
    made.save(given["output"])
    if given["json_"]:
        as_json(told(made) | {"file": str(given["output"])})
        return
    say(made)
    for system, why in (evidence.left_out or {}).items():
        click.echo(f"left out: {system}: {why}")
    click.echo(f"written to {given['output']}")


def told(made: Plan) -> dict[str, Any]:
    """The plan for `--json`: all but the rule's numbers."""
    return {name: value for name, value in msgspec.structs.asdict(made).items() if name not in ("arrays", "numbers")}


def say(made: Plan) -> None:
    """Prints what a plan expects, what its last cent buys, and what stands beside it."""
    rows = [(made.kind, *_cells(made.expected, made.unit))]
    rows += [(BASELINES[name], *_cells(found, made.unit)) for name, found in made.baselines.items()]
    paid = "$ per 1,000 questions" if made.unit == "cost" else f"{UNITS[made.unit]} a question"
    say_table("", ("on held-out questions", made.quality, "95 % interval", paid, "95 % interval"), rows)


def _cells(found: dict[str, Estimate], unit: str) -> tuple[str, str, str, str]:
    scale = 1000 if unit == "cost" else 1
    return *_pair(found["quality"], 1), *_pair(found["cost"], scale)


def _pair(found: Estimate, scale: float) -> tuple[str, str]:
    if found.value is None:
        return found.method, ""
    if found.low is None or found.high is None:
        return f"{found.value * scale:.4g}", "unbounded"
    return f"{found.value * scale:.4g}", f"{found.low * scale:.4g} to {found.high * scale:.4g}"


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
        return msgspec.convert(raw.get("prices", raw), dict[str, Price])
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected prices by model: {error}. Hint: [model] input = 0.15 output = 0.60 (dollars for a million tokens).",
            file=file,
        ) from None


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
