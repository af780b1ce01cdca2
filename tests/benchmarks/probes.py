"""What the probes cost: seconds of an epoch with each of them, over those of an epoch without.

    .venv/bin/python -m tests.benchmarks.probes [--clock cpu] [--blocks 5] [--only "12 tasks"]

A probe looks at four steps of an epoch, so the ratio falls with the length of the epoch: each case
is timed at several numbers of steps. Trials with and without probes run in turn, an epoch each, and
end with the same weights to the last bit, which the script checks. The ratio is the median over the
blocks. Training metrics are off and nothing is validated: a ratio of whole trials is lower.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mtl_search.config import Config, load_config
from mtl_search.data import DataSet, Target
from mtl_search.metrics.objective import Objective
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec

PROBES: dict[str, dict[str, bool]] = {
    "none": {},
    "gradient_conflict": {"gradient_conflict": True},
    "task_affinity": {"task_affinity": True},
}
CASES = {"4 tasks": 4, "12 tasks": 12, "120 tasks": 120}
STEPS = (50, 500)
_BATCH = 64


def data_of(tasks: int, steps: int) -> DataSet:
    """Tasks that are linear in 64 inputs, with so many training batches."""
    rng = np.random.default_rng(0)
    samples = steps * _BATCH + 8
    x = rng.normal(size=(samples, 64)).astype(np.float32)
    targets = {
        f"t{number}": Target((x @ rng.normal(size=64)).astype(np.float32), "real")
        for number in range(tasks)
    }
    rows = np.arange(samples)
    splits = {"train": rows[:-8], "validation": rows[-8:-4], "test": rows[-4:]}
    return DataSet({"x": x}, targets, splits)


def config_of(data: DataSet, report: dict[str, bool]) -> Config:
    """An MLP of three stages of 256 units, all shared."""
    tree: dict[str, Any] = {
        "name": "probes",
        "data": {"name": "arrays"},
        "tasks": {name: {"head": "regression"} for name in data.targets},
        "model": {"backbone": {"name": "mlp", "widths": [256, 256, 256]}},
        "training": {"batch_size": _BATCH, "train_metrics": False},
        "report": report,
    }
    return load_config(tree)


def measure(tasks: int, steps: int, blocks: int, clock: Callable[[], float]) -> dict[str, float]:
    """Return probe → seconds of an epoch with it over seconds of one without."""
    data = data_of(tasks, steps)
    objective = Objective({"t0": ("r2",)}, "primary")
    with tempfile.TemporaryDirectory() as folder:
        trainers = {}
        for name, report in PROBES.items():
            spec = TrialSpec(name, config_of(data, report), 1, objective, str(Path(folder) / name))
            trainers[name] = Trainer(spec, data, torch.device("cpu"))
        seconds: dict[str, list[float]] = {name: [] for name in PROBES}
        for block in range(blocks + 1):
            for name, trainer in trainers.items():
                began = clock()
                trainer.train_epoch()
                if block:  # in the first one torch and its caches warm up
                    seconds[name].append(clock() - began)
    for trainer in trainers.values():
        pairs = zip(trainer.parameters, trainers["none"].parameters, strict=True)
        assert all(torch.equal(a, b) for a, b in pairs), "a probe has changed the training"
    return {
        name: statistics.median(a / b for a, b in zip(seconds[name], seconds["none"], strict=True))
        for name in PROBES
        if name != "none"
    }


def main() -> None:
    """Print a table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--only", choices=[*CASES])
    options = parser.parse_args()
    torch.set_num_threads(1)
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    names = [name for name in PROBES if name != "none"]
    print(f"{'case':<12}{'steps':>6}" + "".join(f"{name:>20}" for name in names))
    for case, tasks in CASES.items():
        if options.only not in (None, case):
            continue
        for steps in STEPS:
            ratios = measure(tasks, steps, options.blocks, clock)
            print(f"{case:<12}{steps:>6}" + "".join(f"{ratios[name]:>20.2f}" for name in names))


if __name__ == "__main__":
    main()
