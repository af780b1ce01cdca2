"""The rows of the table: a kind of planted set each, with its truth and its config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mtl_search.config import Config, load_config
from mtl_search.data import DataSet, Target
from tests.benchmarks.planted_sets import data
from tests.benchmarks.planted_sets.data import Array, Build, Planted

VIEW = "x"
_IDENTITY_MLP = "tests.benchmarks.planted_sets.backbone:identity_mlp"
_STAGES = [32, 32, 32]


@dataclass(frozen=True)
class Row:
    """Describe a kind of planted set.

    Attributes:
        name: Its name on the command line.
        title: What the tasks are.
        truth: What is true of them.
        build: Draws inputs and labels.
        tasks: Names of the tasks; all but `auxiliary` are main tasks.
        shares_nothing: Whether networks have nothing in common by construction: an identity is
            their first stage, and the only one that they share.
        depth: The sharing depth, where it is not searched.
        most_false: The goal for the share of sweeps that say "helps" where it is not true.
    """

    name: str
    title: str
    truth: str
    build: Build
    tasks: Sequence[str]
    shares_nothing: bool = False
    depth: int | None = None
    most_false: float = 0.05

    def draw(self, seed: int, overrides: Sequence[str] = ()) -> PlantedSet:
        """Return the data set of a seed with its config.

        Args:
            seed: The seed of the data, and of the sweep.
            overrides: Changes of the config, as on the product's command line.
        """
        planted = self.build(np.random.default_rng([seed, *self.name.encode()]))
        return PlantedSet(self, seed, planted, self._config(seed, overrides))

    def _config(self, seed: int, overrides: Sequence[str]) -> Config:
        space: dict[str, Any] = {"training.optimizer.lr": {"log": [1e-3, 3e-2]}}
        sharing: dict[str, Any] = {"name": "hard"}
        if self.shares_nothing:
            sharing["depth"] = 1
        elif self.depth is not None:
            sharing["depth"] = self.depth
        else:
            space["model.sharing.depth"] = {"int": [0, len(_STAGES)]}
        space["tasks.*.loss_weight"] = {"log_ratio": 10, "reference": self.tasks[0]}
        backbone = _IDENTITY_MLP if self.shares_nothing else "mlp"
        tree = {
            "name": f"planted-{self.name}",
            "seed": seed,
            "data": "planted",
            "tasks": {task: _task(task) for task in self.tasks},
            "model": {"backbone": {"name": backbone, "widths": _STAGES}, "sharing": sharing},
            "training": {"epochs": 15, "batch_size": 32, "train_metrics": False},
            "search": {"space": space},
            "tracking": {"enabled": False},
            "report": {"reference": False},
        }
        return load_config(tree, list(overrides))


@dataclass(frozen=True)
class PlantedSet:
    """Hold one planted data set with the config of its sweep.

    Attributes:
        row: What kind it is.
        seed: Its seed.
        planted: All samples, the fresh ones included.
        config: The config of its sweep.
    """

    row: Row
    seed: int
    planted: Planted
    config: Config

    def data(self) -> DataSet:
        """Return the samples of the splits as the product's data set."""
        planted = self.planted
        targets = {
            task: Target(labels_N[: planted.size].astype(np.float32), "real")
            for task, labels_N in planted.labels.items()
        }
        x_NI = planted.inputs[: planted.size].astype(np.float32)
        return DataSet({VIEW: x_NI}, targets, planted.splits)

    def fresh(self, tasks: Sequence[str]) -> tuple[Array, Array]:
        """Return inputs (N, I) and labels (T, N) of the samples that no sweep has seen."""
        planted = self.planted
        labels_TN = np.stack([planted.labels[task][planted.size :] for task in tasks])
        return planted.inputs[planted.size :], labels_TN


def _task(name: str) -> dict[str, str]:
    return {"head": "regression", "role": "auxiliary" if name == "auxiliary" else "main"}


def _names(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


def _null(tasks: int) -> Row:
    return Row(
        f"null{tasks}",
        f"{tasks} unrelated tasks, sensitive to the learning rate",
        "none: networks share nothing by construction",
        partial(data.unrelated, tasks=tasks),
        _names(tasks),
        shares_nothing=True,
    )


ROWS: Mapping[str, Row] = {
    row.name: row
    for row in [
        *map(_null, (2, 4, 8, 12)),
        Row(
            "easy4",
            "4 easy unrelated tasks",
            "none; one learning rate and one best epoch for all cost a little",
            partial(data.unrelated_easy, tasks=4),
            _names(4),
            shares_nothing=True,
            most_false=0.0,
        ),
        Row(
            "own4",
            "4 unrelated tasks on own inputs",
            "sharing costs a little",
            partial(data.own_inputs, tasks=4),
            _names(4),
            most_false=0.0,
        ),
        Row(
            "conflict3",
            "3 conflicting tasks",
            "sharing hurts; depth 0 is right",
            partial(data.unrelated, tasks=3),
            _names(3),
        ),
        Row(
            "useless",
            "useless auxiliary task",
            "the auxiliary task hurts; a small weight or depth 0 is right",
            data.useless_auxiliary,
            ["t0", "auxiliary"],
            most_false=0.0,
        ),
        Row(
            "noisy",
            "noisy task of two, all stages shared",
            "weights help; sharing does not",
            data.noisy_of_two,
            ["t0", "noisy"],
            depth=len(_STAGES),
        ),
        Row(
            "related",
            "4 related tasks, 300 samples",
            "sharing helps",
            partial(data.related, tasks=4),
            _names(4),
        ),
        Row(
            "few",
            "few labels, related auxiliary task",
            "sharing helps",
            data.few_labels,
            ["t0", "auxiliary"],
        ),
    ]
}
