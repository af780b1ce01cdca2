"""What MLflow is to show of a sweep."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

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
    assert list(page.columns) == list(result.trials.columns)[: len(page.columns)]
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
    names = ["report.html", "report.md", "report.json"]
    assert page.files == {f"report/{name}": folder / name for name in names}
    assert written == [folder / name for name in names]

    def fail(result: Result, path: Path) -> None:
        raise SweepError("no room")

    monkeypatch.setattr(reporting, "write_report", fail)
    for file in written:
        file.unlink()
    assert not sweep_page(Result(folder)).files
    assert "the report could not be written: no room" in caplog.text


def test_a_folder_without_a_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="holds no sweep"):
        send_to_tracking(tmp_path)


class _Sweep:
    """What `_picture` asks of a result."""

    def __init__(
        self, directory: Path, models: dict[str, Path], error: Exception | None = None
    ) -> None:
        self.directory, self._models, self._error = directory, models, error

    def models(self) -> dict[str, Path]:
        return self._models

    def plot_model(self, path: Path) -> None:
        if self._error is not None:
            raise self._error
        path.write_bytes(b"drawn")


def _picture(sweep: Any) -> dict[str, Path]:
    return tracked_page._picture(sweep, draw=True)


def test_the_picture_is_an_artifact(tmp_path: Path) -> None:
    found = _picture(_Sweep(tmp_path, {"model/search": tmp_path}))
    assert found == {"graph/model.png": tmp_path / "model.png"}
    assert found["graph/model.png"].read_bytes() == b"drawn"


@pytest.mark.parametrize(
    "error", [RuntimeError("no\n  font"), SweepError("not kept"), MemoryError()]
)
def test_a_sweep_does_not_fail_for_want_of_its_picture(
    error: Exception, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert _picture(_Sweep(tmp_path, {"model/search": tmp_path}, error)) == {}
    (record,) = caplog.records
    assert (
        record.getMessage()
        == f"the best network could not be drawn: {' '.join(str(error).split())}"
    )
    assert record.exc_info is None


def test_a_sweep_without_a_network_is_not_drawn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert _picture(_Sweep(tmp_path, {}, RuntimeError("never asked"))) == {}
    assert not caplog.records
