"""The HTML report in a real browser: what it asks for, whom it shuts out, what its scripts do.

One browser for the file, with one page a report; each test looks at what it needs.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

from mtl_search import Result, compare
from mtl_search.api.reporting import write_report
from mtl_search.report.html import to_html
from tests.support.documents import HOSTILE, long_view, recorded
from tests.support.recorded_sweeps import Builder, whole
from tests.support.repository import REPOSITORY

pytestmark = pytest.mark.integration

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
MOST_BYTES = 6_000_000
MANY_TASKS = tuple(f"task{number:03d}" for number in range(120))


class Opened:
    """A page, with all that it asked for and complained about."""

    def __init__(self, browser: Browser, path: Path, **settings: Any) -> None:
        self.page: Page = browser.new_page(**settings)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", self._on_request)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", self._on_error)
        self.page.goto(path.as_uri())

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.requests.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _on_error(self, error: Error) -> None:
        self.complaints.append(str(error))

    def draw_all(self) -> None:
        """Scroll through the page, as a reader does, until every plot is drawn."""
        plots = self.page.locator("figure.plot")
        for number in range(plots.count()):
            plots.nth(number).scroll_into_view_if_needed()
            plots.nth(number).locator("svg.main-svg").first.wait_for()

    @property
    def overflow(self) -> float:
        """Pixels by which the page is wider than the screen."""
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return float(self.page.evaluate(wide))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A real sweep of version 0.1, and sweeps of hostile words, of 120 tasks, of no trial yet."""
    folder = tmp_path_factory.mktemp("reports")
    write_report(
        Result(REPOSITORY / "tests/fixtures/sweeps/v0_1_finished"), folder / "finished.html"
    )
    old = REPOSITORY / "tests/fixtures/sweeps"
    compared = compare([old / "v0_1_finished", old / "v0_1_interrupted"])
    compared.report(folder / "compared.html")
    builders = {
        "hostile": Builder(_below(folder, "hostile")),
        "many": Builder(_below(folder, "many"), MANY_TASKS),
        "begun": Builder(_below(folder, "begun")).sweep(),
    }
    builders["hostile"].event("sweep", id="x", name=HOSTILE)
    whole(builders["hostile"], twins=True)
    whole(builders["many"].sweep(), trials=3, twins=True)
    for name, builder in builders.items():
        document = recorded(builder.path.parent, builder)
        if name == "hostile":
            document = recorded(
                builder.path.parent, builder, [*document.views, long_view(120, text=HOSTILE)]
            )
        (folder / f"{name}.html").write_text(to_html(document), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in ("finished", "compared", *builders)}


def _below(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name / "journal.jsonl"


@pytest.fixture(scope="module")
def browser(need_program: Callable[[str], str]) -> Iterator[Browser]:
    program = need_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("name", ["finished", "compared", "hostile", "many", "begun"])
def test_a_page_needs_nothing_beside_it_and_fits_on_a_phone(
    browser: Browser, reports: Mapping[str, Path], name: str
) -> None:
    assert reports[name].stat().st_size < MOST_BYTES
    opened = Opened(browser, reports[name], viewport=PHONE)
    opened.draw_all()
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.overflow == 0
    assert opened.page.evaluate("window.hacked") is None
    opened.page.close()


# In plots axe looks at every line of a grid, so it does once, on a phone in light colours.
@pytest.mark.parametrize(
    ("name", "scheme", "size", "exclude"),
    [
        ("finished", "light", PHONE, []),
        ("finished", "dark", WIDE, [[".canvas"]]),
        ("compared", "dark", WIDE, [[".canvas"]]),
    ],
    ids=["report on a phone", "report, dark", "comparison, dark"],
)
def test_nobody_is_shut_out(
    browser: Browser,
    reports: Mapping[str, Path],
    *,
    name: str,
    scheme: Any,
    size: ViewportSize,
    exclude: list[list[str]],
) -> None:
    opened = Opened(browser, reports[name], viewport=size, color_scheme=scheme)
    if not exclude:
        opened.draw_all()
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    context: Any = {"include": [["html"]], "exclude": exclude}
    found = Axe().run(opened.page, context, {"resultTypes": ["violations"]}).response["violations"]
    serious = [
        (fault["id"], [node["html"][:200] for node in fault["nodes"][:3]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []
    opened.page.close()


def test_tables_are_sorted_searched_shown_and_saved(
    browser: Browser, reports: Mapping[str, Path], tmp_path: Path
) -> None:
    opened = Opened(browser, reports["hostile"], viewport=WIDE)
    section = opened.page.locator("#long")
    section.locator("details.data > summary").click()
    rows = section.locator("tbody tr")
    assert rows.count() == 50
    loss = section.get_by_role("columnheader", name="loss")
    loss.get_by_role("button").focus()
    opened.page.keyboard.press("Enter")
    assert loss.get_attribute("aria-sort") == "descending"
    assert rows.first.locator("td").nth(1).inner_text() == "0.3333"
    opened.page.keyboard.press("Enter")
    assert loss.get_attribute("aria-sort") == "ascending"
    assert rows.first.locator("td").first.inner_text() == f"{HOSTILE} 119"
    section.get_by_role("searchbox").fill("no such row")
    assert rows.count() == 0
    section.get_by_role("searchbox").fill("&AMP; 11")
    assert rows.count() == 11  # 11, and 110 to 119
    assert "11 of 120 rows" in section.get_by_role("status").inner_text()
    section.get_by_role("searchbox").fill("")
    section.get_by_role("button", name="Show all 120 rows").click()
    assert rows.count() == 120
    with opened.page.expect_download() as download:
        section.get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "long.csv")
    with (tmp_path / "long.csv").open(newline="") as file:
        saved = list(csv.reader(file))
    view = long_view(120, text=HOSTILE)
    assert saved[0] == ["trial", "loss", "gain"]
    assert [row[0] for row in saved[1:]] == [row["trial"] for row in view.rows]
    assert float(saved[2][1]) == pytest.approx(view.rows[1]["loss"], rel=1e-7)
    assert opened.page.evaluate("window.hacked") is None
    opened.page.close()


def test_colours_follow_the_button_and_print_is_light(
    browser: Browser, reports: Mapping[str, Path]
) -> None:
    opened = Opened(browser, reports["finished"], viewport=WIDE, color_scheme="dark")
    page = opened.page
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Use light colours").click()
    light = page.evaluate(background)
    assert dark != light
    page.get_by_role("button", name="Use dark colours").click()
    assert page.evaluate(background) == dark
    assert len(page.pdf(format="A4")) > 20_000
    drawn = page.locator("figure.plot:has(svg.main-svg)").count()
    assert drawn == page.locator("figure.plot").count()  # also those that were never seen
    opened.page.close()


def test_without_scripts_sentences_and_tables_are_there(
    browser: Browser, reports: Mapping[str, Path]
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=WIDE)
    page = context.new_page()
    page.goto(reports["finished"].as_uri())
    assert page.get_by_text("Plots, sorting and search need JavaScript").is_visible()
    section = page.locator("#cost")
    assert section.locator(".summary").is_visible()
    assert not section.get_by_role("button").is_visible()
    section.locator("details.data > summary").click()
    assert section.locator("tbody tr").first.is_visible()
    context.close()
