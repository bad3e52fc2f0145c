"""`run(source, limits)`: a program in the jail, and how it ended. `Server`: one that answers line by line."""

import json
import os
import platform
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from isocost.records import InputError, IsocostError

HERE = Path(__file__).parent
GRACE = 30.0  # seconds for a busy machine to build the jail in, beyond the program's own


class SandboxError(IsocostError):
    """The jail could not be built here, so the program was not run."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a program may use.

    seconds: of wall time, and of CPU time for each of its processes. memory: MiB of address space of each process. disk: MiB of
    files in all. processes: at once, threads counted. output: bytes of stdout and stderr that are kept.
    isolation: "full" (namespaces; nothing is run where they are not to be had) or "limits" (docs/workload.md says what that
    does not guarantee).
    """

    seconds: float = 5.0
    memory: int = 512
    disk: int = 16
    processes: int = 8
    output: int = 65536
    isolation: Literal["full", "limits"] = "full"

    def __post_init__(self) -> None:
        for name, low, high in (("seconds", 0.1, 86400), ("memory", 32, 2**20), ("disk", 1, 2**20), ("processes", 1, 4096)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} must lie in [{low:g}, {high}], got {value}.")


class Outcome(NamedTuple):
    """How a program ended: `passed` when it ran to its end, else the `reason`; `output` is the beginning of what it printed."""

    passed: bool
    reason: str
    output: str


def run(source: str, limits: Limits | None = None) -> Outcome:
    """Runs Python source, tests included, within the limits. Raises SandboxError where the jail cannot be built."""
    limits = limits or Limits()
    with _Jail(source, limits, seconds=limits.seconds) as jail:
        output = jail.collect(limits.output, time.monotonic() + limits.seconds + GRACE)
        passed, reason = jail.verdict(limits)
    return Outcome(passed, reason, output)


