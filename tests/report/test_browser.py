"""The page in headless Chromium: it draws, sorts, searches and filters, by mouse and by keyboard, and asks for nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.report.world import HOSTILE, data, items, records

from isocost.report import page

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
SHOTS = Path(__file__).parents[1] / "screenshots"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed (apt-get install chromium)")
    driver = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page in a browser, and everything it complained about or asked for."""

    def __init__(self, browser: Any, path: Path, **settings: Any) -> None:
        self.context = browser.new_context(**settings)
        self.tab = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(path.as_uri())
        self.tab.wait_for_selector("#plot svg .mark-symbol path", state="attached")
        self.tab.wait_for_selector("#list li")

    def points(self) -> int:
        return int(self.tab.locator("#plot svg path[aria-roledescription=symbol], #plot svg .points path").count())

    def rows(self) -> list[str]:
        return [name for name in self.tab.locator("#system-table tbody tr:visible th").all_inner_texts() if name]

    def found(self) -> str:
        return str(self.tab.locator("#found").inner_text())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page(data(), tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture
def opened(browser: Any, written: Path) -> Iterator[Opened]:
    made = Opened(browser, written, viewport={"width": 1280, "height": 900})
    yield made
    made.context.close()
    assert made.complaints == []
    assert [url for url in made.requests if not url.startswith(("file:", "data:", "blob:"))] == []


def test_the_frontier_is_drawn(opened: Opened) -> None:
    assert opened.points() == 3
    assert "dear" in opened.tab.locator("#plot svg").text_content()
    SHOTS.mkdir(exist_ok=True)
    opened.tab.screenshot(path=str(SHOTS / "report.png"), full_page=True)


def test_other_axes_can_be_chosen(opened: Opened) -> None:
    opened.tab.select_option("#axis-x", "tokens")
    opened.tab.wait_for_function("document.querySelector('#plot svg').textContent.includes('tokens per question')")
    assert "was not computed" in opened.tab.locator("#plot-note").inner_text()
    opened.tab.select_option("#axis-x", "cost")
    opened.tab.wait_for_function("document.querySelector('#plot svg').textContent.includes('cost, dollars')")


def test_the_cost_can_be_logarithmic(opened: Opened) -> None:
    before = opened.tab.locator("#plot svg").inner_html()
    opened.tab.locator("#log").click()
    opened.tab.wait_for_function("before => document.querySelector('#plot svg')?.innerHTML !== before", arg=before)
    assert opened.points() == 3


def test_hovering_a_point_tells_its_settings_and_interval(opened: Opened) -> None:
    opened.tab.locator("#plot svg path[aria-label^=cheap]").hover()
    said = opened.tab.locator("#tip").inner_text()
    assert "zero_shot" in said
    assert " to " in said
    assert "on the frontier" in said


def test_the_table_sorts_by_keyboard_and_says_so(opened: Opened) -> None:
    head = opened.tab.get_by_role("button", name="accuracy", exact=False).first
    head.focus()
    opened.tab.keyboard.press("Enter")
    assert opened.tab.locator("#system-table th[aria-sort=descending]").count() == 1
    assert opened.rows()[0] == "dear"
    opened.tab.keyboard.press("Enter")
    assert opened.tab.locator("#system-table th[aria-sort=ascending]").count() == 1
    assert opened.rows()[-1] == "dear"
    assert "ascending" in opened.tab.locator("#said").text_content()


def test_clicking_a_point_filters_the_table_and_the_questions(opened: Opened) -> None:
    opened.tab.locator("#plot svg path[aria-label^=dear]").click()
    assert opened.rows() == ["dear"]
    assert opened.tab.locator("#list li").first.locator(".strip i").count() == 1
    opened.tab.select_option("#looking select", "cheap")
    assert sorted(opened.rows()) == ["cheap", "dear"]
    opened.tab.get_by_role("button", name="all systems").click()
    assert len(opened.rows()) == 3


def test_a_name_in_the_table_filters_by_keyboard(opened: Opened) -> None:
    opened.tab.locator("#system-table tr[data-system=waste] th button").focus()
    opened.tab.keyboard.press("Space")
    assert opened.rows() == ["waste"]


def test_questions_are_searched_filtered_and_paged(opened: Opened) -> None:
    assert "40 of 40 questions, page 1 of 2" in opened.found()
    opened.tab.locator("#next").click()
    assert "page 2 of 2" in opened.found()
    opened.tab.fill("#search", "17 plus")
    assert opened.found().startswith("1 of 40")
    opened.tab.fill("#search", "")
    opened.tab.select_option("#task", "impossible")
    assert opened.found().startswith("20 of 40")
    opened.tab.select_option("#outcome", "error")
    assert opened.found().startswith("1 of 40")
    opened.tab.select_option("#outcome", "right")
    assert opened.found().startswith("0 of 40")


def test_a_question_opens_to_who_answered_what_at_what_cost(opened: Opened) -> None:
    opened.tab.locator("#list summary").first.focus()
    opened.tab.keyboard.press("Enter")
    answers = opened.tab.locator("#list li").first.locator(".answers")
    answers.wait_for()
    said = answers.inner_text()
    assert "Expected: 0" in said
    assert "I think it is 0" in said
    assert "$0.00006" in said
    assert answers.locator("tbody tr").count() == 3


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_the_picture_can_be_saved(opened: Opened, kind: str, start: bytes) -> None:
    with opened.tab.expect_download() as download:
        opened.tab.locator(f"#save-{kind}").click()
    assert Path(download.value.path()).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("phone", {"viewport": {"width": 390, "height": 844}, "has_touch": True}),
        ("dark", {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}),
        ("still", {"viewport": {"width": 800, "height": 900}, "reduced_motion": "reduce"}),
    ],
)
def test_it_fits_the_reader(browser: Any, written: Path, name: str, settings: dict[str, Any]) -> None:
    made = Opened(browser, written, **settings)
    assert made.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out sideways"
    SHOTS.mkdir(exist_ok=True)
    made.tab.screenshot(path=str(SHOTS / f"report-{name}.png"), full_page=True)
    made.context.close()
    assert made.complaints == []


