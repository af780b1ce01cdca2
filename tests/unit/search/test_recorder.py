"""The callback that passes epochs and crashes on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.experiment import Trial

from mtl_search.search.recorder import TrialRecorder
from mtl_search.training.trial_report import TrialReport, to_result

ERROR = """Failure # 1 (occurred at 2026-01-01_00-00-00)
the first one
Failure # 2 (occurred at 2026-01-01_00-00-01)
\x1b[36mray::Slot.train()\x1b[39m
ValueError: \x1b[1mno such file\x1b[0m
"""


class Searcher:
    """Notes down what it is told."""

    def __init__(self) -> None:
        self.epochs: list[tuple[str, dict[str, TrialReport], set[str]]] = []
        self.crashes: list[tuple[str, str]] = []

    def record_epoch(
        self, trial_id: str, reports: dict[str, TrialReport], stopped: Collection[str]
    ) -> None:
        self.epochs.append((trial_id, reports, set(stopped)))

    def record_crash(self, trial_id: str, reason: str) -> None:
        self.crashes.append((trial_id, reason))


class Scheduler:
    """Has stopped one member of one pack."""

    def stopped(self, tune_id: str) -> set[str]:
        return {"search-0002"} if tune_id == "tune1" else set()


def recorder_of(searcher: Searcher) -> TrialRecorder:
    return TrialRecorder(searcher, Scheduler())  # type: ignore[arg-type]


def trial(error_file: Path | None = None) -> Any:
    return SimpleNamespace(trial_id="tune1", error_file=error_file and str(error_file))


def test_every_epoch_is_passed_on() -> None:
    searcher = Searcher()
    report = TrialReport(3, {"val/a/accuracy": 0.5}, 0.25, "COMPLETE", info={"parameters": 1})
    reports = {"search-0001": report, "search-0002": report}
    recorder_of(searcher).on_trial_result(0, [], trial(), to_result(reports))
    assert searcher.epochs == [("tune1", reports, {"search-0002"})]


def test_a_crash_is_passed_on_with_the_last_error_in_plain_text(tmp_path: Path) -> None:
    (tmp_path / "error.txt").write_text(ERROR)
    searcher = Searcher()
    recorder_of(searcher).on_trial_error(0, [], trial(tmp_path / "error.txt"))
    assert searcher.crashes == [("tune1", "ray::Slot.train()\nValueError: no such file")]


@pytest.mark.parametrize("name", [None, "gone.txt"])
def test_a_crash_without_an_error_file_is_passed_on_too(tmp_path: Path, name: str | None) -> None:
    searcher = Searcher()
    file = None if name is None else tmp_path / name
    recorder_of(searcher).on_trial_error(0, [], trial(file))
    assert searcher.crashes == [("tune1", "Ray does not say why")]


def test_what_tune_would_keep_of_values_is_dropped() -> None:
    ended: Any = Trial("stand-in", stub=True)
    ended.run_metadata.update_metric("objective", 0.5)
    recorder_of(Searcher()).on_trial_complete(0, [], ended)
    assert not ended.run_metadata.metric_analysis
    assert not ended.run_metadata.metric_n_steps
