"""Hostile programs, each contained; as this user, as a plain one, and by limits alone.

Each attack is small on purpose: if its wall failed, the machine would still stand (1 s, a few MB, a bounded bomb).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isocost.records import InputError
from isocost.workload.sandbox.run import Limits, Outcome, SandboxError, Server, run

# One worker for all: the limit of processes counts every program of the user who runs them.
pytestmark = pytest.mark.xdist_group("sandbox")

SRC = Path(__file__).parents[3] / "src"
OTHERS_PYTHON = "/usr/bin/python3"  # one that a user without rights to ours may run
Runner = Callable[..., Outcome]

SERVING = """
import json, sys
from isocost.workload.sandbox.run import Limits, SandboxError, run
for line in sys.stdin:
    source, limits = json.loads(line)
    try:
        said = run(source, Limits(**limits))
    except SandboxError as error:
        said = [False, f"SandboxError: {error}", ""]
    print(json.dumps(said), flush=True)
"""
KINDS = ["full", "full, plain user", "limits", "limits, plain user"]


@pytest.fixture(scope="module", params=KINDS)
def jailed(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """Runs a program in each jail that this machine can build, by a Python that everybody may run; `.kind` says in which."""
    kind, plain = request.param.split(",")[0], "plain" in request.param
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {"PYTHONPATH": os.pathsep.join([str(SRC), *packages]), "PATH": os.environ["PATH"]}
    user: list[str] = []
    if plain and os.geteuid() == 0:
        user = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed, so no other user can be tried")
    probe = f"import sys, isocost.workload; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    if subprocess.run([*user, OTHERS_PYTHON, "-B", "-c", probe], env=environment, cwd="/", capture_output=True).returncode:
        pytest.skip(f"{OTHERS_PYTHON} is not this Python's version, or may not read its packages")
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*user, OTHERS_PYTHON, "-B", "-c", SERVING], env=environment, cwd="/", **pipes) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        stdin, stdout = server.stdin, server.stdout

        def runner(source: str, **limits: object) -> Outcome:
            small = {"seconds": 20.0, "memory": 256, "disk": 2, "processes": 8, "isolation": kind}
            stdin.write(json.dumps([source, small | limits]) + "\n")
            stdin.flush()
            return Outcome(*json.loads(stdout.readline()))

        runner.kind = kind  # type: ignore[attr-defined]
        first = runner("pass")
        if first.reason.startswith("SandboxError"):
            stdin.close()
            pytest.skip(first.reason)
        yield runner
        stdin.close()


def alive(marker: str) -> list[str]:
    """The processes whose command line holds the marker."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


def test_a_program_that_runs_to_its_end_passes_and_its_output_is_kept(jailed: Runner) -> None:
    assert jailed("print('so far')\nassert 1 + 1 == 2") == Outcome(True, "", "so far\n")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = 1\nassert x == 2, 'no'", "AssertionError: no (line 2)"),
        ("def f(:", "SyntaxError: invalid syntax (program.py, line 1) (line 1)"),
        ("raise SystemExit(0)", "SystemExit: 0 (line 1)"),
        ("import os\nos._exit(0)", "ended before its tests were done (exit code 0)"),
        ("import os\nos.abort()", "ended before its tests were done"),
        ("def f(): f()\nf()", "RecursionError"),
        ("import os\nos.write(4, b'{\"passed\": true}')\nos._exit(0)", ""),
    ],
)
def test_a_program_that_does_not_come_through_fails_with_its_reason(source: str, reason: str) -> None:
    outcome = run(source, Limits(seconds=20.0))
    assert not outcome.passed
    assert reason in outcome.reason


def test_an_infinite_loop_ends_with_its_time(jailed: Runner) -> None:
    assert jailed("while True: pass", seconds=1.0) == Outcome(False, "took longer than 1 s", "")


def test_a_sleeper_that_refuses_every_signal_ends_with_its_time(jailed: Runner) -> None:
    ignoring = "for s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n  except OSError: pass\n"
    assert jailed(f"import signal, time\n{ignoring}time.sleep(99)", seconds=1.0).reason == "took longer than 1 s"


def test_a_memory_hog_is_refused_its_memory(jailed: Runner) -> None:
    assert jailed("x = bytearray(300 << 20)").reason.startswith("MemoryError")


def test_a_file_may_not_grow_beyond_the_disk_limit(jailed: Runner) -> None:
    outcome = jailed("with open('big', 'wb') as f:\n  for _ in range(8): f.write(bytes(1 << 20))")
    assert not outcome.passed
    assert "File too large" in outcome.reason


