"""`isocost strategies`: which strategies there are, what each does and takes, and a study to try one with."""

import inspect
import re
from typing import Any

import click
import msgspec

from isocost.cli.output import as_json, say_table
from isocost.records.errors import InputError, did_you_mean, shorten
from isocost.systems.parameters import Parameter
from isocost.systems.spec import Kind, describe

ARXIV = re.compile(r"\b\d\d(?:0[1-9]|1[0-2])\.\d{4,5}\b")

STUDY = """# {summary}
#   isocost strategies example {name} > {name}.toml && isocost study {name}.toml

[study]
name = "{name}"

[models.small]
kind = "synthetic"  # of known truth, to try it on; or "embedded", "endpoint"
abilities = 0.0
price = {{ input = 0.1, output = 0.4 }}

[models.large]
kind = "synthetic"
abilities = 2.0
price = {{ input = 1.0, output = 4.0 }}

[[workload]]
task = "synthetic"
kind = "python"
target = "isocost.systems.models.synthetic:items"
settings = {{ n = 20 }}
grader = {{ kind = "exact" }}

[systems.plain]  # to compare with
kind = "zero_shot"
system = "small"

{table}"""


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n  isocost strategies\n  isocost strategies describe vote\n"
    "  isocost strategies example cascade > cascade.toml\n  isocost strategies --json",
)
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.pass_context
def strategies(context: click.Context, json_: bool) -> None:
    """List the strategies, describe one, or print a study that uses it; alone it lists them."""
    if context.invoked_subcommand is None:
        _say_list(json_)


@strategies.command("list", epilog="\b\nExample:\n  isocost strategies list --json")
@click.option("--json", "json_", is_flag=True, help="Print JSON: name, summary, papers and parameters of each.")
def list_(json_: bool) -> None:
    """List every strategy with what it does."""
    _say_list(json_)


@strategies.command("describe", epilog="\b\nExample:\n  isocost strategies describe best_of")
@click.argument("name")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def describe_(name: str, json_: bool) -> None:
    """Say all there is to know of the strategy NAME: what it does, its papers, its options."""
    kind = named(name)
    if json_:
        as_json(facts(kind) | {"signature": signature(kind), "description": description(kind)})
        return
    click.echo(f"{signature(kind)}\n\n{description(kind)}\n")
    rows = [(each.name, each.type, _default(each)) for each in kind.parameters.values()]
    say_table("Options", ("name", "type", "default"), rows)
    for paper in papers(kind):
        click.echo(f"https://arxiv.org/abs/{paper}")


@strategies.command(epilog="\b\nExample:\n  isocost strategies example vote > vote.toml && isocost study vote.toml")
@click.argument("name")
@click.option("--json", "json_", is_flag=True, help="Print the study as JSON.")
def example(name: str, json_: bool) -> None:
    """Print a whole study file that runs the strategy NAME on models of known truth."""
    kind = named(name)
    as_json({"name": kind.name, "toml": study(kind)}) if json_ else click.echo(study(kind))


def all_strategies() -> list[Kind]:
    """Every strategy that a study file can name, by name."""
    return [kind for kind in describe() if not kind.is_model]


def named(name: str) -> Kind:
    """The strategy of this name; InputError with the nearest ones otherwise."""
    known = {kind.name: kind for kind in all_strategies()}
    if name not in known:
        raise InputError(f"NAME: expected a strategy, got {shorten(name)!r}.{did_you_mean(name, known)}")
    return known[name]


def description(kind: Kind) -> str:
    """Its whole docstring."""
    return inspect.getdoc(kind.target) or ""


def papers(kind: Kind) -> list[str]:
    """The arXiv ids that its docstring cites, in that order."""
    return list(dict.fromkeys(ARXIV.findall(description(kind))))


def facts(kind: Kind) -> dict[str, Any]:
    """What it is, as plain data."""
    parameters = [
        {"name": each.name, "type": each.type, "required": each.required, "default": _plain(each.default)}
        for each in kind.parameters.values()
    ]
    return {"name": kind.name, "summary": kind.summary, "papers": papers(kind), "parameters": parameters}


def signature(kind: Kind) -> str:
    """How it is called in Python; a default that takes many words is `...`."""
    whole = inspect.signature(kind.target)
    bare = [each.replace(annotation=each.empty, default=_Short.of(each.default)) for each in whole.parameters.values()]
    return f"{kind.name}{whole.replace(parameters=bare, return_annotation=whole.empty)}"


def study(kind: Kind) -> str:
    """A whole study file that compares it with the plain model."""
    return STUDY.format(name=kind.name, summary=kind.summary, table=table(kind))


def table(kind: Kind) -> str:
    """Its table in a study file: a value for what it needs, and what it takes as a comment."""
    needed = [f"{each.name} = {_needed(each)}" for each in kind.parameters.values() if each.required]
    taken = [f"# {each.name}{_taken(each)}" for each in kind.parameters.values() if not each.required and _types(each)]
    return "\n".join([f"[systems.{kind.name}]", f'kind = "{kind.name}"', *needed, *taken])


def _needed(parameter: Parameter) -> str:
    """A value for an option without a default, by its type."""
    by_type = {"int": "3", "table | list": '[{ question = "1 + 1", steps = "One and one.", answer = "2" }]'}
    by_reference = {"one": '"small"', "many": '[{ kind = "vote", system = "small", n = 3 }, "large"]'}
    return by_reference[parameter.refers] if parameter.refers else by_type[parameter.type]


def _taken(parameter: Parameter) -> str:
    return f": {_types(parameter)}" if parameter.default is None else f" = {_default(parameter)}"


def _types(parameter: Parameter) -> str:
    """The types that a study file can give it, in its words."""
    return " | ".join(each for each in parameter.type.split(" | ") if each not in ("none", "value"))


def _default(parameter: Parameter) -> str:
    """The default as a study file has it."""
    return "needed" if parameter.required else "none" if parameter.default is None else _toml(_plain(parameter.default))


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=lambda other: f"{other.__module__}:{other.__name__}")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{name} = {_toml(each)}" for name, each in value.items() if each is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return msgspec.json.encode(value).decode()


class _Short:
    """A default whose repr is too long to read in a signature."""

    @staticmethod
    def of(default: Any) -> Any:
        return default if default is inspect.Parameter.empty or len(repr(default)) <= 24 else _Short()

    def __repr__(self) -> str:
        return "..."


def _say_list(json_: bool) -> None:
    if json_:
        as_json({"strategies": [facts(kind) for kind in all_strategies()]})
        return
    rows = [(kind.name, kind.summary, ", ".join(papers(kind)) or "-") for kind in all_strategies()]
    say_table("isocost strategies", ("name", "what it gives", "papers (arXiv)"), rows)
    click.echo("isocost strategies describe NAME says more; `example NAME` prints a study that runs it.")
