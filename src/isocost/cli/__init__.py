"""The command line: parse, call one function, print. Results go to stdout, progress and errors to stderr.

Exit codes: 0 done; 1 something failed while working; 2 the input cannot be used; 3 the spending cap was reached;
130 interrupted. What was recorded stays recorded in every case.
"""

import sys
from importlib import import_module
from io import TextIOWrapper

import click

from isocost import __version__

COMMANDS = {
    "study": "isocost.cli.study:study",
    "import": "isocost.cli.importing:import_",
    "metrics": "isocost.cli.metrics:metrics",
    "compare": "isocost.cli.metrics:compare",
    "frontier": "isocost.cli.frontier:frontier",
    "plan": "isocost.cli.plan:plan",
    "report": "isocost.cli.report:report",
    "records": "isocost.cli.records:records",
    "strategies": "isocost.cli.strategies:strategies",
    "doctor": "isocost.cli.doctor:doctor",
}


class _Commands(click.Group):
    """Imports a command only when it is named, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        where, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(where), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _SUMMARIES[name]) for name in COMMANDS])


_SUMMARIES = {
    "study": "Ask every system every question, then show the frontier.",
    "import": "Turn an evaluation log or a table into records.",
    "metrics": "Quality and cost of each system, with intervals.",
    "compare": "Paired differences between systems, corrected for many comparisons.",
    "frontier": "Which systems are not dominated, and how surely.",
    "plan": "Spend a budget where it buys most, or check a plan against new records.",
    "report": "Write the web page (or a picture) of some records.",
    "records": "List, compact or export records.",
    "strategies": "Which ways of asking there are, what each takes, and a study to try one with.",
    "doctor": "What is installed, what is missing, what this machine can do.",
}


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start here:  isocost study examples/quickstart.toml",
)
@click.version_option(__version__, prog_name="isocost")
def cli() -> None:
    """Find the cheapest way for an AI system to be good enough."""


def main() -> None:
    """The console script: errors of ours become one line and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # LANG=C: a name that the terminal cannot show is no reason to fail
    try:
        cli(prog_name="isocost", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(_say("interrupted", 130))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except KeyboardInterrupt:
        sys.exit(_say("interrupted; what was recorded is kept. Hint: the same command goes on where it stopped.", 130))
    except BrokenPipeError:
        sys.stderr.close()  # `isocost ... | head`: the reader has left, which is no fault of ours
        sys.exit(0)
    except Exception as error:  # told apart in _code; one that is not ours is raised again
        code = _code(error)
        if code is None:
            raise
        sys.exit(_say(f"{'stopped' if code == 3 else 'error'}: {error}", code))


def _code(error: Exception) -> int | None:
    """The exit code of an error of ours or of the system's; imported here, so that help need not wait for it."""
    from isocost.records.errors import CapReached, InputError, IsocostError

    codes = {InputError: 2, CapReached: 3, IsocostError: 1, OSError: 1}  # a path that cannot be written is the user's
    return next((code for kind, code in codes.items() if isinstance(error, kind)), None)


def _say(message: str, code: int) -> int:
    click.echo(message, err=True)
    return code