def test_many_files_may_not_fill_the_disk(jailed: Runner) -> None:
    source = "import time\nfor i in range(16):\n  open(str(i), 'wb').write(bytes(1 << 20))\ntime.sleep(9)"
    outcome = jailed(source)
    assert "No space left" in outcome.reason or outcome.reason == "wrote more than 2 MiB"


def test_nothing_outside_its_folder_can_be_written(jailed: Runner) -> None:
    if jailed.kind == "limits":  # type: ignore[attr-defined]
        pytest.skip("isolation = limits does not guarantee this")
    victim = Path(__file__)
    before = victim.read_bytes()
    for path in (victim, victim.parent / "new", "/usr/lib/new", "/root/new", "/work/new", "/dev/shm/new"):
        assert not jailed(f"open({str(path)!r}, 'w').write('x')").passed
    assert victim.read_bytes() == before


def test_files_of_the_machine_cannot_be_read() -> None:
    assert not run(f"open({__file__!r})").passed
    assert not run("open('/etc/passwd')").passed


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
def test_there_is_no_network(jailed: Runner, host: str) -> None:
    outcome = jailed(f"import socket\nsocket.create_connection(({host!r}, 9), timeout=.3)")
    assert outcome.reason.startswith("PermissionError")


def test_a_raw_system_call_does_not_reach_the_network(jailed: Runner) -> None:
    """The filter stands in the kernel, not in Python."""
    source = "import ctypes\nassert ctypes.CDLL(None).socket(2, 1, 0) == -1"
    assert jailed(source).passed


def test_a_daemon_does_not_outlive_the_program(jailed: Runner) -> None:
    marker = f"isocost-daemon-{os.getpid()}"
    source = (
        "import os, sys, time\n"
        "if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
        f"    os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', {marker!r}])\n"
        "  os._exit(0)\n"
        "time.sleep(.3)"
    )
    # By limits alone, everything else that the same user runs counts too: leave room for it.
    assert jailed(source, processes=64).passed
    assert alive(marker) == []


def test_a_fork_bomb_stays_within_its_processes_and_dies_with_the_program(jailed: Runner) -> None:
    """Bounded in itself too (at most 200 forks in each process), so that a broken wall would show and not harm."""
    source = (
        "import os, time\nmade = failed = 0\n"
        "for _ in range(200):\n"
        "  try:\n    if os.fork() == 0: time.sleep(9); os._exit(0)\n    made += 1\n"
        "  except OSError: failed += 1\n"
        "print(made)\nassert failed"
    )
    outcome = jailed(source)
    assert outcome.passed
    assert int(outcome.output) < 8


def test_output_is_capped_and_read_to_no_end(jailed: Runner) -> None:
    outcome = jailed("for _ in range(300): print('x' * 99999)", output=1000)
    assert outcome == Outcome(True, "", "x" * 1000)


def test_the_parent_cannot_be_killed(jailed: Runner) -> None:
    source = "import os\nfor pid in (1, os.getppid(), -1):\n  try: os.kill(pid, 9)\n  except OSError: pass\n"
    assert jailed(source + "raise ValueError('still here')").reason.startswith("ValueError: still here")


def test_no_new_namespaces_can_be_made_inside(jailed: Runner) -> None:
    """Else a program could mount a file system of any size."""
    assert jailed("import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == -1").passed


def test_threads_work(jailed: Runner) -> None:
    if jailed.kind == "limits":  # type: ignore[attr-defined]
        pytest.skip("counted over all of a user's processes, so a busy user gets none")
    assert jailed("import threading\nt = threading.Thread(target=print)\nt.start(); t.join()").passed


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run("open('a', 'w').write('x')")
    assert list(tmp_path.iterdir()) == []


def test_a_jail_that_cannot_be_built_runs_nothing_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(SandboxError, match=r"no program was run.*(no system call filter|Permission denied)"):
        run(f"open({str(tmp_path / 'ran')!r}, 'w')", Limits(isolation="limits"))
    assert not (tmp_path / "ran").exists()


def test_limits_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="seconds must lie in"):
        Limits(seconds=0)


def test_a_server_answers_line_by_line_and_a_slow_answer_is_a_timeout() -> None:
    source = (
        "import sys, time\nfor line in sys.stdin:\n  time.sleep(float(line) * 60)\n  print('slept', line, end='', flush=True)"
    )
    with Server(source, Limits()) as server:
        assert server.ask("0", 30) == "slept 0"
        with pytest.raises(TimeoutError):
            server.ask("1", 0.2)


def test_a_server_that_ends_says_why() -> None:
    with Server("raise KeyError('x')", Limits()) as server, pytest.raises(SandboxError, match="KeyError: 'x'"):
        server.read(30)
