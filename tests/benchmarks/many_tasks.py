"""What hundreds of tasks cost: `validate`, the driver a trial, and `report`, side by side.

    .venv/bin/python -m tests.benchmarks.many_tasks [--tasks 3 120 600] [--keep FOLDER]
    .venv/bin/python -m tests.benchmarks.many_tasks --sweep 600 --keep FOLDER

Each number of tasks is a table of 400 rows with 20 inputs and so many binary targets, 17 % of whose
labels are missing, and a config that names them all by one pattern. The first form makes up the
metrics of the trials, so that it needs neither Ray nor training: the driver's searcher hands out
all trials of a sweep and is told how they fare. It prints processor seconds and peak memory of each
command in a process of its own, and the longest line that it prints. The second runs the sweep
itself and prints its seconds and its trials.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

if TYPE_CHECKING:  # what a command costs is measured without them
    from mtl_search.training.trial import TrialSpec
    from mtl_search.training.trial_report import TrialReport

COLUMNS = "tasks  command   cpu s  ms a trial  peak MB  lines  longest  trials"
ROWS, INPUTS, MISSING = 400, 20, 0.17
SEARCH = {
    "trials": 2,
    "finalists": {"top": 1, "seeds": 2, "max_seeds": 2},
    "space": {
        "training.optimizer.lr": {"log": [1e-3, 1e-1]},
        "tasks.*.loss_weight": {"log_ratio": 30, "reference": "assay_000"},
    },
}


def write_table(folder: Path, tasks: int, seed: int = 0) -> Path:
    """Write the table and its config; return the config's path."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(ROWS, INPUTS))
    scores = inputs @ rng.normal(size=(INPUTS, tasks)) + 2 * rng.normal(size=(ROWS, tasks))
    labels = np.where(rng.random((ROWS, tasks)) < MISSING, "", (scores > 0).astype(int).astype(str))
    names = [f"x{n}" for n in range(INPUTS)] + [f"assay_{n:03d}" for n in range(tasks)]
    rows = [
        ",".join([*(f"{value:.4f}" for value in values), *marks])
        for values, marks in zip(inputs, labels, strict=True)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.csv").write_text("\n".join([",".join(names), *rows]) + "\n")
    config = {
        "name": f"tasks-{tasks}",
        "data": {
            "name": "table",
            "path": str(folder.absolute() / "table.csv"),
            "targets": {"assay_*": "binary"},
        },
        "tasks": {"assay_*": {"head": "binary", "metrics": "auroc"}},
        "model": {"backbone": {"name": "mlp", "widths": [32, 32]}},
        "training": {"epochs": 3, "batch_size": 64},
        "search": SEARCH,
        "report": {"reference": False},
        "tracking": {"enabled": False},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def made_up_sweep(config_file: Path, folder: Path) -> dict[str, float]:
    """Let the driver run a whole sweep whose trials train nothing; return what that cost."""
    from mtl_search import load_config
    from mtl_search.cluster.monitor import CapacityMonitor
    from mtl_search.config import to_yaml
    from mtl_search.data import load_data
    from mtl_search.data.datasets.families import with_all_tasks
    from mtl_search.search.arms import plan_arms
    from mtl_search.search.preflight import check_sweep
    from mtl_search.search.provenance.data_set import describe_data
    from mtl_search.search.request import CheckedSweep, SweepRequest
    from mtl_search.search.searcher import ArmSearcher
    from mtl_search.search.study import set_log_level
    from mtl_search.search.sweep import SweepSession
    from mtl_search.storage.journal import Journal
    from mtl_search.training.trial import TrialSpec
    from mtl_search.training.trial_report import to_result

    set_log_level()
    config = with_all_tasks(load_config(config_file))
    data = load_data(config)
    preflight = check_sweep(config, data)
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(to_yaml(config))
    journal = Journal(folder / "journal.jsonl")
    request = SweepRequest(config, folder)
    about_data = describe_data(data, config.data.name, handed_over=False)
    sweep = CheckedSweep(request, data, plan_arms(config), preflight, None, "local", about_data)
    session = SweepSession(sweep, journal)
    session.write_start(1)
    rng = np.random.default_rng(0)
    items = len(data.splits["test"])
    begin = time.process_time()
    monitor = CapacityMonitor(config.resources, 1, read_nodes=lambda: ([{"CPU": 1.0}], []))
    searcher = ArmSearcher(session.context, monitor, data.targets)
    count = 0
    while isinstance(answer := searcher.suggest(f"tune{count}"), dict):
        specs = [TrialSpec.from_json(text) for text in answer["specs"]]
        for epoch in (1, 2, 3):
            reports = {spec.id: made_up_report(spec, epoch, rng, items) for spec in specs}
            searcher.record_epoch(f"tune{count}", reports, ())
        searcher.on_trial_complete(f"tune{count}", to_result(reports))
        count += 1
    spent = time.process_time() - begin
    assert searcher.finished
    session.write_end()
    journal.close()
    return {"cpu": spent, "trials": len(journal.record.trials), "peak": _peak_mb()}


def made_up_report(
    spec: TrialSpec, epoch: int, rng: np.random.Generator, items: int
) -> TrialReport:
    """Return what a slot would report of an epoch of three."""
    from mtl_search.storage.item_values import encode
    from mtl_search.training.trial_report import TrialReport

    metrics = {"lr": 0.01}
    for task in spec.config.tasks:
        metrics[f"train/{task}/loss"] = 0.7 - 0.1 * epoch
        metrics[f"val/{task}/loss"] = 0.7 - 0.05 * epoch
        metrics[f"val/{task}/auroc"] = 0.6 + 0.05 * epoch + 0.05 * rng.random()
    test, texts = {}, ""
    if epoch == 3 and spec.test:
        test = {f"test/{task}/auroc": 0.7 + 0.1 * rng.random() for task in spec.config.tasks}
        texts = encode({f"{task}/auroc": np.full(items, 0.7) for task in spec.config.tasks})
    state: Any = "COMPLETE" if epoch == 3 else "RUNNING"
    info: Any = {
        "parameters": 100, "device": "cpu", "tasks": list(spec.config.tasks), "depth": 2,
        "weights": {name: part.loss_weight for name, part in spec.config.tasks.items()},
    }  # fmt: skip
    best = spec.objective(metrics)
    return TrialReport(
        epoch, metrics, best, state, info=info, test=test, seconds=0.1 * epoch, items=texts
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


_COMMAND = """
import json, resource, sys
from mtl_search.cli import main
sys.argv = ["mtl-search", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    status = end.code
usage = resource.getrusage(resource.RUSAGE_SELF)
seconds = usage.ru_utime + usage.ru_stime
print(json.dumps([seconds, usage.ru_maxrss / 1024, status]), file=sys.stderr)
"""


def command(*words: str) -> tuple[float, float, list[str]]:
    """Run a command in a process of its own: processor seconds, peak MB, and its lines."""
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *words], capture_output=True, text=True, check=True
    )
    seconds, peak, status = json.loads(done.stderr.splitlines()[-1])
    assert not status, done.stdout + done.stderr
    return seconds, peak, done.stdout.splitlines()


def measure(folder: Path, tasks: int) -> None:
    """Print a row for each command on a table with so many targets."""
    config = write_table(folder / f"{tasks}", tasks)
    sweep = folder / f"{tasks}" / "sweep"
    words = [sys.executable, "-m", __spec__.name, "--made-up", str(config), str(sweep)]
    rows = {"validate": command("validate", str(config))}
    driver = json.loads(subprocess.check_output(words, text=True).splitlines()[-1])
    rows["report"] = command("report", str(sweep))
    for form in ("json", "markdown"):
        rows[form] = command("report", str(sweep), "--format", form)
    rows["html"] = command("report", str(sweep), "--html", str(folder / f"{tasks}" / "r.html"))
    rows["csv"] = command("report", str(sweep), "--csv", str(folder / f"{tasks}" / "tables"))
    each = 1000 * driver["cpu"] / driver["trials"]
    trials = int(driver["trials"])
    print(f"{tasks:5}  driver   {driver['cpu']:6.1f}  {each:10.1f}  {driver['peak']:7.0f}"
          f"                  {trials:6}")  # fmt: skip
    for name, (seconds, peak, lines) in rows.items():
        longest = max(map(len, lines), default=0) if name != "json" else 0
        print(
            f"{tasks:5}  {name:8} {seconds:6.1f}  {'':10}  {peak:7.0f}  {len(lines):5}  {longest:7}"
        )


def run_sweep(folder: Path, tasks: int) -> None:
    """Run the sweep itself, and print its seconds."""
    import mtl_search

    config = write_table(folder / f"{tasks}", tasks)
    begin = time.perf_counter()
    result = mtl_search.run(config, output=folder / f"{tasks}" / "run")
    seconds = time.perf_counter() - begin
    trials, cpu = len(result.record.trials), time.process_time()
    print(f"{tasks} tasks: {trials} trials in {seconds:.0f} s; driver {cpu:.0f} s, ", end="")
    print(f"{_peak_mb():.0f} MB; {result.verdict.outcome}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=int, nargs="+", default=[3, 120, 600])
    parser.add_argument("--keep", type=Path, help="folder for tables and sweeps")
    parser.add_argument("--sweep", type=int, help="run the sweep of so many tasks")
    parser.add_argument("--made-up", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.made_up:
        print(json.dumps(made_up_sweep(*options.made_up)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        if options.sweep:
            run_sweep(folder, options.sweep)
            return
        print(COLUMNS)
        for tasks in options.tasks:
            measure(folder, tasks)


if __name__ == "__main__":
    main()
