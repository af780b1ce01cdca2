"""A trial that fails is an answer: it gets its reason, the slot stays warm, Optuna is told, the
sweep goes on.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from mtl_search import Callback, SweepError, run
from mtl_search.search import sweep
from mtl_search.search.searcher import ArmSearcher
from mtl_search.storage.events import Event
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from tests.support.sweeps import PARTS, assert_mirrored, assert_sound, mlflow_runs, tiny

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]

_ONE_ARM: dict[str, Any] = {
    "search.arms": ["search"],
    "search.finalists.top": 0,
    "search.stop_after_failures": 99,
}


@pytest.fixture
def searchers(monkeypatch: pytest.MonkeyPatch) -> list[ArmSearcher]:
    """The searchers of the sweeps that a test runs."""
    made: list[ArmSearcher] = []

    class Kept(ArmSearcher):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(sweep, "ArmSearcher", Kept)
    return made


@pytest.mark.parametrize(
    ("path", "choice", "reason"),
    [
        ("training.optimizer.lr", [0.01, 1e12], "loss of task"),
        ("model.backbone.mode", ["fine", "raises"], "ValueError: this network cannot be built"),
        (
            "model.backbone.mode",
            ["fine", "raises_later"],
            "RuntimeError: this network cannot be trained",
        ),
    ],
)
def test_failed_trials_do_not_end_the_sweep(
    runs: Path, searchers: list[ArmSearcher], path: str, choice: list[object], reason: str
) -> None:
    log = runs.parent / "pids"
    changes = {
        **_ONE_ARM,
        "search.trials": 8,
        "search.space": {path: {"choice": choice}},
        "training.optimizer": {"name": "sgd", "lr": 0.01},
        "model.backbone": {"name": f"{PARTS}:backbone", "log": str(log)},
    }
    run(tiny(changes), output=runs / "tiny")
    record = assert_sound(runs / "tiny")
    for trial in record:
        wanted = "FAIL" if trial.params[path] == choice[1] else "COMPLETE"
        assert trial.state == wanted, trial.id
        assert (reason in trial.reason) == (wanted == "FAIL"), trial.reason
    states = [trial.state for trial in record]
    assert states.count("FAIL") >= 2
    assert states.count("COMPLETE") >= 2
    assert len(set(log.read_text().split())) == 1, "the slot did not stay warm"

    told = searchers[0]._studies.of("search")._ot_study.get_trials()
    assert [trial.state for trial in told] == [TrialState[state] for state in states]
    assert_mirrored(runs / "tiny")


class Killer(Callback):
    """Kills the process of a trial after each of its epochs.

    Args:
        log: What `parts.backbone` wrote; with one slot, the last line is the process that trains.
        trial: Whose process.
    """

    def __init__(self, log: Path, trial: str) -> None:
        self.log, self.trial = log, trial
        self.killed: list[int] = []

    def on_epoch_end(self, trial: TrialRecord) -> None:
        if trial.id == self.trial:
            self.killed.append(int(self.log.read_text().split()[-1]))
            os.kill(self.killed[-1], signal.SIGKILL)


@pytest.mark.slow
def test_a_trial_whose_process_dies_too_often_fails(runs: Path) -> None:
    log = runs.parent / "pids"
    killer = Killer(log, "search-0000")
    changes = {
        **_ONE_ARM,
        "search.trials": 2,
        "search.retries": 1,
        "model.backbone": {"name": f"{PARTS}:backbone", "log": str(log)},
    }
    run(tiny(changes), output=runs / "tiny", callbacks=[killer])
    failed, other = assert_sound(runs / "tiny")
    assert failed.state == "FAIL"
    assert failed.reason.startswith("its process died 2 times: ")
    assert "SIGKILL" in failed.reason or "died unexpectedly" in failed.reason
    assert len(killer.killed) == 2
    assert other.state == "COMPLETE"
    assert_mirrored(runs / "tiny")


def test_a_trial_out_of_memory_begins_again_with_smaller_batches(runs: Path) -> None:
    changes = {
        **_ONE_ARM,
        "search.trials": 4,
        "search.space": {"model.backbone.mode": {"choice": ["fine", "small"]}},
        "training.on_out_of_memory": "accumulate",
        "training.batch_size": 20,
    }
    run(tiny(changes), output=runs / "tiny")
    record = assert_sound(runs / "tiny")
    assert {trial.state for trial in record} == {"COMPLETE"}
    notes = {
        trial.params["model.backbone.mode"]: trial.info.get("out_of_memory") for trial in record
    }
    assert notes == {"fine": None, "small": "batch_size 20 → 10, accumulate 1 → 2"}
    assert_mirrored(runs / "tiny")
    _, children = mlflow_runs(runs / "tiny")
    tags = {
        run.data.tags["mtl_search.trial"]: run.data.tags.get("mtl_search.out_of_memory")
        for run in children
    }
    assert tags == {trial.id: trial.info.get("out_of_memory") for trial in record}


def test_a_sweep_in_which_everything_fails_ends_with_the_reason(runs: Path) -> None:
    changes = {
        **_ONE_ARM,
        "search.stop_after_failures": 3,
        "search.trials": 50,
        "model.backbone": {"name": f"{PARTS}:backbone", "mode": "raises"},
    }
    with pytest.raises(
        SweepError, match=r"first 3 trials have all failed[\s\S]*this network cannot be built"
    ):
        run(tiny(changes), output=runs / "tiny")
    assert_mirrored(runs / "tiny")


class _Careless(Callback):
    def __init__(self) -> None:
        self.called: set[str] = set()

    def _fail(self, name: str) -> None:
        self.called.add(name)
        raise RuntimeError(f"a mistake in {name}")

    def on_event(self, event: Event, record: SweepRecord) -> None:
        self._fail("on_event")

    def on_sweep_start(self, record: SweepRecord) -> None:
        self._fail("on_sweep_start")

    def on_trial_start(self, trial: TrialRecord) -> None:
        self._fail("on_trial_start")

    def on_epoch_end(self, trial: TrialRecord) -> None:
        self._fail("on_epoch_end")

    def on_trial_end(self, trial: TrialRecord) -> None:
        self._fail("on_trial_end")

    def on_sweep_end(self, record: SweepRecord) -> None:
        self._fail("on_sweep_end")


def test_a_callback_that_raises_does_not_end_the_sweep(
    runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    careless = _Careless()
    result = run(tiny({**_ONE_ARM, "search.trials": 2}), output=runs / "tiny", callbacks=[careless])
    assert_sound(result.directory)
    methods = {name for name in vars(Callback) if name.startswith("on_")}
    assert careless.called | {"on_tracking_wait"} == methods  # a fast store is not waited for
    assert "a mistake in on_sweep_end" in caplog.text
