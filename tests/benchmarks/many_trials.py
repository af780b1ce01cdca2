"""What a sweep of very many short trials costs its driver, and how it spreads over nodes.

    .venv/bin/python -m tests.benchmarks.many_trials session [--at 100 500 2000 5000]
    .venv/bin/python -m tests.benchmarks.many_trials driver [--begun 0 900 4900] [--trials 100]
    .venv/bin/python -m tests.benchmarks.many_trials mlflow [--trials 100 1000 5000]
    .venv/bin/python -m tests.benchmarks.many_trials doors [--trials 1 100 1000 5000]
    .venv/bin/python -m tests.benchmarks.many_trials nodes [--trials 200]

`session` runs one sweep of a real Tune whose trials train nothing (two made-up epochs), with MLflow
on SQLite, and prints the driver's processor milliseconds a trial by part, over the last 100 trials
(90 of the first 100) before each of the numbers. `driver` runs such sweeps without MLflow, each
resumed after so many trials of a made-up journal, and prints the same without the first tenth of
the session's trials. `mlflow` sends the
journals of such sweeps to MLflow on SQLite and prints processor milliseconds a trial. `doors`
prints processor seconds of the commands that read such sweeps, and of a resume up to its first new
trial.

`nodes` runs one sweep over three nodes and one over a single node (`tests/support/nodes.py`), whose
trials sleep for a moment in place of training, and prints trials a second of both, on which nodes
they ran, the driver's memory, and what is free at the end.

Processor time is `time.process_time` and that of the threads, so that other work on the machine
changes it little.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from ray import tune
from rich.console import Console

from mtl_search import load_config, run
from mtl_search.api.callback import notifier
from mtl_search.api.progress.terminal import PlainProgress
from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config import Config, to_yaml
from mtl_search.search.request import SweepRequest, check_request
from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.search.searcher import ArmSearcher
from mtl_search.search.study import set_log_level
from mtl_search.search.sweep import SweepSession
from mtl_search.training.trial_report import to_result
from tests.benchmarks.doors import PROGRAM, Command, cost
from tests.benchmarks.driver_clock import PARTS, DriverClock, Reading
from tests.benchmarks.empty_slot import EPOCHS, EmptySlot, made_up_report, write_journal
from tests.benchmarks.sweep_memory import config as memory_config
from tests.benchmarks.sweep_memory import resident_mb
from tests.support import nodes

REPOSITORY = Path(__file__).resolve().parents[2]
SLEEP_S = 0.2


def settings(trials: int, folder: Path, **changes: Any) -> Config:
    """One arm `search`, two values to draw."""
    return load_config(memory_config(trials, 2, folder), changes)


def begin(folder: Path, config: Config, trials: int) -> None:
    """Make the folder of a sweep with trials that have ended."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(to_yaml(config), encoding="utf-8")
    scales = {f"y/{metric}": (0.5, 1.0) for metric in ("accuracy", "f1")}
    write_journal(folder / "journal.jsonl", trials, scales)


