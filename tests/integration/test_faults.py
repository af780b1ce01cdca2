"""The fault matrix: what dies x when x under which scheduler. The end is always that of a sweep
left in peace.

`pytest -m "large or not large" tests/integration/test_faults.py` runs all of it. A new scheduler or
victim is a line of a table here; `docs/reliability.md` shows what came of every cell.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from mtl_search import Callback, Result, run
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from tests.support.sweeps import (
    ASHA,
    PARTS,
    assert_mirrored,
    assert_sound,
    driver,
    events,
    mtl_search,
    outcome,
    tiny,
    titled,
    whole_lines,
    write_config,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.usefixtures("ray_cluster", "whole_again"),
]


@dataclass(frozen=True)
class Victim:
    """A process.

    Attributes:
        title: How it calls itself; empty for the driver, which runs in a process of its own.
        workers: Of a trial.
        signal: How it dies; SIGTERM is what a machine sends that is about to be taken away.
    """

    title: str
    workers: int
    signal: signal.Signals = signal.SIGKILL


VICTIMS = {
    "slot": Victim("ray::Slot", 1),
    "driver": Victim("", 1),
    "rank": Victim("ray::RayTrainWorker", 2),
    "group_slot": Victim("ray::GroupSlot", 2),
    "controller": Victim("ray::TrainController", 2),
    "group_driver": Victim("", 2),
    "slot_preempted": Victim("ray::Slot", 1, signal.SIGTERM),
    "rank_preempted": Victim("ray::RayTrainWorker", 2, signal.SIGTERM),
}
# Arm of the trial that loses its process, after two epochs; every one of them comes after a trial
# that has finished.
TIMES = {"singles": "single/size", "search": "search", "finals": "final/search"}
# The same when the trial has ended, so that the process is found dead when the next one begins.
BETWEEN = {"between": "search"}
_DEPTHS = {
    "model.sharing.depth": {"int": [1, 2]}
}  # at 0 each task has a first stage of its own, and two passes
_SPACE: dict[str, Any] = tiny()["search"]["space"] | _DEPTHS
_INTERVAL = 3  # epochs after which the members of a population meet
SCHEDULERS: dict[str, dict[str, Any]] = {
    "fifo": {"training.epochs": 4},
    "asha": ASHA,
    "pbt": {
        "search.scheduler": {"name": "pbt", "interval": _INTERVAL},
        "training.epochs": 4,
        "search.space": {path: entry for path, entry in _SPACE.items() if path not in _DEPTHS},
    },
}
# Seconds between two checkpoints: one after every epoch, or none in time.
CHECKPOINTS = {"kept": 0, "lost": 3600}


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix, by names of the tables above."""

    victim: str
    time: str
    scheduler: str
    checkpoint: str

    def __str__(self) -> str:
        return f"{self.victim}-{self.time}-{self.scheduler}-{self.checkpoint}"


# Those that tell most. The first two are in every run of the tests: a slot and the driver, each
# scheduler that decides something, with and without a checkpoint.
_CHOSEN = [
    Cell("slot", "search", "pbt", "kept"),
    Cell("driver", "search", "asha", "lost"),
    Cell("rank", "singles", "asha", "kept"),
    Cell("group_slot", "finals", "fifo", "lost"),
    Cell("controller", "search", "fifo", "kept"),
    Cell("slot", "search", "asha", "kept"),
]
_IN_EVERY_RUN = 2


def _cells() -> Iterator[Any]:
    """All, the chosen ones first. With and without a checkpoint take turns, or it would be twice as
    many.
    """
    for number, cell in enumerate(_CHOSEN):
        yield pytest.param(
            cell, id=str(cell), marks=() if number < _IN_EVERY_RUN else pytest.mark.large
        )
    killed = [name for name, victim in VICTIMS.items() if victim.signal == signal.SIGKILL]
    preempted = [name for name in VICTIMS if name not in killed]
    combinations = [
        *product(killed, SCHEDULERS, TIMES),
        *product(preempted, SCHEDULERS, ["search"]),
    ]
    combinations += [(name, "fifo", "between") for name in killed if VICTIMS[name].title]
    for number, (victim, scheduler, when) in enumerate(combinations):
        if not any(
            (cell.victim, cell.time, cell.scheduler) == (victim, when, scheduler)
            for cell in _CHOSEN
        ):
            cell = Cell(victim, when, scheduler, list(CHECKPOINTS)[number % 2])
            yield pytest.param(cell, id=str(cell), marks=pytest.mark.large)


