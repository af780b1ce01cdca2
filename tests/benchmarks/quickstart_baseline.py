"""Whether the quickstart's single-task network has converged: accuracy by epochs, on its own.

    .venv/bin/python -m tests.benchmarks.quickstart_baseline

The network for the digit alone, as the config has it, trained by the product's own loop in this
process. Of three learning rates the best by validation counts, as the mean over three training
seeds. `all scans` are batches of 64 of all training scans, as in a sweep, where a scan without the
label adds nothing to the loss; `labelled scans` are batches of 16 of the 30 that have it, for about
as many steps. Columns are test accuracies in per cent, rows are seeds of the split.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from typing import Any

import torch
import yaml

from mtl_search.config import Config, load_config
from mtl_search.data import DataSet, load_data
from mtl_search.metrics.objective import Objective
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from tests.support.repository import CONFIGS

_RATES = (2.5e-3, 5e-3, 1e-2)
_REPEATS = 3
# Name → whether only labelled scans are trained on, epochs, batch size.
_COLUMNS = {
    "all scans, 30 epochs": (False, 30, 64),
    "all scans, 60 epochs": (False, 60, 64),
    "labelled scans, 135 epochs": (True, 135, 16),
    "labelled scans, 270 epochs": (True, 270, 16),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and print a line of a Markdown table for each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="of the split, from 0")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print("| seed | " + " | ".join(_COLUMNS) + " |")
    print("|" + "---|" * (1 + len(_COLUMNS)), flush=True)
    for seed in range(options.seeds):
        cells = [f"{100 * _accuracy(seed, *column):.1f}" for column in _COLUMNS.values()]
        print(f"| {seed} | {' | '.join(cells)} |", flush=True)


def _accuracy(seed: int, labelled_only: bool, epochs: int, batch_size: int) -> float:
    """Return the mean test accuracy at the learning rate that is best by validation."""
    found: list[tuple[float, float]] = []
    for rate in _RATES:
        training = {
            "seed": seed,
            "training.epochs": epochs,
            "training.batch_size": batch_size,
            "training.optimizer.lr": rate,
        }
        config = load_config(_single_task(), training)
        data = _only_labelled(load_data(config)) if labelled_only else load_data(config)
        runs = [_train(config, data, 100 + repeat) for repeat in range(_REPEATS)]
        validation, test = zip(*runs, strict=True)
        found.append((statistics.mean(validation), statistics.mean(test)))
    return max(found)[1]


def _single_task() -> dict[str, Any]:
    """Return the quickstart without its auxiliary task and without its search."""
    tree: dict[str, Any] = yaml.safe_load((CONFIGS / "quickstart.yaml").read_text())
    del tree["tasks"]["attributes"], tree["search"]
    return tree


def _train(config: Config, data: DataSet, seed: int) -> tuple[float, float]:
    """Train one network; return its accuracy on the validation split and its test accuracy."""
    objective = Objective({"digit": ("accuracy",)}, "val/digit/accuracy")
    with tempfile.TemporaryDirectory() as folder:
        spec = TrialSpec("single", config, seed, objective, folder, test=True)
        trainer = Trainer(spec, data, torch.device("cpu"))
        report = trainer.run_epoch()
        while report.state == "RUNNING":
            report = trainer.run_epoch()
    return report.objective, report.test["test/digit/accuracy"]


def _only_labelled(data: DataSet) -> DataSet:
    train = data.splits["train"]
    kept = train[data.targets["digit"].values[train] >= 0]
    return DataSet(data.inputs, data.targets, {**data.splits, "train": kept})


if __name__ == "__main__":
    main()
