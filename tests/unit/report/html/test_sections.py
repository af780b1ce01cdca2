from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.views import View
from mtl_search.report.html.sections import make_sections
from tests.support.documents import long_view, recorded
from tests.support.recorded_sweeps import Builder


def test_every_view_is_a_section_and_the_leaderboard_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtl_search.report.html.figures.FIGURES", {})
    views = [long_view(3, name) for name in ("unheard", "other", "pareto", "leaderboard")]
    document = recorded(tmp_path, Builder(tmp_path / "journal.jsonl"), views)
    sections = make_sections(document)
    names = [section.view.name for section in sections]
    assert names[:2] == ["leaderboard", "pareto"]
    assert sorted(names) == sorted(view.name for view in views)
    assert [section.is_first for section in sections] == [True, True, False, False]
    assert names[2:] == ["unheard", "other"]


def test_a_view_without_rows_is_its_sentence(tmp_path: Path) -> None:
    view = View("cost", "Cost", "Nothing was spent.", [], [])
    document = recorded(tmp_path, Builder(tmp_path / "journal.jsonl"), [view])
    (section,) = make_sections(document)
    assert not section.figure
    assert section.table.total == 0
