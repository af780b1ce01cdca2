"""Where the seconds of a sweep go that are not training: first line, plan, first trial, end.

    .venv/bin/python -m tests.benchmarks.startup [--config CONFIG] [--imports] [path=value ...]

Runs `mtl-search run CONFIG` (the quickstart by default) in an empty folder and prints the seconds
from the command to each part, by the clock of the wall, and the processor seconds of the driver and
of all that it has started:

- first line: name and folder of the sweep, after the config has been checked;
- plan: how many trials there are, after data, networks and space have been checked and Ray is up;
- first trial: the first slot is up and begins to train;
- last trial: the last trial has ended;
- end: the report is printed and the process is gone;
- training: the seconds of all trials over the number of slots; the rest is what a sweep costs.

A busy machine changes every figure, so run it on a quiet one. With `--imports` nothing is run:
processor seconds and the largest resident set of a process that imports what a driver and what a
slot import are printed beside those of torch alone, the least of five runs each.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = "from mtl_search.cli import main; main()"
_PLAN = re.compile(r"\d+ trials, \d+ at a time")

# Title → what a process of that kind imports.
IMPORTS = {
    "nothing": "pass",
    "torch": "import torch",
    "torch and Ray Tune": "import torch; from ray import tune",
    "training.runner": "import mtl_search.training.runner",
    "a slot": "import mtl_search.training.workers.slot",
    "the driver": "import mtl_search.search.sweep, mtl_search.tracking",
    "the driver with MLflow": "import mtl_search.search.sweep, mtl_search.tracking, mlflow",
}


def parts(config: Path, overrides: Sequence[str], folder: Path) -> dict[str, float]:
    """Run a sweep, and return the seconds from the command to each part."""
    program = [sys.executable, "-c", PROGRAM, "run", str(config), *overrides, "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    began, clock = time.time(), time.monotonic()
    process = subprocess.Popen(
        [*program, "--output", str(folder / "sweep")],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = {}
    assert process.stdout is not None
    for line in process.stdout:
        since = time.monotonic() - clock
        found.setdefault("first line", since)
        if _PLAN.search(line):
            found.setdefault("plan", since)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
    end = time.monotonic() - clock
    if process.returncode:
        raise SystemExit(f"the sweep ended with status {process.returncode}")
    moments, training = _moments(folder / "sweep")
    found |= {name: moment - began for name, moment in moments.items()}
    found |= {"end": end, "training": training, "all but training": end - training}
    found["processor seconds"] = usage.ru_utime + usage.ru_stime
    return found


def _moments(sweep: Path) -> tuple[dict[str, float], float]:
    """Return when the first trial began to train and the last one ended, and what training took."""
    lines = (sweep / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    epochs = [event for event in events if event["event"] == "epoch"]
    ends = [event["time"] for event in events if event["event"] == "end"]
    first = min(epochs, key=lambda event: float(event["time"]))
    seconds: dict[str, float] = {event["id"]: event["seconds"] for event in epochs}  # their sums
    slots = next(event["slots"] for event in events if event["event"] == "sweep")
    moments = {"first trial": first["time"] - first["seconds"], "last trial": max(ends)}
    return moments, sum(seconds.values()) / slots


def import_costs(repeats: int = 5) -> dict[str, tuple[float, float]]:
    """Return processor seconds and megabytes of processes that import, the least of some runs."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    costs: dict[str, tuple[float, float]] = {}
    for _ in range(repeats + 1):  # once more, which warms the disk's cache
        for title, program in IMPORTS.items():
            process = subprocess.Popen([sys.executable, "-c", program], env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cost = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
            costs[title] = min(cost, costs.get(title, cost))
    return costs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("overrides", nargs="*", metavar="path=value", help="changes to the config")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "configs" / "quickstart.yaml")
    parser.add_argument("--imports", action="store_true", help="print what imports cost instead")
    wanted = parser.parse_args()
    if wanted.imports:
        print("| a process that imports | processor s | MB |\n|---|---|---|")
        for title, (seconds, megabytes) in import_costs().items():
            print(f"| {title} | {seconds:.2f} | {megabytes:.0f} |", flush=True)
        return
    with tempfile.TemporaryDirectory() as name:
        found = parts(wanted.config.resolve(), wanted.overrides, Path(name))
    print("| part | s |\n|---|---|")
    for part, seconds in found.items():
        print(f"| {part} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
