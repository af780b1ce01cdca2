"""A sweep of a few seconds, drivers of it as processes, and what its journal and MLflow tell
afterwards.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from mtl_search.config import load_config, paths
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from tests.support.repository import REPOSITORY

MTL_SEARCH = Path(sys.executable).with_name("mtl-search")
PARTS = "tests.support.parts"
ARMS = ("single/colour", "single/size", "equal", "search")

_TINY: dict[str, Any] = {
    "name": "tiny",
    "data": {"name": f"{PARTS}:points"},
    "tasks": {
        "colour": {"head": "softmax", "metrics": "accuracy"},
        "size": {"head": "regression", "metrics": "mae"},
    },
    "model": {"backbone": {"name": f"{PARTS}:backbone"}},
    "training": {"epochs": 3, "batch_size": 30, "optimizer": {"name": "adam", "lr": 0.01}},
    "search": {
        "trials": 4,
        "space": {
            "model.sharing.depth": {"int": [0, 2]},
            "tasks.*.loss_weight": {"log_ratio": 10, "reference": "colour"},
            "training.optimizer.lr": {"log": [1e-3, 1e-1]},
        },
        "sampler": {"name": "tpe", "n_startup_trials": 2},
        "finalists": {"top": 1, "seeds": 2, "max_seeds": 2},
    },
    "resources": {"max_concurrent": 1},
}
ASHA = {
    "search.scheduler": {"name": "asha", "grace_period": 1, "reduction_factor": 2},
    "training.epochs": 4,
}


def tiny(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The config of a sweep of 24 trials (4 of each of the 4 arms, and 2 finalists of each).

    Offered settings and twins come on top: about 35 in all.
    """
    tree = copy.deepcopy(_TINY)
    for path, value in (changes or {}).items():
        paths.put(tree, path, value)
    return tree


def write_config(folder: Path, changes: Mapping[str, Any] | None = None) -> Path:
    """The same as a file."""
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump(tiny(changes)))
    return file


# ------------------------------------------------------------------------------------------ drivers


def environment() -> dict[str, str]:
    """What a driver process needs: `tests.support.parts`, here and in Ray's workers, lines that do
    not wrap, and a Ray of its own where the test names none.
    """
    ours = {"PYTHONPATH": str(REPOSITORY), "COLUMNS": "200", "RAY_ADDRESS": "local"}
    return {**os.environ, **ours}


def mtl_search(
    *arguments: object,
    cwd: Path,
    inside: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end.

    Args:
        *arguments: Of `mtl-search`.
        cwd: Where.
        inside: Beginning of the command, such as one that runs the rest on another node.
        extra: More of the environment.
    """
    command = [*inside, str(MTL_SEARCH), *map(str, arguments)]
    env = {**environment(), **(extra or {})}
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )


# Its number and when it began, in ticks since the machine did: numbers are used again.
Process = tuple[int, int]


def _processes() -> Iterator[tuple[int, int, int]]:
    """Number, parent and beginning of every process that is not a zombie."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended in the meantime
            state, parent, *rest = (folder / "stat").read_text().rpartition(")")[2].split()
            if state != "Z":
                yield int(folder.name), int(parent), int(rest[17])


def running_processes() -> set[Process]:
    """All of this machine."""
    return {(pid, began) for pid, _, began in _processes()}


def _title(process: Process) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process[0]}/cmdline").read_text()
    return ""


def descendants(pid: int) -> set[Process]:
    """All processes that this one has started, directly or not."""
    found, parents = {(pid, 0)}, {pid}
    while parents:
        children = {
            (child, began) for child, parent, began in _processes() if parent in parents
        } - found
        found |= children
        parents = {child for child, _ in children}
    return found - {(pid, 0)}


def titled(beginning: str) -> list[int]:
    """Numbers of our own processes whose title begins so, such as `ray::RayTrainWorker`; others may
    run Ray as well.
    """
    return [
        process[0]
        for process in sorted(descendants(os.getpid()))
        if _title(process).startswith(beginning)
    ]


def _is_worker(title: str) -> bool:
    """Idle, or called after what it does at the moment."""
    return title.startswith("ray::") and "Agent" not in title


class Driver:
    """A driver that is running: `mtl-search` in a process group of its own, as a terminal would
    start it.
    """

    def __init__(
        self,
        arguments: list[str],
        cwd: Path,
        sweep: Path,
        inside: Sequence[str],
        extra: Mapping[str, str],
    ) -> None:
        self.sweep = sweep
        self.orphans: set[Process] = set()
        self._log = cwd / "driver.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*inside, str(MTL_SEARCH), *arguments], cwd=cwd, env={**environment(), **extra},
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text()

    def wait_for(self, condition: Callable[[SweepRecord], bool], timeout: float = 120) -> None:
        """Wait until the journal tells something."""
        end = time.monotonic() + timeout
        while not condition(read_record(self.sweep / "journal.jsonl")):
            assert self.process.poll() is None, f"the driver ended too early:\n{self.output}"
            assert time.monotonic() < end, f"the driver did not get there:\n{self.output}"
            time.sleep(0.01)

    def descendants(self) -> set[Process]:
        """All processes that it has started, directly or not."""
        return descendants(self.process.pid)

    def kill(self) -> None:
        """SIGKILL to the driver alone; the processes of its trials must notice by themselves.

        Two helpers of Ray's (dashboard agent, runtime environment agent) stay for minutes. They do
        nothing, and a resumed sweep has to live with them.
        """
        self.orphans = self.descendants()
        slots = {process for process in self.orphans if _is_worker(_title(process))}
        assert slots
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + 30
        while alive := slots & running_processes():
            assert time.monotonic() < end, f"outlived the driver: {alive}"
            time.sleep(0.1)

    def stop(self, number: signal.Signals, *, group: bool, timeout: float = 60) -> float:
        """Send a signal (to the whole group, as Ctrl-C in a terminal does); returns the seconds
        until the end.
        """
        began = time.monotonic()
        (os.killpg if group else os.kill)(self.process.pid, number)
        self.process.wait(timeout)
        return time.monotonic() - began


