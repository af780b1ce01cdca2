"""MLflow behind a real server that goes away in every way that servers have, and comes back."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl_search.errors import SweepError
from mtl_search.tracking import SweepPage, Tracker, read_place, send_missing
from tests.support.mlflow_proxy import Mode, Proxy
from tests.support.mlflow_runs import Runs, of_server
from tests.support.recorded_sweeps import Builder, wait_until, whole

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture
def proxy(mlflow_server: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")  # a busy machine answers late
    found = Proxy(mlflow_server)
    yield found
    found.stop()


def test_a_whole_sweep_on_a_server(
    proxy: Proxy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tracker = Tracker(of_server(proxy.url, "plain"), tmp_path / "plain", flush_s=0.1)
    tracker.start()
    builder = whole(
        Builder(tmp_path / "plain" / "journal.jsonl", observers=[tracker.observe]),
        trials=2,
        seeds=2,
    )
    files = {"report/journal.jsonl": builder.path}
    tracker.finish(SweepPage(builder.sweep_record, "not tested", "Not tested.", "", files=files))
    assert tracker.close() == 0
    found = Runs(proxy.url, "plain")
    assert set(found.by_trial) == {"", *builder.sweep_record.trials}
    names = {item.path for item in found.client.list_artifacts(found.parent.info.run_id)}
    assert names == {"config.yaml", "report"}
    place = read_place(tracker.sweep_dir)
    assert place is not None
    assert place.view_address.startswith(f"{proxy.url}/#/experiments/")
    assert (
        capfd.readouterr().out == ""
    )  # MLflow's client prints addresses of runs if nobody stops it


@pytest.mark.parametrize("mode", ["refuse", pytest.param("error", marks=pytest.mark.large), "hang"])
def test_outage_in_the_middle(
    proxy: Proxy, mode: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"outage-{mode}"
    tracker = Tracker(of_server(proxy.url, name), tmp_path / name, flush_s=0.1)
    tracker.start()
    builder = Builder(tmp_path / name / "journal.jsonl", observers=[tracker.observe]).sweep()
    builder.trial("warmup/uw", 0, 0.8)
    wait_until(lambda: tracker.unsent == 0)
    _break(proxy, mode)
    started = time.monotonic()
    whole(builder, trials=2, seeds=2)
    assert time.monotonic() - started < 1  # the sweep does not wait
    wait_until(lambda: bool(tracker.degraded))
    assert proxy.url in tracker.degraded
    started = time.monotonic()
    unsent = tracker.close(patience=8)
    assert time.monotonic() - started < 25
    assert unsent > 50
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert sum("events did not reach MLflow" in line for line in lines) == 1
    assert len(lines) <= 2

    _mend(proxy, mode)
    assert send_missing(tmp_path / name, tracker.config).unsent == 0
    found = Runs(proxy.url, name)
    assert set(found.by_trial) == {"", *builder.sweep_record.trials}
    assert {run.info.status for run in found.all} == {"FINISHED"}
    for trial in builder.sweep_record:
        task = trial.arm.split("/")[-1] if "single/" in trial.arm else "left"
        assert len(found.history(trial.id, f"val/{task}/accuracy")) == len(trial.epochs)


def test_a_slow_server_gets_all_before_the_end(proxy: Proxy, tmp_path: Path) -> None:
    tracker = Tracker(of_server(proxy.url, "slow"), tmp_path / "slow", flush_s=0.1)
    tracker.start()
    builder = Builder(tmp_path / "slow" / "journal.jsonl", observers=[tracker.observe])
    proxy.delay = 0.15
    whole(builder, trials=2, seeds=2)
    seen: list[tuple[int, int]] = []
    started = time.monotonic()
    patience = 6.0
    unsent = tracker.close(
        patience=patience, on_progress=lambda sent, total: seen.append((sent, total))
    )
    assert unsent == 0
    assert time.monotonic() - started > patience
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] > 50
    found = Runs(proxy.url, "slow")
    assert set(found.by_trial) == {"", *builder.sweep_record.trials}
    assert {run.info.status for run in found.all} == {"FINISHED"}


@pytest.mark.parametrize("mode", ["no artifacts", "read only"])
def test_a_store_that_answers_some_requests_only_is_given_up(
    proxy: Proxy, mode: Mode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = mode.replace(" ", "-")
    tracker = Tracker(of_server(proxy.url, name), tmp_path / name, flush_s=0.1)
    tracker.start()
    proxy.mode = mode
    builder = Builder(tmp_path / name / "journal.jsonl", observers=[tracker.observe])
    whole(builder, trials=1, seeds=2)
    started = time.monotonic()
    assert tracker.close(patience=5) > 20
    assert time.monotonic() - started < 15
    assert "the store made no progress for " in caplog.text
    tracker._thread.join(20)

    proxy.mode = "forward"
    assert send_missing(tmp_path / name, tracker.config).unsent == 0
    found = Runs(proxy.url, name)
    assert set(found.by_trial) == {"", *builder.sweep_record.trials}
    ended = len(builder.sweep_record.trials)
    assert len(found.history("", "trials_ended")) == ended


def test_a_short_outage_mends_itself(
    proxy: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mtl_search")
    tracker = Tracker(of_server(proxy.url, "short"), tmp_path / "short", flush_s=0.1)
    tracker.start()
    builder = Builder(tmp_path / "short" / "journal.jsonl", observers=[tracker.observe]).sweep()
    proxy.mode = "error"
    trial = builder.trial("search", 0, 0.9)
    wait_until(lambda: "does not answer" in caplog.text)
    proxy.mode = "forward"
    wait_until(lambda: tracker.unsent == 0 and not tracker.degraded)
    assert trial in Runs(proxy.url, "short").by_trial
    assert "answers again" in caplog.text
    assert tracker.close() == 0


def test_a_lost_answer_makes_no_second_run(proxy: Proxy, tmp_path: Path) -> None:
    tracker = Tracker(of_server(proxy.url, "lost"), tmp_path / "lost", flush_s=0.1)
    tracker.start()
    builder = Builder(tmp_path / "lost" / "journal.jsonl", observers=[tracker.observe]).sweep()
    wait_until(lambda: tracker.unsent == 0)
    proxy.mode = "lose answer"  # the request arrives, and nobody hears of it
    trial = builder.begin("search", 0)
    wait_until(lambda: bool(tracker.degraded))
    proxy.mode = "forward"
    builder.epoch(trial, 1, 0.5, {"left": 0.5})
    builder.end(trial)
    assert tracker.close() == 0
    assert (
        len(Runs(proxy.url, "lost").history(trial, "val/left/accuracy")) == 1
    )  # Runs refuses doubles


@pytest.mark.parametrize("mode", ["refuse", "error", "hang"])
def test_a_server_that_is_away_at_the_start_gets_all_later(
    proxy: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    _break(proxy, mode)
    folder = tmp_path / f"later-{mode}"
    tracker = Tracker(of_server(proxy.url, f"later-{mode}"), folder, flush_s=0.1)
    started = time.monotonic()
    tracker.start()
    assert time.monotonic() - started < 15
    assert "The sweep begins without it and keeps everything" in caplog.text
    assert f"mtl-search sync {folder}" in caplog.text
    assert tracker.degraded
    builder = Builder(folder / "journal.jsonl", observers=[tracker.observe]).sweep()
    first = builder.trial("search", 0, 0.9)
    assert tracker.unsent > 0
    _mend(proxy, mode)
    second = builder.trial("search", 1, 0.8)
    builder.done()
    assert tracker.close() == 0
    assert not tracker.degraded
    runs = Runs(proxy.url, f"later-{mode}")
    assert set(runs.by_trial) == {"", first, second}


def test_a_server_that_stays_away(
    proxy: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.stop()
    settings = of_server(proxy.url, "never")
    tracker = Tracker(settings, tmp_path / "never", flush_s=0.1)
    tracker.start()
    builder = Builder(tmp_path / "never" / "journal.jsonl", observers=[tracker.observe]).sweep()
    builder.trial("search", 0, 0.9)
    assert tracker.close(patience=0.5) == tracker.unsent > 0
    assert "events did not reach MLflow" in caplog.text
    assert ", of trial search-0000" in caplog.text
    with pytest.raises(SweepError, match="cannot be used"):
        send_missing(tmp_path / "never", settings)


def test_a_server_that_is_slow_to_answer_does_not_hold_the_sweep(
    proxy: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.mode = "hang"
    tracker = Tracker(of_server(proxy.url, "never"), tmp_path / "never")
    tracker.start(timeout=0.2)
    assert "did not answer within 0 s" in caplog.text
    assert tracker.close(patience=0.1) == 0
    with pytest.raises(SweepError, match="did not answer within 0 s"):
        Tracker(of_server(proxy.url, "x"), tmp_path).start(timeout=0.2, must_answer=True)


def _break(proxy: Proxy, mode: str) -> None:
    if mode == "refuse":
        proxy.stop()
    else:
        modes: dict[str, Mode] = {"error": "error", "hang": "hang"}
        proxy.mode = modes[mode]


def _mend(proxy: Proxy, mode: str) -> None:
    if mode == "refuse":
        proxy.start()
    proxy.mode = "forward"
