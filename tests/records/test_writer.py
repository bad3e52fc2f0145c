"""What was acknowledged survives: killed writers, full disks, second writers."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from isocost.records import Call, InputError, Record, RecordWriter, StoreError, open_records


def record(name: object, **fields: Any) -> Record:
    return Record(system="s", item=str(name), **fields)


def items(folder: Path) -> list[str]:
    return [one.item for one in open_records(folder).read()]


WRITE_FOR_EVER = """
import sys
from isocost.records import Record, RecordWriter
with RecordWriter(sys.argv[1], every=10**9, seconds=10**9) as writer:
    number = int(sys.argv[2])
    while True:
        for _ in range(7):
            writer.append(Record(system="s", item=str(number), text="x" * 300))
            number += 1
        writer.flush()
        print(number, flush=True)
"""


def test_kill_9_at_any_moment_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(1)
    acknowledged = 0
    for _ in range(3):
        command = [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path), str(acknowledged)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told = [writer.stdout.readline() for _ in range(rng.randrange(1, 40))]
            writer.send_signal(signal.SIGKILL)
            told += writer.stdout.readlines()
        acknowledged = int([line for line in told if line.endswith("\n")][-1])
        found = items(tmp_path)
        assert found[:acknowledged] == [str(number) for number in range(acknowledged)]
        assert len(found) == len(set(found))
        with RecordWriter(tmp_path):
            pass
        assert (tmp_path / "records.jsonl").read_bytes().endswith(b"\n")
        assert items(tmp_path) == found
        acknowledged = len(found)


@pytest.mark.parametrize("cut", range(1, 26))
def test_a_line_torn_anywhere_is_cut_off_before_the_next_is_written(tmp_path: Path, cut: int) -> None:
    whole = b'{"system":"s","item":"b"}\n'
    file = tmp_path / "records.jsonl"
    file.write_bytes(b'{"system":"s","item":"a"}\n' + whole[:cut])
    with RecordWriter(tmp_path) as writer:
        writer.append(record("c"))
    assert items(tmp_path) == (["a", "b", "c"] if cut == 25 else ["a", "c"])
    assert file.read_bytes().count(b"\n") == len(items(tmp_path))


def test_a_torn_line_longer_than_one_look_back_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_bytes(b'{"system":"s","item":"a"}\n{"system":"' + b"x" * 200_000)
    with RecordWriter(tmp_path) as writer:
        writer.append(record("c"))
    assert items(tmp_path) == ["a", "c"]


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as writer:
        with pytest.raises(StoreError, match=f"written by process {os.getpid()}"):
            RecordWriter(tmp_path)
        writer.append(record("a"))
        with pytest.raises(StoreError, match="being written"):
            open_records(tmp_path).compact()
    with RecordWriter(tmp_path) as writer:
        writer.append(record("b"))
    assert items(tmp_path) == ["a", "b"]


def test_append_flushes_by_count_and_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with RecordWriter(tmp_path, every=3, seconds=5) as writer:
        for number in range(2):
            writer.append(record(number))
        assert items(tmp_path) == []
        writer.append(record(2))
        assert items(tmp_path) == ["0", "1", "2"]
        now[0] = 5.0
        writer.append(record(3))
        assert (items(tmp_path), writer.saved) == (["0", "1", "2", "3"], 4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (record("a", score=float("nan")), "between 0 and 1, got nan"),
        (record("a", score=7.0), "between 0 and 1, got 7"),
        (record("a", attempt=-1), r">= 0 - at `\$.attempt`"),
        (record("a", calls=(Call(model="m", prompt_tokens=-5),)), ">= 0"),
        (record("a", details={"lock": object()}), "cannot be written as JSON"),
        (record("a", text="x" * (33 * 2**20)), "the most is"),
    ],
)
def test_a_record_that_could_not_be_read_back_is_refused_and_the_file_stays_sound(
    tmp_path: Path, wrong: Record, message: str
) -> None:
    with RecordWriter(tmp_path) as writer:
        with pytest.raises(InputError, match=message):
            writer.append(wrong)
        writer.append(record("b"))
    assert items(tmp_path) == ["b"]


def test_half_a_surrogate_pair_is_replaced_since_no_file_can_hold_it(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as writer:
        writer.append(record("a", text="\ud83d broken", details={"votes": ["\ud83d", "\U0001f600"]}))
    (found,) = open_records(tmp_path).read()
    assert (found.text, found.details) == ("\ufffd broken", {"votes": ["\ufffd", "\U0001f600"]})


def test_a_file_in_the_folders_place_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "study").touch()
    with pytest.raises(InputError, match="this is a file"):
        RecordWriter(tmp_path / "study")


FILL = """
import sys
from isocost.records import Record, RecordWriter, StoreError
writer = RecordWriter(sys.argv[1], every=10)
try:
    for number in range(10_000):
        writer.append(Record(system="s", item=str(number), text="x" * 300))
except StoreError as error:
    print(error)
"""


def fill(folder: Path, **options: Any) -> str:
    done = subprocess.run([sys.executable, "-c", FILL, str(folder)], capture_output=True, text=True, check=True, **options)
    return done.stdout


def check_full(folder: Path, said: str) -> None:
    saved = items(folder)
    assert f"{len(saved)} records of this run are saved and readable, 10 are not yet" in said
    assert "free at least" in said
    assert saved == [str(number) for number in range(len(saved))]
    assert saved
    assert (folder / "records.jsonl").read_bytes().endswith(b"\n")


def test_a_file_at_its_limit_is_cut_back_to_whole_lines_and_said(tmp_path: Path) -> None:
    said = fill(tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)))
    check_full(tmp_path, said)


def test_a_full_disk_is_survived_and_writing_goes_on_once_there_is_room(tmp_path: Path) -> None:
    """On a real file system of 64 KiB, where this machine allows to mount one."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        said = fill(tmp_path)
        assert "No space left on device" in said
        check_full(tmp_path, said)
        saved = len(items(tmp_path))
        writer = RecordWriter(tmp_path, every=10**9, seconds=10**9)
        for number in range(saved, saved + 50):
            writer.append(record(number, text="x" * 3000))
        with pytest.raises(StoreError, match="No space left"):
            writer.flush()
        assert len(items(tmp_path)) == saved
        subprocess.run(["mount", "-o", "remount,size=1m", str(tmp_path)], check=True)
        writer.close()
        assert len(items(tmp_path)) == saved + 50
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_while_leaving_says_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    def write() -> None:
        with RecordWriter(tmp_path) as writer:
            writer.append(record("a"))
            monkeypatch.setattr(os, "fsync", full)
            writer.flush()

    with pytest.raises(StoreError, match="0 records of this run are saved"):
        write()
    monkeypatch.undo()
    assert items(tmp_path) == []
