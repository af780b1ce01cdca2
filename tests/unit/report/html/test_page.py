from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from mtl_search.report.html import to_html
from mtl_search.report.html.page import POLICY
from tests.support.documents import HOSTILE, long_view, recorded
from tests.support.recorded_sweeps import Builder, whole


class Page(HTMLParser):
    """What a browser reads: elements, their attributes, and all text outside of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] not in (["script"], ["style"]):
            self.text += data

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


def test_everything_is_in_the_page(tmp_path: Path, builder: Builder) -> None:
    page = Page(to_html(recorded(tmp_path, whole(builder, twins=True))))
    assert POLICY in page.values("content")
    assert not page.values("src")
    assert page.values("href")
    assert all(address.startswith(("#", "data:")) for address in page.values("href"))
    assert len(set(page.values("id"))) == len(page.values("id"))
    targets = {address[1:] for address in page.values("href") if address.startswith("#")}
    assert targets <= set(page.values("id"))


def test_headings_are_in_order(tmp_path: Path, builder: Builder) -> None:
    page = Page(to_html(recorded(tmp_path, whole(builder))))
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_words_of_a_sweep_are_no_markup(tmp_path: Path, builder: Builder) -> None:
    plain = Page(to_html(recorded(tmp_path, builder, [long_view(60)])))
    hostile = Builder(tmp_path / "hostile.jsonl")
    hostile.event("sweep", id="x", name=HOSTILE)
    document = recorded(tmp_path, hostile, [long_view(60, text=HOSTILE)])
    (tmp_path / "config.yaml").write_text(f"name: {HOSTILE}")
    page = Page(to_html(document))
    assert page.tags == plain.tags
    assert page.text.count(HOSTILE) == 50 + len(["title", "h1", "config"])


def test_the_page_says_what_there_is(tmp_path: Path, builder: Builder) -> None:
    text = Page(to_html(recorded(tmp_path, builder, []))).text
    assert "Not tested" in text
    assert "not finished" in text
    assert "Go on with the sweep" in text


def test_secrets_of_the_config_are_masked(tmp_path: Path, builder: Builder) -> None:
    document = recorded(tmp_path, builder, [])
    (tmp_path / "config.yaml").write_text("uri: https://me:hunter2hunter2@host/x")
    html = to_html(document)
    assert "hunter2hunter2" not in html
    assert "@host" in html


def test_a_large_sweep_stays_below_six_megabytes(tmp_path: Path, builder: Builder) -> None:
    views = [long_view(5000, f"view_{number}") for number in range(20)]
    html = to_html(recorded(tmp_path, builder, views))
    assert len(html.encode()) < 6_000_000