def contrast(tab: Any, scheme: str) -> list[tuple[str, float]]:
    """The WCAG 2 contrast of text colours on paper."""
    tab.emulate_media(color_scheme=scheme)
    names = ["ink", "soft", "front", "right", "bad"]
    return [
        (name, tab.evaluate(
            """name => {
              const light = (colour) => {
                const parts = colour.match(/\\w\\w/g).map((part) => parseInt(part, 16) / 255)
                  .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
                return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
              };
              const of = (name) => light(getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
              const [a, b] = [of(name), of("paper")].sort((x, y) => y - x);
              return (a + 0.05) / (b + 0.05);
            }""", name))
        for name in names
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(opened: Opened, scheme: str) -> None:
    assert [(name, ratio) for name, ratio in contrast(opened.tab, scheme) if ratio < 4.5] == []


def test_hostile_answers_stay_text(browser: Any, tmp_path: Path) -> None:
    flat = records().with_columns(text=pl.lit(HOSTILE), final=pl.lit(HOSTILE))
    report = data(flat, items=items().with_columns(question=pl.lit(HOSTILE), target=pl.lit(HOSTILE)), title=HOSTILE)
    made = Opened(browser, page(report, tmp_path / "hostile.html"))
    made.tab.locator("#list summary").first.click()
    made.tab.locator(".answers").first.wait_for()
    assert "<img src=x onerror=alert(2)>" in made.tab.locator(".answers").first.inner_text()
    assert made.tab.locator("img").count() == 0
    assert made.tab.locator("script").count() == 3
    made.context.close()
    assert made.complaints == []
