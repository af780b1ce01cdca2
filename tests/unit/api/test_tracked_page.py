"""What MLflow is to show of a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.api import reporting, tracked_page
from mtl_search.api.result import Result
from mtl_search.api.tracked_page import send_to_tracking, sweep_page
from mtl_search.config import to_yaml
from mtl_search.errors import SweepError
from tests.support.recorded_sweeps import Builder, config, whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(to_yaml(config()))
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    whole(builder, trials=2, seeds=3)
    return tmp_path


def test_a_page_has_the_verdict_and_the_leaderboard(folder: Path) -> None:
    result = Result(folder)
    page = sweep_page(result, draw=False)
    assert (page.verdict, page.sentence) == (result.verdict.outcome, result.verdict.sentence())
    assert [row["trial"] for row in page.rows] == list(result.trials["trial"])
    assert list(page.columns) == list(result.trials.columns)
    assert {f"final-search-{seed:04d}" for seed in range(3)} <= page.compared
    assert not page.files


def test_a_report_that_cannot_be_written_is_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written: list[Path] = []

    def write(result: Result, path: Path) -> None:
        written.append(path)
        path.write_text("<html></html>")

    monkeypatch.setattr(reporting, "write_report", write)
    page = sweep_page(Result(folder))
    assert page.files == {"report": folder / tracked_page.REPORT}
    assert written == [folder / tracked_page.REPORT]

    def fail(result: Result, path: Path) -> None:
        raise SweepError("no room")

    monkeypatch.setattr(reporting, "write_report", fail)
    (folder / tracked_page.REPORT).unlink()
    assert not sweep_page(Result(folder)).files
    assert "the report could not be written: no room" in caplog.text


def test_a_folder_without_a_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="holds no sweep"):
        send_to_tracking(tmp_path)
