"""The figures that all displays show; the base itself shows nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mtl_search.api.callback import notifier
from mtl_search.api.progress import choose_display
from mtl_search.api.progress.base import SweepProgress, waiting_text
from mtl_search.api.progress.terminal import LiveProgress, PlainProgress
from mtl_search.config import to_stored
from tests.support import small_sweeps as small
from tests.support.recorded_sweeps import Builder


def test_the_base_counts_and_prints_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SweepProgress() as progress:
        made = Builder(tmp_path / "journal.jsonl", observers=[notifier(progress)])
        made.event("sweep", id="sweep-1", name="demo", budget={"search": 2})
        assert (progress.done, progress.total, progress.time_left()) == (0, 2, "")
        made.trial("search", 0, 0.6)
        assert (progress.done, progress.total) == (1, 2)
        assert progress.time_left().endswith("s left")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("budget", "least", "most"), [(None, 250, 250), ("9h", 250, 250), ("2h", 118, 120)]
)
def test_the_time_left_is_at_most_that_of_the_time_budget(
    tmp_path: Path, budget: str | None, least: int, most: int
) -> None:
    progress = SweepProgress()
    made = Builder(tmp_path / "journal.jsonl", observers=[notifier(progress)])
    made.now = time.time()
    config = to_stored(small.config({"search.time_budget": budget}))
    made.event("sweep", id="sweep-1", name="demo", budget={"search": 251}, config=config)
    made.trial("search", 0, 0.6)
    progress.begun = time.monotonic() - 60  # a trial a minute, and 250 to come
    number, unit, _ = progress.time_left().split()
    assert unit == "min"
    assert least <= int(number) <= most


def test_epochs_of_trials_that_run_count_for_the_time_left(tmp_path: Path) -> None:
    progress = SweepProgress()
    made = Builder(tmp_path / "journal.jsonl", observers=[notifier(progress)])
    config = to_stored(small.config({"training.epochs": 4}))
    made.event("sweep", id="sweep-1", name="demo", budget={"search": 8}, config=config)
    made.trial("search", 0, 0.6)
    pack = [made.begin("search", number) for number in (1, 2)]
    progress.begun = time.monotonic() - 10
    assert progress.time_left() == "70 s left"
    for epoch in (1, 2):
        for trial in pack:
            made.epoch(trial, epoch, 0.5, {"left": 0.5})
    assert progress.time_left() == "30 s left"  # 2 of 8 in 10 s
    for trial in pack:
        made.end(trial)
    assert progress.time_left() == "17 s left"  # 3 of 8


def test_no_time_is_left_after_the_time_budget(tmp_path: Path) -> None:
    progress = SweepProgress()
    made = Builder(tmp_path / "journal.jsonl", observers=[notifier(progress)])
    made.now = time.time() - 100
    config = to_stored(small.config({"search.time_budget": "90s"}))
    made.event("sweep", id="sweep-1", name="demo", budget={"search": 2}, config=config)
    made.trial("search", 0, 0.6)
    assert progress.time_left() == "0 s left"


def test_the_wait_has_thousands() -> None:
    assert waiting_text(1234, 5678) == "MLflow: 1,234 of 5,678 events sent"


def test_where_the_output_goes_to_a_file_nothing_is_shown_unless_asked() -> None:
    assert type(choose_display(None)) is SweepProgress
    assert type(choose_display(False)) is SweepProgress


def test_a_terminal_shows_a_bar_unless_asked_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert type(choose_display(None)) is LiveProgress
    assert type(choose_display(False)) is SweepProgress


def test_on_request_a_script_prints_lines() -> None:
    assert type(choose_display(True)) is PlainProgress  # standard error is no terminal here
