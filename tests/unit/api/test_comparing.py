"""`mtl_search.compare`: tables, files and what is wrong with a call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mtl_search
from mtl_search.errors import ConfigError, SweepError
from tests.support.compared_sweeps import OLD, write_sweep


@pytest.fixture
def comparison(tmp_path: Path) -> mtl_search.SweepComparison:
    one = write_sweep(tmp_path / "one", ("left", "right"))
    two = write_sweep(tmp_path / "two", ("left", "right"), random=1)
    return mtl_search.compare([one, str(two)])


def test_its_frames_are_those_of_the_views(comparison: mtl_search.SweepComparison) -> None:
    assert list(comparison.frames) == [view.name for view in comparison.document.views]
    assert comparison.frame("costs")["sweep"].tolist() == ["one", "two"]
    assert comparison.sentence() == comparison.document.views[0].summary
    assert repr(comparison) == "SweepComparison(one, two)"
    assert comparison.plot("by_task").data[0].name == "one"


def test_results_and_folders_are_sweeps(comparison: mtl_search.SweepComparison) -> None:
    again = mtl_search.compare(comparison.results)
    assert again.results == comparison.results


@pytest.mark.parametrize("name", ["report.html", "new/report.md", "report.JSON"])
def test_a_report_has_the_form_of_its_ending(
    comparison: mtl_search.SweepComparison, tmp_path: Path, name: str
) -> None:
    comparison.report(tmp_path / name)
    text = (tmp_path / name).read_text()
    if name.endswith("JSON"):
        assert json.loads(text)["sweeps"][0]["label"] == "one"
    else:
        assert text.startswith("# one and two" if name.endswith("md") else "<!DOCTYPE html>")


def test_mistakes_are_one_message(comparison: mtl_search.SweepComparison, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least two sweeps"):
        mtl_search.compare([OLD / "v0_1_finished"])
    with pytest.raises(SweepError, match="holds no sweep"):
        mtl_search.compare([tmp_path, tmp_path])
    with pytest.raises(ConfigError, match="ending"):
        comparison.report(tmp_path / "report.pdf")
    with pytest.raises(ConfigError, match="cannot write the report"):
        comparison.report(tmp_path / "one" / "config.yaml" / "report.md")
    with pytest.raises(ConfigError, match="no table of this name"):
        comparison.frame("cost")
    with pytest.raises(ConfigError, match="no plot of this name"):
        comparison.plot("costs")
