"""What is compared: two settings of tasks, and in each the methods that weigh their losses.

A method is a sweep of its own. All have the same data, network, range of learning rates, number of
trials and fresh seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtl_search.config import Config, load_config

_HERE = "tests.benchmarks.overlapping_digits"
SWEEP = "sweep"

# Losses in the product are divided by those of the best constant prediction: ln 10 for a digit, and
# the mean variance of a pixel for a picture. Papers take the losses as they are, of pixels that are
# divided by .3081. With these weights, losses here count as they do there.
RAW_LOSSES = {"left": 2.30, "picture": 0.705}
# Gama and Grassi (2025) take the weights that CAGrad ends with (scripts/mnist/
# multi_task_fixed_weight.sh of their repository, github.com/Gabriel-SGama/UnitScal_vs_SMTOs).
PRINTED_WEIGHTS = {"left": 0.1007, "picture": 0.8993}


@dataclass(frozen=True)
class Method:
    """Describe a way of weighing losses.

    Attributes:
        name: Its name, also that of its sweep's folder.
        title: What the table calls it.
        changes: Changes of the setting's config, by dotted path.
        printed: Δm in percent in Gama and Grassi (2025), Tables 2 and 3: of each task in order, and
            their mean. Empty where they have none.
    """

    name: str
    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    printed: tuple[float, ...] = ()


@dataclass(frozen=True)
class Setting:
    """Describe a setting.

    Attributes:
        name: Its name on the command line.
        title: What its tasks are.
        expected: What the literature leads one to expect.
        tasks: The section `tasks` of the config.
        methods: Its methods beside those of the sweep: equal weights and the search.
        printed_equal: As `Method.printed`, of equal weights as the product has them.
    """

    name: str
    title: str
    expected: str
    tasks: Mapping[str, Any]
    methods: Sequence[Method]

    def method(self, name: str) -> Method:
        """Return the method of this name."""
        return next(method for method in self.methods if method.name == name)


@dataclass(frozen=True)
class Sizes:
    """Say how large sweeps are.

    Attributes:
        train: Number of pictures to train on.
        validation: Number of pictures to validate on.
        test: Number of pictures to test on.
        epochs: Epochs of a trial.
        trials: Trials of an arm.
        seeds: Fresh seeds of a finalist.
    """

    train: int = 5000
    validation: int = 2000
    test: int = 5000
    epochs: int = 8
    trials: int = 12
    seeds: int = 3


def _fixed(weights: Mapping[str, float]) -> dict[str, Any]:
    return {f"tasks.{task}.loss_weight": weight for task, weight in weights.items()}


_DIGIT = {"head": {"name": "softmax", "hidden": [50]}, "metrics": "accuracy"}
_PICTURE = {
    "head": {"name": "regression", "hidden": [256]},
    "target": "right_picture",
    "metrics": "mse",
}
_UW = {"training.weighting": "uw"}
_FAMO = {"training.weighting": "famo"}

SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            "classify",
            "left digit + right digit",
            "equal weights are about the best",
            {"left": _DIGIT, "right": _DIGIT},
            (
                Method(SWEEP, ""),
                Method("uw", "uncertainty weighting", _UW),
                Method("famo", "FAMO", _FAMO),
            ),
        ),
        Setting(
            "reconstruct",
            "left digit + picture of the right digit",
            "equal weights hurt, tuned weights repair",
            {"left": _DIGIT, "picture": _PICTURE},
            (
                Method(SWEEP, ""),
                Method(
                    "raw",
                    "equal weights of raw losses, as printed",
                    _fixed(RAW_LOSSES),
                    (-1.043, -16.86, -8.952),
                ),
                Method(
                    "printed",
                    "the weights that are printed",
                    _fixed({t: RAW_LOSSES[t] * w for t, w in PRINTED_WEIGHTS.items()}),
                    (-3.251,),
                ),
                Method("uw", "uncertainty weighting", _UW, (-1.109, -26.30, -13.70)),
                Method("famo", "FAMO", _FAMO, (-4.587, -0.745, -2.666)),
            ),
        ),
    )
}


def config_of(
    setting: Setting, method: Method, sizes: Sizes, folder: str, overrides: Sequence[str] = ()
) -> Config:
    """Return the config of a method's sweep.

    Args:
        setting: The setting.
        method: The method.
        sizes: How large the sweep is.
        folder: The folder of MNIST.
        overrides: Changes of the config, as on the product's command line.
    """
    learning_rates = {"training.optimizer.lr": {"log": [5e-4, 1e-2]}}
    weights = {"tasks.*.loss_weight": {"log_ratio": 10, "reference": "left"}}
    is_sweep = method.name == SWEEP
    finalists = {"seeds": sizes.seeds, "max_seeds": sizes.seeds}
    tree = {
        "name": f"multi-mnist-{setting.name}-{method.name}",
        "data": {
            "name": f"{_HERE}.data:multi_mnist",
            "folder": folder,
            "train": sizes.train,
            "validation": sizes.validation,
            "test": sizes.test,
        },
        "tasks": dict(setting.tasks),
        "model": {"backbone": f"{_HERE}.lenet:lenet"},
        "training": {
            "epochs": sizes.epochs,
            "batch_size": 64,
            "optimizer": {"name": "adam", "lr": 1e-3},
            "schedule": "cosine",
            "train_metrics": False,
            "device": "cpu",
        },
        "search": {
            "trials": sizes.trials,
            "arms": ["single", "equal", "search"] if is_sweep else ["search"],
            "space": learning_rates | (weights if is_sweep else {}),
            "finalists": finalists,
        },
        "tracking": {"enabled": False},
    }
    changes = [f"{path}={value}" for path, value in method.changes.items()]
    return load_config(tree, [*changes, *overrides])
