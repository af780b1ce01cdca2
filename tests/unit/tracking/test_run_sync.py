"""A sweep's record is sent to MLflow once, through failures of single requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.storage.events import Event
from mtl_search.storage.records import SweepRecord
from mtl_search.tracking import mapping
from mtl_search.tracking.links import open_client
from mtl_search.tracking.mapping import MetricPoint
from mtl_search.tracking.run_sync import RunSync
from mtl_search.tracking.store.ended_run import EndedRun
from tests.support.mlflow_runs import runs_of, tracked
from tests.support.recorded_sweeps import Builder, config, wait_until


def test_a_trial_that_mlflow_refuses_does_not_stop_the_others(
    sweep_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tracker, builder = tracked(sweep_dir)
    trial = builder.sweep().begin("search", 0)
    wait_until(lambda: tracker.unsent == 0)
    found = runs_of(tracker)
    found.client.delete_run(found.by_trial[trial].info.run_id)
    builder.epoch(trial, 1, 0.5, {"left": 0.5})
    builder.end(trial)
    other = builder.trial("search", 1, 0.9)
    assert tracker.close() == 2
    assert other in runs_of(tracker).by_trial
    assert caplog.text.count("MLflow refused a part of search-0000") == 1
    assert not tracker.degraded


def test_what_has_arrived_is_let_go(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    builder.sweep()
    for number in range(20):
        builder.trial("search", number, 0.9)
    wait_until(lambda: tracker.unsent == 0)
    run_sync = tracker._run_sync
    assert run_sync is not None
    assert not run_sync.record.trials
    assert not run_sync._runs
    tracker.close()


class FakeClient:
    """A store in memory that fails in one request when told to, before or after it has arrived.

    Attributes:
        runs: Id → run, as MLflow gives it.
        sent: Every point that arrived: id of the run, metric, step.
    """

    def __init__(self) -> None:
        self.takes_ended_runs = False
        self.runs: dict[str, SimpleNamespace] = {}
        self.sent: list[tuple[str, str, int]] = []
        self.fail_in = ""
        self.arrives_anyway = False

    def _may_fail(self, request: str, *, arrived: bool) -> None:
        if self.fail_in == request and arrived is self.arrives_anyway:
            self.fail_in = ""
            raise ConnectionError("no answer")

    def find_runs(self, sweep: str, trial: str | None = None) -> list[SimpleNamespace]:
        return list(self.runs.values())

    def create_run(self, name: str, tags: Mapping[str, str], started: int) -> str:
        self._may_fail("create_run", arrived=False)
        run = f"run-{len(self.runs)}"
        info = SimpleNamespace(run_id=run, status="RUNNING")
        data = SimpleNamespace(tags=dict(tags), params={}, metrics={})
        self.runs[run] = SimpleNamespace(info=info, data=data)
        self._may_fail("create_run", arrived=True)
        return run

    def create_ended_runs(self, runs: Sequence[EndedRun]) -> list[str]:
        self._may_fail("create_ended_runs", arrived=False)
        names = []
        for run in runs:
            names.append(self.create_run(run.name, run.tags, run.started))
            self.send(names[-1], run.points, run.params)
            self.set_status(names[-1], run.status)
        self._may_fail("create_ended_runs", arrived=True)
        return names

    def send(
        self,
        run: str,
        points: Sequence[MetricPoint],
        params: Mapping[str, str],
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._may_fail("send", arrived=False)
        self.sent += [(run, point.name, point.step) for point in points]
        self.runs[run].data.params.update(params)
        self.runs[run].data.metrics.update({point.name: point.value for point in points})
        self._may_fail("send", arrived=True)

    def set_status(self, run: str, status: str, ended: int | None = None) -> None:
        self._may_fail("set_status", arrived=False)
        self.runs[run].info.status = status
        self._may_fail("set_status", arrived=True)

    def log_text(self, run: str, text: str, file: str) -> None:
        self._may_fail("log_text", arrived=False)

    def trials(self) -> list[str]:
        return [run.data.tags.get(mapping.TRIAL, "") for run in self.runs.values()]


def synced(folder: Path) -> tuple[RunSync, FakeClient, Builder]:
    client = FakeClient()
    stand_in: Any = client
    run_sync = RunSync(config(), stand_in, "demo")

    def observe(event: Event, record: SweepRecord) -> None:
        run_sync.apply(event)

    return run_sync, client, Builder(folder / "journal.jsonl", observers=[observe])


def test_each_point_is_sent_once(tmp_path: Path) -> None:
    run_sync, client, builder = synced(tmp_path)
    trial = builder.sweep().begin("search", 0)
    builder.epoch(trial, 1, 0.5, {"left": 0.5})
    run_sync.send()
    builder.epoch(trial, 2, 0.6, {"left": 0.6})
    run_sync.send()
    run_sync.send()
    steps = [step for _, name, step in client.sent if name == "val/left/accuracy"]
    assert (steps, run_sync.waiting) == ([1, 2], 0)


def test_an_epoch_that_is_trained_again_after_a_kill_is_not_doubled(tmp_path: Path) -> None:
    client: Any = FakeClient()
    before, after = RunSync(config(), client, "demo"), RunSync(config(), client, "demo")
    sessions = [before, after]  # the second one reads what the first has journaled

    def observe(event: Event, record: SweepRecord) -> None:
        for session in sessions:
            session.apply(event)

    builder = Builder(tmp_path / "journal.jsonl", observers=[observe])
    trial = builder.sweep().scales().begin("search", 0)
    for epoch in (1, 2, 3):
        builder.epoch(trial, epoch, 0.5, {"left": 0.5 + epoch / 10})
        before.send()
    for epoch in (2, 3, 4):  # from the checkpoint after the first one, with other values
        builder.epoch(trial, epoch, 0.7, {"left": 0.6 + epoch / 10})
        after.send()
    builder.end(trial)
    after.send()
    steps = Counter((name, step) for run, name, step in client.sent if run != "run-0")
    assert max(steps.values()) == 1, steps.most_common(3)
    assert [step for name, step in steps if name == "val/left/accuracy"] == [1, 2, 3, 4]
    assert [step for name, step in steps if name == "val/skill"] == [1, 2, 3, 4]


def test_a_trial_that_is_sent_after_its_end_takes_one_batch(tmp_path: Path) -> None:
    run_sync, client, builder = synced(tmp_path)
    builder.sweep()
    running = builder.begin("search", 1)
    ended = builder.trial("search", 0, 0.9)
    run_sync.send(only_ended=True)
    assert client.trials() == ["", ended]
    assert run_sync.waiting_trials == [running]
    run_sync.send()
    assert client.trials() == ["", ended, running]
    assert (run_sync.waiting, run_sync.waiting_trials) == (0, [])


@pytest.mark.parametrize("at_once", [True, False])
def test_ended_trials_take_one_request_together_or_three_each(
    sweep_dir: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    client = open_client(config(), sweep_dir)
    assert client.takes_ended_runs
    if not at_once:
        monkeypatch.setattr(client, "_writer", None)
    run_sync = RunSync(config(), client, "demo")

    def observe(event: Event, record: SweepRecord) -> None:
        run_sync.apply(event)

    builder = Builder(sweep_dir / "journal.jsonl", observers=[observe]).sweep().scales()
    run_sync.send()
    before = client.answers
    for number in range(5):
        builder.trial("search", number, 0.8)
    run_sync.send()
    # And one batch for the sweep's own run.
    assert client.answers - before == (1 if at_once else 5 * 3) + 1


def test_no_trial_is_sent_once_the_end_has_been_given_up(tmp_path: Path) -> None:
    run_sync, client, builder = synced(tmp_path)
    builder.sweep()
    names = [builder.trial("search", number, 0.9) for number in range(3)]
    run_sync.send(stop=lambda: len(client.runs) > 1)
    assert client.trials() == ["", names[0]]
    assert run_sync.waiting_trials == names[1:]


@pytest.mark.parametrize("arrives_anyway", [False, True])
@pytest.mark.parametrize("request_name", ["create_run", "send", "set_status"])
def test_what_failed_half_way_is_made_again_without_a_second_run(
    tmp_path: Path, request_name: str, *, arrives_anyway: bool
) -> None:
    run_sync, client, builder = synced(tmp_path)
    trial = builder.sweep().trial("search", 0, 0.9)
    client.fail_in = request_name
    client.arrives_anyway = arrives_anyway
    builder.done()
    with pytest.raises(ConnectionError):
        run_sync.send()
    assert run_sync.waiting > 0
    run_sync.send()
    assert run_sync.waiting == 0
    assert client.trials() == ["", trial]
    assert client.runs["run-1"].info.status == "FINISHED"


def test_trials_that_have_ended_are_made_at_once(tmp_path: Path) -> None:
    run_sync, client, builder = synced(tmp_path)
    client.takes_ended_runs = True
    builder.sweep()
    begun = builder.begin("search", 0)
    run_sync.send()  # MLflow has heard of the first one
    running = builder.begin("search", 1)
    builder.end(begun)
    ended = [builder.trial("search", number, 0.9) for number in range(2, 150)]
    asked: list[int] = []

    def stop() -> bool:
        asked.append(len(client.runs))
        return False

    run_sync.send(stop=stop)
    assert client.trials() == ["", begun, *ended, running]
    assert asked[1:3] == [2, 102]  # a hundred at a time
    assert (run_sync.waiting, set(run_sync.run_ids)) == (0, {begun, running, *ended})
    assert list(run_sync.record.trials) == [running]


@pytest.mark.parametrize("arrives_anyway", [False, True])
def test_trials_that_are_not_taken_at_once_are_sent_one_by_one(
    tmp_path: Path, *, arrives_anyway: bool
) -> None:
    run_sync, client, builder = synced(tmp_path)
    client.takes_ended_runs = True
    builder.sweep()
    ended = [builder.trial("search", number, 0.9) for number in range(3)]
    client.fail_in = "create_ended_runs"
    client.arrives_anyway = arrives_anyway
    run_sync.send()
    assert run_sync.waiting == 0
    assert client.trials() == ["", *ended]
    assert {run.info.status for run in list(client.runs.values())[1:]} == {"FINISHED"}


def test_points_are_not_sent_again_when_the_file_after_them_fails(tmp_path: Path) -> None:
    run_sync, client, builder = synced(tmp_path)
    builder.sweep().trial("search", 0, 0.9)
    client.fail_in = "log_text"
    with pytest.raises(ConnectionError):
        run_sync.send()
    run_sync.send()
    assert [name for _, name, _ in client.sent].count("trials_ended") == 1
    assert run_sync.waiting == 0


def test_stopping_marks_what_still_runs_as_killed(tmp_path: Path) -> None:
    run_sync, client, builder = synced(tmp_path)
    builder.sweep().trial("search", 0, 0.9)
    builder.begin("search", 1)
    run_sync.send()
    run_sync.stop(1_700_000_100.0)
    run_sync.send()
    assert [run.info.status for run in client.runs.values()] == ["KILLED", "FINISHED", "KILLED"]