# 4 passes an epoch and worker.
_BATCHES = 4
_EPOCHS_BEFORE = 2  # of the victim's trial
_INTO_EPOCH_S = 0.1  # an epoch takes twice as long


def _changes(cell: Cell, folder: Path | None) -> dict[str, Any]:
    """What the cell's sweep differs in from the tiny one; no folder: it is left in peace, on one
    worker.
    """
    workers = VICTIMS[cell.victim].workers
    backbone: dict[str, Any] = {"name": f"{PARTS}:backbone"}
    changes: dict[str, Any] = {
        "search.trials": 2,
        "search.space": _SPACE,
        "training.checkpoint_every_s": CHECKPOINTS[cell.checkpoint],
        **SCHEDULERS[cell.scheduler],
    }
    if (
        workers > 1
    ):  # sums over ranks differ in the last digit, which a sampler that learns would make more of
        changes["search.sampler"] = "random"
    if folder is not None:
        backbone |= {"pause": 0.05, "passes": str(folder / "passes")}
        changes["resources.workers"] = workers
    if folder is not None and workers > 1:
        changes["resources.storage"] = str(folder / "storage")  # as another node would find it
    return changes | {"model.backbone": backbone}


# ------------------------------------------------------------------------------------ the reference


@pytest.fixture(scope="module")
def in_peace(
    tmp_path_factory: pytest.TempPathFactory, ray_cluster: None
) -> Callable[[Cell], dict[str, dict[str, Any]]]:
    """What a cell's sweep finds without a fault; each is run when it is first asked for."""
    known: dict[str, dict[str, dict[str, Any]]] = {}

    def find(cell: Cell) -> dict[str, dict[str, Any]]:
        changes = _changes(cell, None) | {
            "training.checkpoint_every_s": 3600,
            "tracking.enabled": False,
        }
        key = repr(sorted(changes.items()))
        if key not in known:
            folder = tmp_path_factory.mktemp("in_peace") / "tiny"
            run(tiny(changes), output=folder)
            known[key] = outcome(assert_sound(folder))
        return known[key]

    return find


def _assert_same(
    found: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]], *, exact: bool
) -> None:
    assert list(found) == list(wanted)
    for name, trial in wanted.items():
        if exact:
            assert found[name] == trial
            continue
        assert {**found[name], "epochs": 0, "test": 0} == {**trial, "epochs": 0, "test": 0}
        assert found[name]["test"] == pytest.approx(trial["test"], abs=1e-4), name
        for (number, objective, metrics), there in zip(
            found[name]["epochs"], trial["epochs"], strict=True
        ):
            assert (number, objective) == (there[0], pytest.approx(there[1], abs=1e-3)), name
            assert metrics == pytest.approx(there[2], abs=1e-4), name


# ---------------------------------------------------------------------------------------- the death


class Death(Callback):
    """Ends the victim of a cell, in the middle of an epoch of one trial.

    Attributes:
        before: The journal as it was.
    """

    def __init__(self, cell: Cell, sweep: Path) -> None:
        self._cell, self._victim, self._sweep = cell, VICTIMS[cell.victim], sweep
        self.before = b""
        self.killed: list[int] = []
        self._timer: threading.Timer | None = None

    def on_epoch_end(self, trial: TrialRecord) -> None:
        if trial.arm == TIMES.get(self._cell.time) and len(trial.epochs) == _EPOCHS_BEFORE:
            self._kill_in(_INTO_EPOCH_S)

    def on_trial_end(self, trial: TrialRecord) -> None:
        if trial.arm == BETWEEN.get(self._cell.time):
            self._kill_in(0)

    def _kill_in(self, seconds: float) -> None:
        if self._timer is None:
            # Now, between two epochs, it calls itself by its name.
            self.killed = titled(self._victim.title)[-1:]
            self._timer = threading.Timer(seconds, self._kill)
            self._timer.start()

    def _kill(self) -> None:
        self.before = whole_lines(self._sweep)
        for pid in self.killed:
            os.kill(pid, self._victim.signal)


