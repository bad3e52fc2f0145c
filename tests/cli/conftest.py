"""A command line run in this process, and what it said."""

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from isocost.cli import main


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Isocost = Callable[..., Said]


@pytest.fixture
def isocost(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Isocost:
    """Runs a command line in this process."""

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["isocost", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(said.out, said.err, code)

    return run