def driver(begun: int, trials: int, folder: Path, *, with_tune: bool) -> list[Reading]:
    """Run trials that train nothing, after so many that ended before."""
    wanted = settings(begun + trials, folder, **{"tracking.enabled": False})
    if begun:
        begin(folder / "sweep", wanted, begun)
    clock = DriverClock({max(1, trials // 10), trials}, resident_mb)
    if not with_tune:
        with clock.running():
            by_hand(wanted, folder / "sweep", clock)
        return clock.readings
    slot = tune.with_resources(EmptySlot, {"CPU": 1})
    with clock.running(), mock.patch.object(SweepSession, "_trainable", return_value=slot):
        result = run(wanted, output=folder / "sweep", resume=bool(begun), callbacks=[clock])
    assert result.complete
    return clock.readings


def session(at: Sequence[int], folder: Path) -> list[Reading]:
    """Run one sweep with MLflow; return a reading before and after the last trials of each part."""
    wanted = settings(max(at), folder)
    clock = DriverClock({*at, *(_before(number) for number in at)}, resident_mb)
    slot = tune.with_resources(EmptySlot, {"CPU": 1})
    with clock.running(), mock.patch.object(SweepSession, "_trainable", return_value=slot):
        result = run(wanted, output=folder / "sweep", callbacks=[clock])
    assert result.complete
    return clock.readings


def _before(number: int) -> int:
    return max(number - 100, number // 10)


def by_hand(config: Config, folder: Path, clock: DriverClock) -> None:
    """Ask the searcher for trials and report their epochs, as Tune would, one after another."""
    nodes = [{"CPU": config.resources.cpus_per_worker}]
    progress = PlainProgress(Console(file=io.StringIO()))
    set_log_level()
    request = SweepRequest(
        config,
        folder,
        resume=folder.exists(),
        observers=[notifier(progress), notifier(clock)],
        address="local",
    )
    checked = check_request(request)
    with SweepSession.open_folder(checked) as session:
        session.write_start(slots=1)
        monitor = CapacityMonitor(config.resources, 1, read_nodes=lambda: (nodes, []))
        searcher = ArmSearcher(session.context, monitor, checked.data.targets)
        asked = 0
        while isinstance(answer := searcher.suggest(f"tune{asked}"), dict):
            for epoch in range(1, EPOCHS + 1):
                reports = {trial: made_up_report(trial, epoch) for trial in answer["arms"]}
                searcher.record_epoch(f"tune{asked}", reports, ())
            searcher.on_trial_complete(f"tune{asked}", to_result(reports))
            asked += 1


def print_driver(begun: Sequence[int], trials: int, *, with_tune: bool) -> None:
    """Print a table, one row a number of trials that have begun before."""
    print_head()
    for number in begun:
        with tempfile.TemporaryDirectory() as name:
            first, last = driver(number, trials, Path(name), with_tune=with_tune)
        print_row(number + trials, first, last)


def print_session(at: Sequence[int]) -> None:
    """Print a table, one row a number of trials of one session."""
    with tempfile.TemporaryDirectory() as name:
        readings = {reading.trials: reading for reading in session(at, Path(name))}
    print_head()
    for number in at:
        print_row(number, readings[_before(number)], readings[number])


def print_head() -> None:
    """Print the head of a table of the driver's parts."""
    print(f"| trials | {' | '.join(PARTS)} | all | MB |")
    print(f"|{'---|' * (len(PARTS) + 3)}")


def print_row(trials: int, first: Reading, last: Reading) -> None:
    """Print milliseconds a trial between two readings."""
    spent = {part: last.seconds[part] - first.seconds[part] for part in PARTS}
    count = last.trials - first.trials
    cells = [f"{1000 * spent[part] / count:.1f}" for part in PARTS]
    cells += [f"{1000 * sum(spent.values()) / count:.1f}", f"{last.megabytes:.0f}"]
    print(f"| {trials:,} | {' | '.join(cells)} |", flush=True)


def resume(folder: Path) -> None:
    """Go on with a sweep, up to its first new trial."""
    config = load_config(folder / "config.yaml")
    request = SweepRequest(config, folder, resume=True, address="local")
    checked = check_request(request)
    with SweepSession.open_folder(checked) as session:
        session.write_start(slots=1)
        context = session.context
        scheduler = ArmScheduler(config, 1)
        scheduler.restore_trials(session.record, context.objectives.best_so_far_by_epoch)
        nodes_now = [{"CPU": config.resources.cpus_per_worker}]
        monitor = CapacityMonitor(config.resources, 1, read_nodes=lambda: (nodes_now, []))
        searcher = ArmSearcher(context, monitor, checked.data.targets)
        assert isinstance(searcher.suggest("tune0"), dict)


def print_doors(sizes: Sequence[int]) -> None:
    """Print processor seconds of the commands that read a sweep, one row a number of trials."""
    program = "from pathlib import Path; from tests.benchmarks import many_trials as m; m."
    print("| trials | report | report --format json | resume |\n|---|---|---|---|")
    for trials in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "sweep"
            wanted = settings(trials + 1, Path(name), **{"tracking.enabled": False})
            begin(folder, wanted, trials)
            reports = [
                Command("report", [*PROGRAM, "report", str(folder), *rest])
                for rest in ([], ["--format", "json"])
            ]
            resumed = Command("resume", ["-c", f"{program}resume(Path({str(folder)!r}))"])
            seconds = [
                cost(command, REPOSITORY, Path(name)).seconds for command in [*reports, resumed]
            ]
        print(f"| {trials:,} | {' | '.join(f'{each:.2f}' for each in seconds)} |", flush=True)


def print_mlflow(sizes: Sequence[int]) -> None:
    """Print a table, one row a number of trials."""
    from mtl_search.tracking import send_missing

    print("| trials | MLflow, ms a trial | unsent |\n|---|---|---|")
    for trials in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "sweep"
            begin(folder, settings(trials, Path(name)), trials)
            began = time.process_time()
            unsent = send_missing(folder).unsent
            spent = 1000 * (time.process_time() - began) / trials
        print(f"| {trials:,} | {spent:.1f} | {unsent} |", flush=True)


def drive(config: Path, folder: Path, address: str) -> None:
    """Run a sweep on a cluster, on one of whose nodes this is; print what a reader asks for."""
    clock = DriverClock(set(range(50, 100_000, 50)), resident_mb)
    ended: list[float] = []
    clock_end = clock.on_trial_end

    def on_trial_end(trial: Any) -> None:
        ended.append(time.perf_counter())
        clock_end(trial)

    with clock.running(), mock.patch.object(clock, "on_trial_end", on_trial_end):
        result = run(config, output=folder, callbacks=[clock], address=address)
    assert result.complete
    warm = ended[len(ended) // 10 :]
    found = {
        "trials": len(ended),
        "trials_a_second": (len(warm) - 1) / (warm[-1] - warm[0]),
        "megabytes": {reading.trials: reading.megabytes for reading in clock.readings},
        "on": Counter(trial.info.get("node", "") for trial in result.record),
    }
    print(f"found {json.dumps(found)}", flush=True)


def on_nodes(count: int, trials: int, root: Path) -> dict[str, Any]:
    """Run a sweep over so many nodes of one processor each."""
    storage = root / "storage"
    storage.mkdir(parents=True)
    backbone = {"name": "tests.benchmarks.empty_work:sleeping", "seconds": SLEEP_S / 4}
    wanted = settings(
        trials,
        root,
        **{
            "model.backbone": backbone,
            "resources.max_concurrent": "auto",
            "resources.storage": str(storage),
            "search.sampler": "random",
        },
    )
    (root / "config.yaml").write_text(to_yaml(wanted), encoding="utf-8")
    with nodes.cluster(root, [storage]) as cluster:
        for _ in range(count):
            cluster.start(1)
        program = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.many_trials", "drive"]
        place = cluster.head.inside(root)
        done = subprocess.run(
            [*place, *program, str(root / "config.yaml"), str(root / "sweep"), cluster.address],
            env={**os.environ, **cluster.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("found ")]
        free, total = cluster.free_cpus()
    return {**json.loads(line.removeprefix("found ")), "free CPUs": f"{free:g} of {total:g}"}


def print_nodes(trials: int) -> None:
    """Print what one node and three make of a sweep."""
    speeds = []
    for count in (1, 3):
        with tempfile.TemporaryDirectory() as name:
            found = on_nodes(count, trials, Path(name))
        print(f"{count} nodes ({'namespaces' if nodes.enclosed() else 'loopback'}): {found}")
        speeds.append(found["trials_a_second"])
    print(f"three nodes / one node: {speeds[1] / speeds[0]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = parser.add_subparsers(dest="mode", required=True)
    of_session = modes.add_parser("session")
    of_session.add_argument("--at", type=int, nargs="+", default=[100, 500, 2000, 5000])
    of_driver = modes.add_parser("driver")
    of_driver.add_argument("--begun", type=int, nargs="+", default=[0, 900, 4900])
    of_driver.add_argument("--trials", type=int, default=100)
    of_driver.add_argument("--without-tune", action="store_true", help="needs no Ray")
    of_mlflow = modes.add_parser("mlflow")
    of_mlflow.add_argument("--trials", type=int, nargs="+", default=[100, 1000, 5000])
    of_doors = modes.add_parser("doors")
    of_doors.add_argument("--trials", type=int, nargs="+", default=[1, 100, 1000, 5000])
    of_nodes = modes.add_parser("nodes")
    of_nodes.add_argument("--trials", type=int, default=200)
    of_drive = modes.add_parser("drive", help="what `nodes` runs on a node")
    for argument in ("config", "folder"):
        of_drive.add_argument(argument, type=Path)
    of_drive.add_argument("address")
    wanted = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    if wanted.mode == "session":
        print_session(wanted.at)
    elif wanted.mode == "driver":
        print_driver(wanted.begun, wanted.trials, with_tune=not wanted.without_tune)
    elif wanted.mode == "mlflow":
        print_mlflow(wanted.trials)
    elif wanted.mode == "doors":
        print_doors(wanted.trials)
    elif wanted.mode == "nodes":
        print_nodes(wanted.trials)
    else:
        drive(wanted.config, wanted.folder, wanted.address)


if __name__ == "__main__":
    main()
