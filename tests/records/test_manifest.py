"""What made a study, and what it asked."""

from pathlib import Path

import pytest

from isocost import __version__
from isocost.records import InputError, Item, Manifest, Message, Price, SystemEntry, open_records, read_items, write_items


def test_a_manifest_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    manifest = Manifest(
        study="demo",
        seed=3,
        prices={"m": Price(input=1.0, output=2.0)},
        systems={"s": SystemEntry(fingerprint="f", settings={"n": 3})},
        models={"m": {"kind": "endpoint"}},
        axes={"x": "cost"},
    )
    manifest.save(tmp_path)
    assert Manifest.load(tmp_path) == manifest == open_records(tmp_path).manifest
    assert (manifest.isocost, manifest.schema) == (__version__, 1)
    assert not list(tmp_path.glob("*.tmp"))


def test_a_folder_without_a_manifest_has_an_empty_one(tmp_path: Path) -> None:
    assert Manifest.load(tmp_path) == Manifest(created="", isocost="")


def test_fields_of_a_newer_manifest_are_kept(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"study": "x", "mood": 1, "extra": {"a": 2}}')
    manifest = Manifest.load(tmp_path)
    assert (manifest.study, manifest.extra) == ("x", {"a": 2, "mood": 1})


@pytest.mark.parametrize("text", ["{", "[]", '{"seed": "x"}'])
def test_a_broken_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json: expected a study's manifest"):
        Manifest.load(tmp_path)


def test_items_are_kept_and_shown_as_a_table(tmp_path: Path) -> None:
    chat = (Message("system", "Be brief."), Message("user", "2+3?"))
    one, two, better = (
        Item(id="a", question="2+2?", target="4", task="sums", group="g"),
        Item(id="b", question=chat, target=[5, "five"]),
        Item(id="a", question="2+2=?", target=4),
    )
    assert write_items(tmp_path, [one]) == 1
    assert write_items(tmp_path, [two, better]) == 2
    assert list(read_items(tmp_path)) == [better, two]
    assert open_records(tmp_path).items().rows() == [
        ("a", "", None, "2+2=?", "4"),
        ("b", "", None, "Be brief.\n\n2+3?", '[5,"five"]'),
    ]


@pytest.mark.parametrize(("line", "message"), [("{}", "missing required field `id`"), ("{", "not valid JSON")])
def test_a_wrong_item_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "items.jsonl").write_text(f'{{"id":"a","question":"q"}}\n{line}\n')
    with pytest.raises(InputError, match=message) as caught:
        list(read_items(tmp_path))
    assert caught.value.line == 2
