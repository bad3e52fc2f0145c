"""The page is one file, says what is known, and lets nothing in."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from tests.report.world import BEST, CHEAP, CLOSE, HOSTILE, data, items, records, system

from isocost.report import ReportData, page
from isocost.report.html import text_of
from isocost.report.page import html


class Elements(HTMLParser):
    """Counts elements, and gathers attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def test_the_page_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    path = page(data(), tmp_path / "report.html")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_nothing_is_asked_of_the_network() -> None:
    loaded = [(tag, name, value) for tag, name, value in Elements(html(data())).attributes if name in ("src", "href", "action")]
    assert all(value.startswith(("#", "data:")) for _, _, value in loaded)
    assert "@import" not in text_of("page.css")
    assert "url(" not in text_of("page.css")


def test_only_the_two_scripts_it_was_made_with_may_run() -> None:
    text = html(data())
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts}
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert len(scripts) == 2
    assert hashes == set(re.findall(r"'sha256-[^']*'", policy[1]))
    assert "default-src 'none'" in policy[1]
    assert "unsafe-eval" not in policy[1]


def test_what_models_and_names_say_is_inert() -> None:
    """The same elements stand in the page whether names and answers are harmless or hostile."""

    def made(word: str) -> list[str]:
        flat = records(systems=("cheap", "dear", word)).with_columns(
            pl.lit(word).alias(name) for name in ("text", "error", "task")
        )
        plain = data()
        report = ReportData(
            systems=tuple(
                type(each)(word if each.system == "waste" else each.system, each.n_items, 9, each.n_records, each.metrics)
                for each in plain.systems
            ),
            title=word,
            records=flat,
            items=items().with_columns(question=pl.lit(word)),
            settings={word: {word: word}},
            prices={word: {"input": 1.0, "output": 1.0, "source": word}},
            made={"command": word},
        )
        return Elements(html(report)).tags

    assert made(HOSTILE) == made("x")


def test_the_vendored_script_cannot_end_its_element() -> None:
    for name in ("vega.js", "page.js"):
        assert "</script" not in text_of(name).lower()
        assert "<!--" not in text_of(name)
        assert "\r" not in text_of(name)


def test_tables_have_captions_and_scopes_and_the_page_its_landmarks() -> None:
    found = Elements(html(data()))
    assert found.tags.count("table") == found.tags.count("caption")
    assert all(("th", "scope", scope) in found.attributes for scope in ("col", "row"))
    assert {"header", "main", "nav", "footer", "h1"} <= set(found.tags)
    assert ("html", "lang", "en") in found.attributes
    identities = [value for _, name, value in found.attributes if name == "id"]
    assert len(identities) == len(set(identities))


NOTHING = system("mute", None, None)
UNPRICED = system("unpriced", (0.5, 0.4, 0.6), None)


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        ((), "none can be recommended"),
        ((NOTHING,), "none can be recommended"),
        ((UNPRICED,), "there is no frontier"),
        ((BEST,), "It is also the cheapest"),
        ((BEST, CHEAP, CLOSE, UNPRICED), "Unpriced: <b>unpriced</b>"),
    ],
)
def test_little_data_makes_a_page_that_says_so(systems: tuple[object, ...], said: str) -> None:
    assert said in html(ReportData(systems=systems))  # type: ignore[arg-type]


def test_errors_are_counted_apart_by_kind() -> None:
    text = html(data())
    assert "timeout: nothing after 30 s" in text
    assert "No call failed for good" not in text


def test_shared_calls_are_marked_in_the_breakdown() -> None:
    text = html(data())
    assert "shared call" in text
    assert "100 % shared" in text


def test_a_system_stands_once() -> None:
    with pytest.raises(ValueError, match="each system stands once"):
        ReportData(systems=(BEST, BEST))


def test_the_vendored_script_is_what_vl_convert_makes() -> None:
    """Nobody edits 900 kB by hand unseen: the file equals its recipe, where the same version is installed."""
    vl_convert = pytest.importorskip("vl_convert")
    text = text_of("vega.js")
    if f"vl-convert-python {vl_convert.__version__} " not in text[:200]:
        pytest.skip(f"vl-convert-python {vl_convert.__version__} is installed, another one made vega.js")
    assert text.split("*/\n", 1)[1] == vl_convert.javascript_bundle("window.vegaEmbed=vegaEmbed;")
