"""The engine: one trial of a planted set in this process, in milliseconds.

It trains what the product's `Trainer` would train, with the same batches in the same order, for the
part of the config that planted sets use, and refuses any other part. A test compares both.

N samples, T tasks, B samples of a batch, J inputs with the constant 1 that the bias stands for
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_search.config import Config
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.data import DataSet
from mtl_search.data.loading.sampler import RandomSampler
from mtl_search.metrics.objective import ObjectiveFunction
from tests.benchmarks.planted_sets.network import AdamW, StackedMLP
from tests.benchmarks.planted_sets.samples import Samples

# The fields of `training` that the engine knows; the others must have their defaults.
_KNOWN = ("epochs", "batch_size", "optimizer", "train_metrics", "eval_batch_size")


class Engine:
    """Run trials of one data set.

    Args:
        data: The data set.
    """

    def __init__(self, data: DataSet) -> None:
        self._data = data
        self._samples: dict[Sequence[str], Samples] = {}

    def begin(self, config: Config, seed: int, objective: ObjectiveFunction) -> TrialRun:
        """Return a trial that has not been trained yet.

        Args:
            config: The trial's config; its tasks are those of the network.
            seed: The seed of initial parameters and of the order of the samples.
            objective: The function of an epoch's metrics whose highest value is the best epoch.
        """
        tasks = tuple(config.tasks)
        if tasks not in self._samples:
            self._samples[tasks] = Samples(self._data, tasks)
        return TrialRun(config, self._samples[tasks], seed, objective)


class TrialRun:
    """Train one trial, an epoch at a time, and keep the parameters of its best epoch.

    Args:
        config: The trial's config; its tasks are those of the network.
        samples: The samples, with the labels of these tasks.
        seed: The seed of initial parameters and of the order of the samples.
        objective: The function of an epoch's metrics whose highest value is the best epoch.

    Attributes:
        network: The network as it stands; `keep_best` gives it the parameters of its best epoch.
        epoch: Number of epochs trained.
        best: The best objective so far.

    Raises:
        ValueError: The config asks for what the engine does not know.
    """

    def __init__(
        self, config: Config, samples: Samples, seed: int, objective: ObjectiveFunction
    ) -> None:
        training = config.training
        _check_known(config)
        self.tasks = tuple(config.tasks)
        self.samples = samples
        widths = (self.samples.x_NJ.shape[1] - 1, *config.model.backbone.arguments["widths"], 1)
        self.shared = shared_layers(config)
        self.network = StackedMLP(widths, len(self.tasks), self.shared)
        # Twins that share more or less are other draws, as they are in the product.
        depth = config.model.sharing.arguments.get("depth", 0)
        self.network.initialise(np.random.default_rng([seed, 1, depth]))
        self.optimizer = AdamW(self.network, **_optimizer_arguments(training))
        self.objective = objective
        self.epoch = 0
        self.best = -np.inf
        self._best_P = self.network.parameters_P.copy()
        self._seed = seed
        self._sampler = RandomSampler(samples.splits["train"], training.batch_size)
        weights = [task.loss_weight for task in config.tasks.values()]
        # The derivative of a squared error is twice the error; the trivial loss is 1.
        self._factors_T1 = 2 * np.array(weights, np.float32)[:, None]
        self._validation = self.samples.split("validation")

    def run_epoch(self) -> dict[str, float]:
        """Train on the training split once; return the epoch's metrics by name."""
        rows_N = self._sampler.rows(self._seed, self.epoch)
        ends = np.cumsum(self._sampler.sizes)
        squares_T = sum(self._step(rows_B) for rows_B in np.split(rows_N, ends[:-1]))
        self.epoch += 1
        losses_T = squares_T / self.samples.labels.rows(rows_N).counts[:, 0]
        metrics = self._named("train", {"loss": losses_T}) | self._validate()
        value = self.objective(metrics)
        if self.epoch == 1 or value > self.best:
            self.best = value
            self._best_P[...] = self.network.parameters_P
        return metrics

    def keep_best(self) -> None:
        """Give the network the parameters of its best epoch."""
        self.network.parameters_P[...] = self._best_P

    def test_metrics(self) -> dict[str, float]:
        """Return the metrics on the test split, of the network as it stands."""
        x_NJ, labels = self.samples.split("test")
        return self._named("test", {"r2": labels.r2(self.network.predict(x_NJ))})

    def test_items(self) -> dict[str, NDArray[np.float64]]:
        """Return `<task>/r2` → what each sample of the test split adds to it (N,)."""
        x_NJ, labels = self.samples.split("test")
        items_TN = labels.item_r2(self.network.predict(x_NJ))
        return {f"{task}/r2": items_TN[number] for number, task in enumerate(self.tasks)}

    def _step(self, rows_B: NDArray[np.int64]) -> Any:
        """Take one step of the optimizer; return the squared errors (T,) before it, summed."""
        labels = self.samples.labels.rows(rows_B)
        errors_TB = labels.errors(self.network.forward(self.samples.x_NJ[rows_B]))
        counts = len(rows_B) if labels.complete else labels.counts
        self.network.backward(errors_TB * (self._factors_T1 / counts))
        self.optimizer.step()
        return np.einsum("tb,tb->t", errors_TB, errors_TB)

    def _validate(self) -> dict[str, float]:
        x_NJ, labels = self._validation
        outputs_TN = self.network.predict(x_NJ)
        values = {"loss": labels.mean_squares(outputs_TN), "r2": labels.r2(outputs_TN)}
        return self._named("val", values)

    def _named(self, split: str, values: Mapping[str, Any]) -> dict[str, float]:
        return {
            f"{split}/{task}/{name}": float(by_task[number])
            for name, by_task in values.items()
            for number, task in enumerate(self.tasks)
        }


def shared_layers(config: Config) -> int:
    """Return how many dense layers all tasks of a network share.

    Where the backbone begins with an identity, the first stage that they share is none of them.
    """
    stages = len(config.model.backbone.arguments["widths"])
    identities = int(config.model.backbone.name != "mlp")
    depth = config.model.sharing.arguments.get("depth")
    return stages if depth is None else max(0, int(depth) - identities)


def _check_known(config: Config) -> None:
    training = config.training
    known = {name: getattr(training, name) for name in _KNOWN}
    if training != TrainingConfig(**known) or training.optimizer.name != "adamw":
        raise ValueError(f"the engine knows adamw and, of training, {', '.join(_KNOWN)} only")
    if config.model.sharing.name != "hard":
        raise ValueError(f"the engine knows hard sharing only, not {config.model.sharing.name}")
    if set(config.model.backbone.arguments) != {"widths"}:
        raise ValueError("the engine knows plain dense layers only")


def _optimizer_arguments(training: TrainingConfig) -> dict[str, Any]:
    return {"lr": 1e-3, **training.optimizer.arguments}
