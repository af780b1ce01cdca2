from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
import time
from _thread import interrupt_main
from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import load_config
from mtl_search.errors import ConfigError
from mtl_search.storage.events import EpochEnded, InitialPointsResolved
from mtl_search.storage.records import SweepRecord
from mtl_search.tracking import SweepPage, Tracker, send_missing
from tests.support.mlflow_runs import Runs, runs_of, tracked
from tests.support.recorded_sweeps import config, wait_until, whole
from tests.support.repository import REPOSITORY

INTERRUPTED = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_interrupted"


def test_importing_loads_no_mlflow() -> None:
    program = "import sys, mtl_search.tracking; sys.exit('mlflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_one_parent_one_child_a_trial(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    whole(builder, trials=2, seeds=2)
    assert tracker.close() == 0
    found = runs_of(tracker)
    assert set(found.by_trial) == {"", *builder.sweep_record.trials}
    parent = found.parent
    assert parent.info.run_name == "demo"
    assert parent.info.status == "FINISHED"
    assert parent.data.params["training.epochs"] == "10"
    for trial, run in found.by_trial.items():
        if trial:
            assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
            assert run.info.status == "FINISHED"
            assert run.info.run_name == trial
    artifact = found.client.download_artifacts(parent.info.run_id, "config.yaml")
    assert load_config(artifact) == tracker.config
    assert parent.info.artifact_uri.startswith((sweep_dir.parent / "mlartifacts").as_uri())


