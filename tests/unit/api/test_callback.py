"""Callbacks: what reaches them, and that a failing one does not end the sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.api.callback import Callback, StopSweep, notifier, tracking_notifier
from mtl_search.storage.events import Event
from mtl_search.storage.journal import read_events
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from tests.support.recorded_sweeps import Builder, whole


class Calls(Callback):
    def __init__(self) -> None:
        self.names: list[str] = []

    def on_sweep_start(self, record: SweepRecord) -> None:
        self.names.append("sweep start")

    def on_trial_start(self, trial: TrialRecord) -> None:
        self.names.append("trial start")

    def on_epoch_end(self, trial: TrialRecord) -> None:
        assert trial.epochs
        self.names.append("epoch end")

    def on_trial_end(self, trial: TrialRecord) -> None:
        assert trial.finished
        self.names.append("trial end")


class Kinds(Callback):
    def __init__(self) -> None:
        self.kinds: list[str] = []

    def on_event(self, event: Event, record: SweepRecord) -> None:
        assert record.id
        self.kinds.append(event.kind)


class Broken(Callback):
    def on_trial_start(self, trial: TrialRecord) -> None:
        raise RuntimeError("no such bell")


def test_every_event_reaches_its_method(tmp_path: Path) -> None:
    calls = Calls()
    whole(Builder(tmp_path / "journal.jsonl", observers=[notifier(calls)]), trials=2, seeds=2)
    assert calls.names[:2] == ["sweep start", "trial start"]
    assert calls.names.count("trial start") == calls.names.count("trial end") > 1
    assert "epoch end" in calls.names


def test_one_method_gets_every_event(tmp_path: Path) -> None:
    kinds = Kinds()
    path = tmp_path / "journal.jsonl"
    whole(Builder(path, observers=[notifier(kinds)]), trials=2, seeds=2)
    assert kinds.kinds == [event.kind for event in read_events(path)]
    assert {"sweep", "trial", "info", "epoch", "end"} <= set(kinds.kinds)


def test_a_callback_that_fails_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    builder = Builder(tmp_path / "journal.jsonl", observers=[notifier(Broken())])
    whole(builder, trials=2, seeds=2)
    assert "the callback Broken failed" in caplog.text


def test_a_callback_that_fails_in_the_wait_for_mlflow_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[tuple[int, int]] = []

    class Listener(Callback):
        def on_tracking_wait(self, sent: int, total: int) -> None:
            seen.append((sent, total))

    class Fails(Callback):
        def on_tracking_wait(self, sent: int, total: int) -> None:
            raise RuntimeError("no such bell")

    notify = tracking_notifier([Fails(), Listener()])
    notify(1, 3)
    notify(2, 3)
    assert seen == [(1, 3), (2, 3)]
    assert caplog.text.count("the callback Fails failed") == 1


class Stops(Callback):
    def __init__(self, *, finalists: bool) -> None:
        self.finalists = finalists

    def on_trial_end(self, trial: TrialRecord) -> None:
        raise StopSweep("good enough", finalists=self.finalists)


@pytest.mark.parametrize("finalists", [True, False])
def test_a_callback_that_stops_the_sweep_is_heard_and_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, finalists: bool
) -> None:
    builder = Builder(tmp_path / "journal.jsonl", observers=[notifier(Stops(finalists=finalists))])
    whole(builder, trials=2, seeds=2)
    record = builder.journal.record
    assert record.stop_asked == ("good enough", finalists)
    assert not caplog.records
