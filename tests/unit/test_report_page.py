"""The page of the report as JSON is made from its schema, and leaves nothing out."""

from __future__ import annotations

import re
import sys

import pytest

from mtl_search.report.schema import report_schema
from tests.support.repository import REPOSITORY


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> str:
    """The page as MkDocs makes it, which has the folder of its hooks on the module path."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "docs" / "hooks"))
    monkeypatch.delitem(sys.modules, "tables", raising=False)
    import report_page  # type: ignore[import-not-found]

    text: str = report_page.page()
    monkeypatch.delitem(sys.modules, "report_page")
    return text


def test_every_key_has_a_line(page: str) -> None:
    schema = report_schema()
    parts = [schema, *schema["$defs"].values(), schema["properties"]["verdict"]]
    keys = [key for part in parts for key in part["properties"]]
    assert len(keys) > 100
    assert [key for key in keys if f"| `{key}` | " not in page] == []


def test_links_lead_to_sections(page: str) -> None:
    anchors = set(re.findall(r"\{ #([\w-]+) \}", page))
    links = set(re.findall(r"\]\(#([\w-]+)\)", page))
    assert links <= anchors
    assert {"verdict", "of-view"} <= links
