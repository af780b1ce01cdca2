"""The line that says how far a sweep is."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from mtl_search.api.progress.terminal import LiveProgress, PlainProgress
from tests.support.recorded_sweeps import Builder


def test_a_trial_that_only_found_weights_is_counted_and_never_the_best(tmp_path: Path) -> None:
    made = Builder(tmp_path / "journal.jsonl")
    progress = PlainProgress(Console(file=io.StringIO()))
    made.event(
        "sweep", id="sweep-1", name="demo", budget={"single/left": 1, "warmup/uw": 1, "search": 1}
    )
    progress.on_sweep_start(made.sweep_record)
    assert progress.total == 3
    made.trial("warmup/uw", 0, 0.95)
    assert (progress.done, progress.best()) == (1, "no result yet")
    made.trial("single/left", 0, 0.5)
    assert progress.best() == "best alone: left 0.500"
    made.trial("search", 0, 0.6)
    assert progress.best() == "best +0.6000 (search-0000)"


def test_a_half_trained_network_with_a_populations_values_is_not_the_best_yet(
    tmp_path: Path,
) -> None:
    made = Builder(tmp_path / "journal.jsonl")
    progress = PlainProgress(Console(file=io.StringIO()))
    made.event("sweep", id="sweep-1", name="demo", budget={"search": 3})
    progress.on_sweep_start(made.sweep_record)
    made.trial("search", 0, 0.9, role="member")
    fixed = made.begin("search", 1, role="final")
    made.epoch(fixed, 1, 0.3, {"left": 0.3})
    assert progress.best() == "best +0.9000 (search-0000)"
    made.epoch(fixed, 2, 0.8, {"left": 0.8})
    made.end(fixed)
    assert progress.best() == "best +0.8000 (search-0001)"


def test_a_trial_with_offered_settings_is_like_any_other(tmp_path: Path) -> None:
    made = Builder(tmp_path / "journal.jsonl")
    progress = PlainProgress(Console(file=io.StringIO()))
    made.event("sweep", id="sweep-1", name="demo", budget={"search": 2})
    progress.on_sweep_start(made.sweep_record)
    made.trial("search", 0, 0.5)
    offered = made.begin("search", 1, origin="equal-0000", role="offered")
    made.epoch(offered, 1, 0.6, {"left": 0.6})  # it runs, and leads
    assert progress.best() == "best +0.6000 (search-0001)"


def test_a_log_tells_of_an_epoch_when_it_was_silent_for_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    made, log = Builder(tmp_path / "journal.jsonl"), io.StringIO()
    progress = PlainProgress(Console(file=log))
    made.event("sweep", id="sweep-1", name="demo", budget={"search": 2})
    progress.on_sweep_start(made.sweep_record)
    before = log.getvalue()
    trial = made.begin("search", 0)
    for epoch, seconds in enumerate((30, 40, 30), start=1):
        clock[0] += seconds
        made.epoch(trial, epoch, 0.1 * epoch, {"left": 0.3})
        progress.on_epoch_end(made.sweep_record.trials[trial])
    assert (
        log.getvalue().removeprefix(before)
        == "0/2 search-0000 epoch 2 0.2000; best +0.2000 (search-0000)\n"
    )


def test_a_plain_log_tells_of_the_wait_for_mlflow_now_and_then() -> None:
    output = io.StringIO()
    progress = PlainProgress(Console(file=output))
    for sent in range(0, 3000, 500):
        progress.on_tracking_wait(sent, 3000)
    progress.on_tracking_wait(3000, 3000)
    progress.on_tracking_wait(3000, 3000)
    assert output.getvalue().splitlines() == [
        "MLflow: 0 of 3,000 events sent",
        "MLflow: 3,000 of 3,000 events sent",
    ]


def test_a_terminal_shows_the_wait_for_mlflow_in_its_bar() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    with LiveProgress(console) as progress:
        progress.on_tracking_wait(1240, 3000)
    assert "MLflow: 1,240 of 3,000 events sent" in output.getvalue()


def test_a_line_is_in_the_log_as_soon_as_it_is_printed(tmp_path: Path) -> None:
    made = Builder(tmp_path / "journal.jsonl")
    with (tmp_path / "log").open("w") as log:  # as of a job, buffered
        progress = PlainProgress(Console(file=log))
        made.event("sweep", id="sweep-1", name="demo", budget={"search": 2})
        progress.on_sweep_start(made.sweep_record)
        assert (tmp_path / "log").read_text() == "2 trials, 1 at a time: search 2\n"
