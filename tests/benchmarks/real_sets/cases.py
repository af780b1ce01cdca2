"""The cases: three tables of real data with 12 to 14 tasks each, and the configs of their sweeps.

What is searched and how it is judged are the product's defaults: 20 trials an arm, all finalists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtl_search.config import Config, load_config
from tests.benchmarks.real_sets.data import PIXELS, RELATIONS

_DATA = "tests.benchmarks.real_sets.data"
_ASSAYS = (
    "NR-AR", "NR-AR-LBD", "NR-AhR", "NR-Aromatase", "NR-ER", "NR-ER-LBD", "NR-PPAR-gamma",
    "SR-ARE", "SR-ATAD5", "SR-HSE", "SR-MMP", "SR-p53",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Describe a case.

    Attributes:
        name: Its name on the command line.
        title: What the tasks are.
        data: The section `data` of its config, paths relative to the folder of data sets.
        tasks: Names of the tasks.
        head: The head of each task.
        metric: The metric of each task.
        widths: Widths of the dense layers.
        training: The section `training`.
    """

    name: str
    title: str
    data: Mapping[str, Any]
    tasks: Sequence[str]
    head: str
    metric: str
    widths: Sequence[int]
    training: Mapping[str, Any] = field(default_factory=dict)

    def config(self, folder: Path, overrides: Sequence[str] = ()) -> Config:
        """Return the config of its sweep.

        Args:
            folder: The folder of data sets.
            overrides: Changes of the config, as on the product's command line.
        """
        keys = {"path", "folder"} & self.data.keys()
        paths = {key: str(folder / self.data[key]) for key in keys}
        space = {
            "training.optimizer.lr": {"log": [3e-4, 3e-2]},
            "model.sharing.depth": {"int": [0, len(self.widths)]},
            "tasks.*.loss_weight": {"log_ratio": 10, "reference": self.tasks[0]},
        }
        tree = {
            "name": f"real-{self.name}",
            "data": {**self.data, **paths},
            "tasks": {task: {"head": self.head, "metrics": [self.metric]} for task in self.tasks},
            "model": {"backbone": {"name": "mlp", "widths": list(self.widths), "dropout": 0.2}},
            "training": {"train_metrics": False, **self.training},
            "search": {"space": space},
            "tracking": {"enabled": False},
        }
        return load_config(tree, list(overrides))


def _adamw(decay: float) -> dict[str, Any]:
    return {"name": "adamw", "lr": 3e-3, "weight_decay": decay}


CASES: Mapping[str, Case] = {
    case.name: case
    for case in [
        Case(
            "pixels",
            "12 grey values of a digit's right half from its left half, 150 training samples",
            {"name": f"{_DATA}:pixels", "path": "mnist/t10k-images-idx3-ubyte.gz"},
            PIXELS,
            "regression",
            "r2",
            (32, 32),
            {"epochs": 15, "batch_size": 32, "optimizer": _adamw(0.01)},
        ),
        Case(
            "relations",
            "14 relations that a sentence may contain, of which one has 1 % positives",
            {"name": f"{_DATA}:relations", "folder": "ud_english_ewt"},
            [relation.replace(":", "_") for relation in RELATIONS],
            "binary",
            "average_precision",
            (64, 32),
            {"epochs": 10, "batch_size": 128, "optimizer": _adamw(0.05)},
        ),
        Case(
            "tox21",
            "12 tests of molecules for toxic effects, 17 % of the labels missing",
            {
                "name": "tests.support.molecules:molecules",
                "path": "tox21/tox21.csv.gz",
                "targets": list(_ASSAYS),
                "width": 512,
            },
            _ASSAYS,
            "binary",
            "auroc",
            (64, 32),
            {"epochs": 12, "batch_size": 256, "optimizer": _adamw(0.05)},
        ),
    ]
}
