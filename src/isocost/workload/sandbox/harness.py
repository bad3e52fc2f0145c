"""Runs inside the jail, by itself (`python -c`, nothing of ours to import): the program, then a word on how it went."""

import json
import os
import sys
import traceback
from contextlib import suppress


def main(job_fd: int, verdict_fd: int) -> None:
    """Runs the job's source, then writes the verdict; the token shows that the harness wrote it, not the program."""
    write, dumps, leave = os.write, json.dumps, os._exit
    with os.fdopen(job_fd) as file:
        file.seek(0)
        job = json.load(file)
    token, source = job.pop("token"), job.pop("source")
    sys.path.extend(job["paths"])
    sys.argv = ["program.py"]
    verdict = {"passed": True, "token": token}
    try:
        exec(compile(source, "program.py", "exec"), {"__name__": "__main__"})  # noqa: S102  # the purpose of this file
    except BaseException as error:  # noqa: BLE001  # a program may raise anything; that is its verdict
        verdict = {"passed": False, "reason": _reason(error)}
    with suppress(BaseException):  # the program may have put anything in their places
        sys.stdout.flush()
        sys.stderr.flush()
    write(verdict_fd, dumps(verdict).encode())
    leave(0)


def _reason(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "program.py"]
    line = getattr(error, "lineno", None) or (frames[-1].lineno if frames else None)
    text = f"{type(error).__name__}: {error}".removesuffix(": ")[:500]
    return text if line is None else f"{text} (line {line})"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