def test_tags_params_and_metrics_of_a_trial(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    builder.sweep().scales()
    trial = builder.trial("search", 3, 0.9, depth={"left": 1, "right": 2})
    final = builder.finalist("search", 0, {"left": 0.7, "right": 0.8, "same": 0.9}, origin=trial)
    assert tracker.close() == 0
    found = runs_of(tracker)
    tags, record = found.by_trial[trial].data.tags, builder.sweep_record.trials[trial]
    expected = {
        "sweep": "sweep-1",
        "trial": trial,
        "arm": "search",
        "config_hash": "0123456789ab",
        "parameters": "1500",
        "depth": '{"left": 1, "right": 2}',
        "state": "COMPLETE",
    }
    assert expected == {name: tags[f"mtl_search.{name}"] for name in expected}
    assert found.by_trial[trial].data.params == {
        "training.optimizer.lr": "0.01", "model.sharing.depth": "2"
    }  # fmt: skip
    times = [round(epoch.time * 1000) for epoch in record.epochs]
    points: list[Any] = [(n, pytest.approx(0.3 * n), times[n - 1]) for n in (1, 2, 3)]
    assert found.history(trial, "val/left/accuracy") == points
    assert found.history(trial, "val/skill") == points
    assert found.history(trial, "train/left/loss")[0][:2] == (1, 1.0)
    assert found.by_trial[trial].info.end_time == round(record.ended * 1000)
    assert found.by_trial[final].data.tags["mtl_search.origin"] == trial
    assert found.by_trial[final].data.metrics["test/same/accuracy"] == 0.9


def test_the_values_of_a_member_of_a_population_are_metrics_over_epochs(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    trial = builder.sweep().begin("search", 0, role="member")
    for epoch in (1, 2):
        builder.epoch(trial, epoch, 0.5, {"left": 0.5})
    values = {"training.optimizer.lr": 0.002, "tasks.left.loss_weight": 1.5}
    builder.event(
        "perturb", id=trial, epoch=2, donor="search-0001", params=values, overrides=values
    )
    builder.event("generation", arm="search", epoch=2)
    builder.event("info", id=trial, info={"weights": {"left": 1.5}})
    builder.epoch(trial, 3, 0.6, {"left": 0.6})
    builder.end(trial)
    assert tracker.close() == 0
    found = runs_of(tracker)
    rates = [value for _, value, _ in found.history(trial, "pbt/training.optimizer.lr")]
    assert rates == [0.01, 0.01, 0.002]
    assert found.history(trial, "pbt/tasks.left.loss_weight")[0][:2] == (3, 1.5)
    run = found.by_trial[trial].data
    assert run.params["training.optimizer.lr"] == "0.01"  # what it began with
    assert run.tags["mtl_search.weights"] == '{"left": 1.5}'
    assert found.parent.info.status == "KILLED"


def test_objective_is_called_delta_m_only_where_it_is(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    builder.sweep().trial("single/left", 0, 0.9)
    tracker.close()
    assert "val/objective" in runs_of(tracker).by_trial["single-left-0000"].data.metrics
    assert "val/delta_m" not in runs_of(tracker).by_trial["single-left-0000"].data.metrics


@pytest.mark.parametrize(
    ("state", "status"), [("COMPLETE", "FINISHED"), ("PRUNED", "FINISHED"), ("FAIL", "FAILED")]
)
def test_states(sweep_dir: Path, state: Any, status: str) -> None:
    tracker, builder = tracked(sweep_dir)
    trial = builder.sweep().trial("search", 0, 0.9, state=state)
    tracker.close()
    run = runs_of(tracker).by_trial[trial]
    assert (run.info.status, run.data.tags["mtl_search.state"]) == (status, state)
    assert run.data.tags.get("mtl_search.reason") == (
        "loss is not finite" if state == "FAIL" else None
    )


def test_metrics_arrive_while_a_trial_trains(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    trial = builder.sweep().begin("search", 0)
    builder.epoch(trial, 1, 0.5, {"left": 0.5})
    wait_until(lambda: tracker.unsent == 0)
    run = runs_of(tracker).by_trial[trial]
    assert (run.info.status, run.data.metrics["val/left/accuracy"]) == ("RUNNING", 0.5)
    tracker.close()


def test_an_interrupted_sweep_is_killed_and_resumed_without_doubles(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    ended = builder.sweep().trial("search", 0, 0.9)
    trial = builder.begin("search", 1)
    builder.epoch(trial, 1, 0.5, {"left": 0.5})
    assert tracker.close() == 0
    before = runs_of(tracker)
    assert (before.parent.info.status, before.by_trial[trial].info.status) == ("KILLED", "KILLED")

    tracker, builder = tracked(sweep_dir)
    builder.now = 1_700_001_000.0
    builder.sweep()
    builder.epoch(trial, 1, 0.5, {"left": 0.5})  # the same epoch again, at another time
    builder.epoch(trial, 2, 0.6, {"left": 0.6})
    builder.end(trial)
    builder.done()
    assert tracker.close() == 0
    after = runs_of(tracker)
    assert {r.info.run_id for r in after.all} == {r.info.run_id for r in before.all}
    assert after.parent.info.status == after.by_trial[trial].info.status == "FINISHED"
    assert [point[:2] for point in after.history(trial, "val/left/accuracy")] == [
        (1, 0.5),
        (2, 0.6),
    ]
    assert after.history(ended, "val/left/accuracy") == before.history(ended, "val/left/accuracy")


def test_an_extended_sweep_goes_on_in_its_run(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    whole(builder, trials=1, seeds=2)
    tracker.close()
    tracker, builder = tracked(
        sweep_dir, **{"search.trials": 80}
    )  # a param cannot change in MLflow
    builder.sweep()
    wait_until(lambda: tracker.unsent == 0)
    assert runs_of(tracker).parent.info.status == "RUNNING"
    new = builder.trial("search", 7, 0.95)
    builder.done()
    assert tracker.close() == 0
    found = runs_of(tracker)
    assert new in found.by_trial
    artifact = found.client.download_artifacts(found.parent.info.run_id, "config.yaml")
    assert load_config(artifact).search.trials == 80


def test_a_sweep_of_version_0_1_goes_on_in_its_runs(tmp_path: Path) -> None:
    """Its runs are found by id, though their tags have the names of then."""
    sweep = shutil.copytree(INTERRUPTED, tmp_path / "sweep")
    uri = {"tracking.enabled": True, "tracking.uri": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    settings = load_config(sweep / "config.yaml", uri)
    tracker = Tracker(settings, sweep)
    tracker.start()
    assert tracker.close() == 0
    before = Runs(tracker.uri, settings.name)
    warmup = before.by_trial["seed-uw-0000"]
    before.client.set_tag(warmup.info.run_id, "mtl_search.arm", "seed/uw")
    tracker = Tracker(settings, sweep)
    tracker.start()
    assert tracker.close() == 0
    after = Runs(tracker.uri, settings.name)
    assert {run.info.run_id for run in after.all} == {run.info.run_id for run in before.all}
    assert after.by_trial["seed-uw-0000"].data.tags["mtl_search.arm"] == "warmup/uw"


def test_more_than_a_batch_holds(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    trial = builder.sweep().begin("search", 0)
    overrides = {f"model.backbone.size{number}": number for number in range(250)}
    builder.event(
        "trial",
        id="wide",
        arm="search",
        number=9,
        params={},
        distributions={},
        overrides=overrides,
        seed=1,
    )
    many = {f"part{number}": 0.001 * number for number in range(700)}
    for epoch in (1, 2, 3):
        builder.epoch(trial, epoch, 0.5, many)
    assert tracker.close() == 0
    found = runs_of(tracker)
    assert len(found.by_trial["wide"].data.params) == 250
    assert len(found.by_trial[trial].data.metrics) == 3 * 700 + 4
    assert [point[0] for point in found.history(trial, "val/part699/accuracy")] == [1, 2, 3]


def test_names_and_values_that_mlflow_refuses(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    builder.sweep()
    overrides = {
        "a(b)": 1,
        "a[b]": 2,
        "tasks.x.head": {"name": "softmax", "list": [1, 2]},
        "long": "x" * 9000,
        "none": None,
    }
    builder.event(
        "trial",
        id="odd",
        arm="search",
        number=0,
        params={},
        distributions={},
        overrides=overrides,
        seed=1,
    )
    builder.event(
        "epoch",
        id="odd",
        epoch=1,
        metrics={"val//ä (b)/../c@d": 1.0, "/x/": 2.0},
        objective=0.1,
        seconds=1.0,
    )
    builder.end("odd", "FAIL", "r" * 10_000)
    assert tracker.close() == 0
    run = runs_of(tracker).by_trial["odd"]
    assert run.data.metrics["val/ä _b_/__/c_d"] == 1.0
    assert run.data.metrics["x"] == 2.0
    assert len(run.data.params["long"]) == 6000
    assert run.data.params["tasks.x.head.list"] == "[1, 2]"
    assert sorted(value for name, value in run.data.params.items() if name.startswith("a_b_")) == [
        "1",
        "2",
    ]
    assert len(run.data.tags["mtl_search.reason"]) == 8000


def test_artifacts_of_the_sweep(sweep_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    tracker, builder = tracked(sweep_dir)
    whole(builder, trials=1, seeds=2)
    best = sweep_dir / "trials" / "search-0000" / "best"
    best.mkdir(parents=True)
    (best / "model.safetensors").write_bytes(b"weights")
    (sweep_dir / "report.json").write_text("{}")
    files = {
        "best/search": best,
        "report/report.json": sweep_dir / "report.json",
        "gone": sweep_dir / "no such file",
    }
    tracker.finish(SweepPage(builder.sweep_record, "not tested", "Not tested.", "", files=files))
    assert tracker.close() == 1
    found = runs_of(tracker)
    names = [
        item.path for item in found.client.list_artifacts(found.parent.info.run_id, "best/search")
    ]
    assert names == ["best/search/model.safetensors"]
    names = [item.path for item in found.client.list_artifacts(found.parent.info.run_id, "report")]
    assert names == ["report/report.json"]
    assert "artifact gone" in caplog.text


def test_a_deleted_experiment(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    builder.sweep()
    tracker.close()
    found = runs_of(tracker)
    found.client.delete_experiment(found.experiment.experiment_id)
    with pytest.raises(ConfigError, match=r"tracking.experiment: .*has been deleted"):
        tracked(sweep_dir)


def test_observing_never_waits(sweep_dir: Path) -> None:
    tracker = Tracker(config(), sweep_dir)  # not started: nobody takes anything
    started = time.monotonic()
    event = EpochEnded(id="x", epoch=1, metrics={}, objective=0.0, seconds=0.0)
    for _ in range(10_000):
        tracker.observe(event, SweepRecord())
    assert time.monotonic() - started < 1
    assert tracker.close() == 10_000


def test_an_event_that_makes_no_sense_is_passed_over(
    sweep_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tracker, builder = tracked(sweep_dir)
    builder.sweep()
    unknown = EpochEnded(id="unknown", epoch=1, metrics={}, objective=0.0, seconds=0.0)
    tracker.observe(unknown, SweepRecord())
    tracker.observe(InitialPointsResolved(points=[3]), SweepRecord())  # type: ignore[list-item]
    trial = builder.trial("search", 0, 0.9)
    assert tracker.close() == 0
    assert trial in runs_of(tracker).by_trial
    assert "passed over an event" in caplog.text


def test_mlflow_stays_quiet(
    sweep_dir: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (sweep_dir.parent / "mlflow.db").unlink()  # with the migrations
    with caplog.at_level(logging.INFO):
        tracker, builder = tracked(sweep_dir)
        whole(builder, trials=1, seeds=2)
        tracker.close()
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


@pytest.mark.parametrize("way", ["interrupt", "limit"])
def test_the_end_of_the_wait_says_what_is_left(
    sweep_dir: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    tracker, builder = tracked(sweep_dir)
    assert tracker._run_sync is not None
    client = tracker._run_sync.client
    send = client.send

    def send_slowly(*arguments: Any) -> None:
        time.sleep(0.4)
        send(*arguments)

    monkeypatch.setattr(client, "send", send_slowly)
    monkeypatch.setattr(client, "_writer", None)  # as of a server
    whole(builder, trials=2, seeds=2)
    timer = threading.Timer(1.5, interrupt_main)
    if way == "interrupt":
        timer.start()
    unsent = tracker.close(limit=1.5 if way == "limit" else None)
    if way == "interrupt":
        timer.join()
    assert unsent > 20
    assert tracker.unsent == unsent
    (line,) = [text for text in caplog.messages if "did not reach MLflow" in text]
    assert line.startswith(f"{unsent} events did not reach MLflow at {tracker.uri}, of ")
    assert " to final-search-0001: " in line
    reasons = {"interrupt": "the wait was interrupted", "limit": "waits no longer than 1.5 s"}
    assert reasons[way] in line
    assert line.endswith(f"to send them: mtl-search sync {sweep_dir}")
    tracker._thread.join(20)  # its last request, which nobody waits for otherwise
    assert not tracker._thread.is_alive()
    assert send_missing(sweep_dir, tracker.config).unsent == 0
    found = runs_of(tracker)
    assert set(found.by_trial) == {"", *builder.sweep_record.trials}
    assert {run.info.status for run in found.all} == {"FINISHED"}


@pytest.mark.large
def test_two_thousand_trials_arrive_before_the_end(
    sweep_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are written to the journal in seconds, which no database keeps up with."""
    monkeypatch.setattr("mtl_search.storage.journal.os.fsync", lambda number: None)
    tracker, builder = tracked(sweep_dir)
    builder.sweep()
    for number in range(2000):
        builder.trial("search", number, 0.9, epochs=2)
    builder.done()
    seen: list[tuple[int, int]] = []
    assert tracker.unsent > 5000
    assert tracker.close(on_progress=lambda sent, total: seen.append((sent, total))) == 0
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    runs = tracker._run_sync.client.find_runs("sweep-1") if tracker._run_sync else []
    assert len(runs) == 2001
    assert {run.info.status for run in runs} == {"FINISHED"}
