"""A finished sweep in which every trial has kept a small network."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from mtl_search import Result
from mtl_search.config import parse
from mtl_search.data import DataSet
from mtl_search.data.spec import data_spec
from mtl_search.export import Model
from mtl_search.models.build import build_network
from mtl_search.storage.records import SweepRecord
from mtl_search.training.predictor import Predictor
from tests.support.raw_rows import digits

FINISHED = Path("tests/fixtures/sweeps/v0_1_finished")


def kept_sweep(folder: Path, sharing: Any = "hard") -> Path:
    """A copy of a sweep that version 0.1 finished, with networks on pairs of digits."""
    sweep = folder / "digits"
    shutil.copytree(FINISHED, sweep, ignore=shutil.ignore_patterns("trials"))
    config = sweep / "config.yaml"
    config.write_text(config.read_text().replace("enabled: false", "enabled: true"))
    case = digits(folder)
    data = case.data()
    for number, trial in enumerate(Result(sweep).record):
        tasks = [trial.arm.task] if trial.arm.is_single and trial.arm.task else list(case.tasks)
        network = _network(data, tasks, number, sharing)
        Model.of(network, trial=trial.id, seed=number).save(sweep / "trials" / trial.id / "best")
    return sweep


def _network(data: DataSet, tasks: Sequence[str], seed: int, sharing: Any) -> Predictor:
    torch.manual_seed(seed)
    given = {"left": {"head": "softmax", "view": "left"}}
    given["right"] = {"head": "softmax", "view": "right"}
    given["same"] = {"head": "pair", "view": ["left", "right"]}  # type: ignore[dict-item]
    config = parse(
        {
            "name": "digits",
            "data": "digit_pairs",
            "tasks": {task: given[task] for task in tasks},
            "model": {"backbone": {"name": "mlp", "widths": [4]}, "sharing": sharing},
        }
    )
    return Predictor(build_network(config, data), config, data_spec(data))


def trials_of(record: SweepRecord, arm: str) -> list[str]:
    """The trials of an arm."""
    return [trial.id for trial in record if trial.arm == arm]
