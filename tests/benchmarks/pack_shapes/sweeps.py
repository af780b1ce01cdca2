"""Whole sweeps, one by one and with packs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = "from mtl_search.cli import main; main()"


@dataclass(frozen=True)
class Outcome:
    """What a sweep took.

    Attributes:
        seconds: From the command to its end.
        processor: Processor seconds of the driver and of what it has waited for.
        training: Seconds of all trials, as they say themselves.
        trials: Their number.
        packed: How many of them were trained in packs.
    """

    seconds: float
    processor: float
    training: float
    trials: int
    packed: int


def print_sweeps(only: Sequence[str]) -> None:
    """Print the table."""
    print("| sweep | trials | in packs | s, one by one | s, auto | whole | training |")
    print("|---|---|---|---|---|---|---|")
    configs = {
        "penguins": REPOSITORY / "configs" / "penguins.yaml",
        "12 tasks": None,
        "quickstart": REPOSITORY / "configs" / "quickstart.yaml",
    }
    for name, config in configs.items():
        if only and not any(part in name for part in only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = config or _twelve_tasks(Path(folder))
            alone, auto = (run(path, pack, Path(folder)) for pack in ("1", "auto"))
        ratios = alone.seconds / auto.seconds, alone.training / auto.training
        cells = [name, auto.trials, auto.packed, f"{alone.seconds:.0f}", f"{auto.seconds:.0f}"]
        print(
            f"| {' | '.join(map(str, cells))} | {ratios[0]:.2f} × | {ratios[1]:.2f} × |", flush=True
        )


def run(config: Path, pack: str, folder: Path) -> Outcome:
    """Run a sweep by the command."""
    output = folder / f"sweep-{pack}"
    arguments = ["run", str(config), f"training.pack={pack}", "--quiet", "--output", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if process.returncode:
        raise SystemExit(f"the sweep of {config} ended with status {process.returncode}")
    last = _last_epochs(output)
    training = sum(event["seconds"] for event in last)
    packed = sum(isinstance(event["info"].get("pack"), int) for event in last)
    return Outcome(seconds, usage.ru_utime + usage.ru_stime, training, len(last), packed)


def _last_epochs(sweep: Path) -> list[dict[str, Any]]:
    """Return the journal's last epoch of each trial."""
    lines = (sweep / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    infos = {event["id"]: event["info"] for event in events if event["event"] == "info"}
    last = {event["id"]: event for event in events if event["event"] == "epoch"}
    return [{**event, "info": infos[name]} for name, event in last.items()]


def _twelve_tasks(folder: Path) -> Path:
    """Write a table with twelve binary targets, and its config."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(500, 16))
    common = features @ rng.normal(size=(16, 4))
    scores = np.tanh(common) @ rng.normal(size=(4, 12)) + rng.normal(size=(500, 12)) / 2
    names = [f"x{number}" for number in range(16)]
    tasks = [f"t{number}" for number in range(12)]
    rows = [",".join([*names, *tasks])]
    for x, y in zip(features, scores > 0, strict=True):
        rows.append(",".join([*(f"{value:.4f}" for value in x), *map(str, y.astype(int))]))
    (folder / "table.csv").write_text("\n".join(rows), encoding="utf-8")
    config = {
        "name": "twelve",
        "data": {
            "name": "table",
            "path": str(folder / "table.csv"),
            "columns": names,
            "targets": dict.fromkeys(tasks, "binary"),
        },
        "tasks": {task: {"head": "binary"} for task in tasks},
        "model": {"backbone": {"name": "mlp", "widths": [32, 32]}},
        "training": {"epochs": 30, "batch_size": 32},
        "search": {
            "trials": 12,
            "space": {
                "training.optimizer.lr": {"log": [1e-3, 3e-2]},
                "model.sharing.depth": {"int": [0, 2]},
            },
        },
    }
    path = folder / "twelve.yaml"  # JSON is YAML
    path.write_text(json.dumps(config), encoding="utf-8")
    return path