def _die(cell: Cell, sweep: Path) -> bytes:
    """Run the cell's sweep to its end in spite of its fault; returns the journal from before."""
    changes, workers = _changes(cell, sweep.parent), VICTIMS[cell.victim].workers
    if not VICTIMS[cell.victim].title:
        return _die_with_the_driver(cell, sweep, changes)
    if workers > 1:  # there is room for one group only: what takes its place needs all that it held
        changes["resources.cpus_per_worker"] = 2
    death = Death(cell, sweep)
    run(tiny(changes), output=sweep, callbacks=[death])
    assert death.killed
    return death.before


def _die_with_the_driver(cell: Cell, sweep: Path, changes: dict[str, Any]) -> bytes:
    config, arm = write_config(sweep.parent.parent, changes), TIMES[cell.time]

    def is_time(record: SweepRecord) -> bool:
        return any(trial.arm == arm and len(trial.epochs) == _EPOCHS_BEFORE for trial in record)

    with driver(["run", str(config)], sweep.parent.parent, sweep) as first:
        first.wait_for(
            is_time, timeout=300
        )  # a worker group takes its time to start on a busy machine
        time.sleep(_INTO_EPOCH_S)
        first.kill()
        before = whole_lines(sweep)
        if cell.time == "search":
            done = mtl_search("run", config, "--resume", cwd=sweep.parent.parent)
            assert done.returncode == 0, done.stderr
        else:
            run(config, output=sweep, resume=True)
    return before


# ------------------------------------------------------------------------------------------ the end


def _assert_nothing_runs_twice(cell: Cell, sweep: Path, before: bytes) -> float:
    """What had finished is not touched again, and the others lost the work since their last
    checkpoint at most.

    Returns:
        Epochs that were trained again.
    """
    assert whole_lines(sweep).startswith(before)
    count = before.count(b"\n")
    earlier, later = events(sweep)[:count], events(sweep)[count:]
    ended = {event["id"] for event in earlier if event["event"] == "end"}
    assert ended
    assert not [event for event in later if event.get("id") in ended]

    passes = len((sweep.parent / "passes").read_text().splitlines())
    told = _told(earlier + later)
    # Separate networks have a first stage for each of the two tasks, and a pass through each.
    trained = len(told) + sum(trial.startswith("final-twin-separate") for trial, _ in told)
    lost = passes / (_BATCHES * VICTIMS[cell.victim].workers) - trained
    # The epoch that it died in, and without a checkpoint those before.
    least = 0 if cell.checkpoint == "kept" else _unsaved(earlier, ended)
    # Without a driver a slot goes on to the end of its epoch, where a member of a population writes
    # a checkpoint. After SIGTERM a process may do so, too, and begin the next one.
    victim = VICTIMS[cell.victim]
    is_slow = victim.signal != signal.SIGKILL
    at_an_exchange = (
        cell.scheduler == "pbt" and cell.time != "finals" and (is_slow or not victim.title)
    )
    assert (0 if at_an_exchange else least) <= lost <= least + 1 + is_slow
    return lost


def _unsaved(earlier: list[dict[str, Any]], ended: set[str]) -> int:
    """Epochs of trials that have not ended, but for those before an exchange, at which members
    write checkpoints.
    """
    members = {
        event["id"] for event in earlier if event["event"] == "trial" and event["role"] == "member"
    }
    epochs = Counter(trial for trial, _ in _told(earlier) if trial not in ended)
    return sum(count % _INTERVAL if trial in members else count for trial, count in epochs.items())


def _told(told: list[dict[str, Any]]) -> set[tuple[str, int]]:
    """Trial and number of the epochs among events."""
    return {(event["id"], event["epoch"]) for event in told if event["event"] == "epoch"}


@pytest.mark.parametrize("cell", list(_cells()))
def test_nothing_is_lost_and_nothing_runs_twice(
    runs: Path,
    cell: Cell,
    in_peace: Callable[[Cell], dict[str, dict[str, Any]]],
    record_property: Callable[[str, object], None],
) -> None:
    sweep = runs / "tiny"
    before = _die(cell, sweep)
    record = assert_sound(sweep)
    assert {trial.state for trial in record} <= {"COMPLETE", "PRUNED"}
    assert record.sessions == (1 if VICTIMS[cell.victim].title else 2)
    record_property("lost_epochs", _assert_nothing_runs_twice(cell, sweep, before))
    assert_mirrored(sweep)
    _assert_same(outcome(record), in_peace(cell), exact=VICTIMS[cell.victim].workers == 1)
    assert not list((runs / "storage").glob("*/*")), "files stay in the storage"
    assert Result(sweep, trust_code=True).load_model() is not None