@contextmanager
def driver(
    arguments: list[str],
    cwd: Path,
    sweep: Path,
    inside: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> Iterator[Driver]:
    """A driver that is gone afterwards, with all that it started; `inside` and `extra` as for
    `mtl_search`.
    """
    running = Driver(arguments, cwd, sweep, inside, extra or {})
    try:
        yield running
    finally:
        started = running.orphans
        if running.process.poll() is None:
            started = running.descendants()
            running.process.kill()
        for pid, _ in started & running_processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        running.process.wait()


# ------------------------------------------------------------------------------ what is left behind


def outcome(record: SweepRecord) -> dict[str, Any]:
    """Everything of every trial that does not depend on the time of day."""
    return {
        trial.id: {
            "arm": trial.arm,
            "params": trial.params,
            "overrides": trial.overrides,
            "seed": trial.seed,
            "origin": trial.origin,
            "state": trial.state,
            "reason": trial.reason,
            "test": trial.test,
            "epochs": [(e.epoch, e.best_objective, _timeless(e.metrics)) for e in trial.epochs],
        }
        for trial in record
    }


def _timeless(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if name != "seconds"}


def events(sweep: Path) -> list[dict[str, Any]]:
    """The complete lines of the journal."""
    return [json.loads(line) for line in whole_lines(sweep).splitlines()]


def whole_lines(sweep: Path) -> bytes:
    """The journal up to its last complete line."""
    content = (sweep / "journal.jsonl").read_bytes()
    return content[: content.rfind(b"\n") + 1]


def finished(record: SweepRecord, prefix: str) -> int:
    """Trials of the arms of this prefix that have ended."""
    return sum(trial.finished and trial.arm.startswith(prefix) for trial in record)


def assert_sound(sweep: Path) -> SweepRecord:
    """Every arm has spent its budget, every trial began once and ended once."""
    record = read_record(sweep / "journal.jsonl")
    assert record.complete
    finalists = load_config(sweep / "config.yaml").search.finalists
    spent: Counter[str] = Counter(trial.arm for trial in record if not trial.is_offered)
    for arm, budget in record.budget.items():
        # An extended sweep keeps the finalists of earlier winners; where several race, offered
        # settings may, too, and the best may get more seeds.
        may_exceed = record.sessions > 1 or finalists.top > 1 or len(finalists.looks) > 1
        if arm.startswith("final/") and may_exceed:
            assert spent[arm] >= budget, arm
        else:
            assert spent[arm] == budget, arm
    assert all(ArmName(arm).is_twin for arm in spent.keys() - record.budget.keys())
    for kind in ("trial", "end"):
        times = Counter(event["id"] for event in events(sweep) if event["event"] == kind)
        assert times == Counter(list(record.trials)), kind
    for trial in record:
        assert trial.finished
        numbers = [epoch.epoch for epoch in trial.epochs]
        assert numbers == list(range(1, len(numbers) + 1)), trial.id
        assert bool(trial.test) == (trial.is_finalist and trial.state == "COMPLETE"), trial.id
        assert bool(trial.origin) == (trial.is_finalist or trial.is_offered), trial.id
        if trial.is_offered:
            assert record.trials[trial.origin].arm != trial.arm, trial.id
    return record


def mlflow_runs(sweep: Path) -> tuple[list[Run], list[Run]]:
    """Runs of the sweep in MLflow: parents, children."""
    client = MlflowClient(f"sqlite:///{sweep.parent / 'mlflow.db'}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    sweep_id = read_record(sweep / "journal.jsonl").id
    runs = client.search_runs(
        experiments, f"tags.`mtl_search.sweep` = '{sweep_id}'", max_results=1000
    )
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return parents, [run for run in runs if "mlflow.parentRunId" in run.data.tags]


def assert_mirrored(sweep: Path) -> None:
    """MLflow has one run for the sweep, below it one a trial, and none of them is running."""
    record = read_record(sweep / "journal.jsonl")
    (parent,), children = mlflow_runs(sweep)
    assert parent.info.status == ("FINISHED" if record.complete else "KILLED")
    assert Counter(run.data.tags["mtl_search.trial"] for run in children) == Counter(
        list(record.trials)
    )
    ends = {"COMPLETE": "FINISHED", "PRUNED": "FINISHED", "FAIL": "FAILED", "RUNNING": "KILLED"}
    for run in children:
        trial = record.trials[run.data.tags["mtl_search.trial"]]
        tags = run.data.tags
        assert tags["mlflow.parentRunId"] == parent.info.run_id
        own = ("arm", "config_hash", "state")
        assert tuple(tags[f"mtl_search.{name}"] for name in own) == (
            trial.arm,
            trial.config_hash,
            trial.state,
        )
        assert (tags["arm"], tags["seed"]) == (trial.arm.base, str(trial.seed))
        assert run.info.status == ends[trial.state], trial.id
        if trial.epochs:
            assert json.loads(tags["mtl_search.parameters"]) == trial.info["parameters"]
            last = trial.epochs[-1]
            # Of an epoch that is trained again after a kill, MLflow keeps the first seconds.
            told = {name: value for name, value in last.metrics.items() if name != "seconds"}
            assert {name: run.data.metrics[name] for name in told} == told