class Server:
    """A program in the jail that answers each line of its stdin with a line on its stdout; close it, or use it in a `with`."""

    def __init__(self, source: str, limits: Limits, *, paths: Iterable[str] = ()) -> None:
        self._jail = _Jail(source, limits, paths=tuple(paths))
        self._rest = b""
        self._finish = weakref.finalize(self, self._jail.__exit__)

    def ask(self, line: str, seconds: float) -> str:
        """The answer to a line. Raises TimeoutError when it takes longer; the server is then of no further use."""
        stdin = self._jail.process.stdin
        assert stdin is not None
        try:
            stdin.write(line.encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise SandboxError(self._jail.fault()) from None
        return self.read(seconds)

    def read(self, seconds: float) -> str:
        """The next line that the program writes."""
        stdout, ends = self._jail.process.stdout, time.monotonic() + seconds
        assert stdout is not None
        while b"\n" not in self._rest:
            ready, _, _ = select.select([stdout], [], [], max(0.0, ends - time.monotonic()))
            if not ready:
                raise TimeoutError
            part = os.read(stdout.fileno(), 65536)
            if not part:
                raise SandboxError(self._jail.fault())
            self._rest += part
        answer, _, self._rest = self._rest.partition(b"\n")
        return answer.decode("utf-8", "replace")

    def close(self) -> None:
        """Ends the program and everything that it started."""
        self._finish()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Jail:
    """A running jailer with its pipes: `report` is the jailer's word, `verdict` the harness's."""

    def __init__(self, source: str, limits: Limits, *, seconds: float | None = None, paths: tuple[str, ...] = ()) -> None:
        if sys.platform != "linux":
            raise SandboxError(f"programs can be run on Linux only, this is {sys.platform}.")
        self.token = secrets.token_hex(16)
        self.folder = tempfile.TemporaryDirectory(prefix="isocost-", ignore_cleanup_errors=True)
        report, report_in = os.pipe()
        verdict, verdict_in = os.pipe()
        os.set_blocking(report, False)
        os.set_blocking(verdict, False)
        self.report, self.said = report, verdict
        job = _job(source, limits, seconds, paths) | {"token": self.token, "folder": self.folder.name}
        with tempfile.TemporaryFile("w+") as file:
            json.dump(job, file)
            file.flush()
            file.seek(0)
            descriptors = (file.fileno(), report_in, verdict_in)
            self.process = subprocess.Popen(  # noqa: S603  # our own jailer, run by our own Python
                [job["python"], "-I", "-S", "-B", str(HERE / "jail.py"), *map(str, descriptors)],
                stdin=subprocess.DEVNULL if seconds else subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=descriptors,
                start_new_session=True,
                env=job["environment"],
            )
        os.close(report_in)
        os.close(verdict_in)

    def collect(self, keep: int, ends: float) -> str:
        """The beginning of what the program prints; returns when the jailer has ended, and ends it when it is late."""
        assert self.process.stdout is not None
        kept, out = b"", self.process.stdout.fileno()
        os.set_blocking(out, False)
        ended = os.pidfd_open(self.process.pid)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(out, select.POLLIN)
        while (left := ends - time.monotonic()) > 0:
            ready = {fd for fd, _ in poll.poll(left * 1000)}
            part = _read(out)
            kept += part[: keep - len(kept)]
            if ended in ready and not part:
                break
            if out in ready and not part:  # closed by everyone
                poll.unregister(out)
        os.close(ended)
        return kept.decode("utf-8", "replace")

    def verdict(self, limits: Limits) -> tuple[bool, str]:
        """Whether the program passed, and the reason if not."""
        facts, said = _lines(self.report), _lines(self.said)
        setup = next((fact["setup"] for fact in facts if "setup" in fact), None)
        if setup is not None or not facts:
            raise SandboxError(_cure(setup or "the jailer ended without a word", limits))
        end = facts[-1]
        if "timeout" in end:
            return False, f"took longer than {limits.seconds:g} s"
        if "disk" in end:
            return False, f"wrote more than {limits.disk} MiB"
        if said and said[0].get("passed") is True and said[0].get("token") == self.token:
            return True, ""
        if said:
            return False, str(said[0].get("reason", "no reason given"))
        return False, f"ended before its tests were done ({_ending(end['exit'])})"

    def fault(self) -> str:
        """Why a server ended, as far as the jailer said."""
        self.process.wait(GRACE)
        facts = [*_lines(self.said), *_lines(self.report)]
        return str(
            next((fact[name] for fact in facts for name in ("reason", "setup") if name in fact), "the program has ended.")
        )

    def __enter__(self) -> "_Jail":
        return self

    def __exit__(self, *_: object) -> None:
        # SIGTERM: of isolation "limits", the jailer first ends every descendant; of "full", the kernel does.
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        os.close(self.report)
        os.close(self.said)
        self.folder.cleanup()


def _job(source: str, limits: Limits, seconds: float | None, paths: tuple[str, ...]) -> dict[str, Any]:
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    cpu = 2**31 if seconds is None else int(seconds) + 1
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    environment |= {"HOME": "/tmp"}  # noqa: S108  # the jail's own
    environment |= {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # to fit into its memory
    if libraries := os.environ.get("LD_LIBRARY_PATH"):
        environment["LD_LIBRARY_PATH"] = libraries
    return {
        "source": source,
        "isolation": limits.isolation,
        "seconds": seconds,
        "cpu": cpu,
        "memory": limits.memory,
        "disk": limits.disk,
        "processes": limits.processes,
        "python": python,
        "harness": (HERE / "harness.py").read_text(encoding="utf-8"),
        "machine": platform.machine(),
        "environment": environment,
        "paths": paths,
        "bind": sorted({sys.base_prefix, sys.base_exec_prefix, str(Path(python).parent), *paths} - {"/"}),
    }


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return b""


def _lines(fd: int) -> list[dict[str, Any]]:
    """What was written to a pipe, as JSON objects; the program may have written anything to its own."""
    found = []
    for line in _read(fd).splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _ending(code: int) -> str:
    if code == -signal.SIGXCPU or code == -signal.SIGKILL:
        return "killed: out of CPU time or memory"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _cure(setup: str, limits: Limits) -> str:
    hint = (
        "Hint: run as root with CAP_SYS_ADMIN, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
        'kernel.apparmor_restrict_unprivileged_userns=0), or say isolation = "limits" and read docs/workload.md first.'
    )
    return f"no program was run, for its jail could not be built: {setup}. {hint if limits.isolation == 'full' else ''}".strip()
