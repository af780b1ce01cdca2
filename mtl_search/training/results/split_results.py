"""Losses and metrics of a split, from the outputs of all ranks."""

from __future__ import annotations

from torch import Tensor

from mtl_search.metrics.own_check import own_metrics
from mtl_search.training.epoch_outputs import EpochOutputs, predict
from mtl_search.training.evaluator import Evaluator, metric_names
from mtl_search.training.step import Step, autocast
from mtl_search.training.trial_loaders import TrialLoaders

_SHORT = {"validation": "val"}


class SplitResults:
    """Work out what is reported of the splits after an epoch; all ranks make the same calls.

    Args:
        step: The step of the trial, which knows the network, the ranks, and the mean losses of an
            epoch of training.
        loaders: Make the loaders of the splits.

    Attributes:
        evaluator: Computes losses and metrics of what was collected.

    Raises:
        ConfigError: The head of a task cannot give one of its metrics.
    """

    def __init__(self, step: Step, loaders: TrialLoaders) -> None:
        config = loaders.spec.config
        self._step = step
        self._loaders = loaders
        self._communicator = step.communicator
        self._precision = autocast(config.training.precision, step.device)
        self.evaluator = Evaluator(
            step.network,
            loaders.data.targets,
            metric_names(config, step.network),
            own_metrics(config),
        )

    def training(self, passed: EpochOutputs, epoch: int, *, with_metrics: bool) -> dict[str, float]:
        """Return losses, penalty and, if asked for, metrics of an epoch of training.

        Args:
            passed: The record of the epoch.
            epoch: The number of the epoch, from 1, for the message of an error.
            with_metrics: Whether metrics are computed, too.
        """
        losses = self._step.mean_losses(passed)
        collected = self._collect(passed) if with_metrics else None

        def compute() -> dict[str, float]:
            named = self.evaluator.named("train", losses, epoch) | passed.mean_penalty()
            if collected is not None:
                named |= self.evaluator.metrics("train", *collected, passed.judged)
            return named

        return self._communicator.run_on_rank_zero(compute)

    def of(self, split: str, epoch: int, passed: EpochOutputs | None = None) -> dict[str, float]:
        """Return losses and metrics over all labelled samples of a split.

        Args:
            split: The split.
            epoch: The number of the epoch, from 1, for the message of an error.
            passed: The record of the split, where it was passed already.
        """
        passed = self._pass(split) if passed is None else passed
        outputs, labels = self._collect(passed)
        name, judged = _SHORT.get(split, split), passed.judged
        return self._communicator.run_on_rank_zero(
            lambda: self.evaluator.evaluate(name, outputs, labels, epoch, judged)
        )

    def test(self, epoch: int) -> tuple[dict[str, float], str]:
        """Return losses and metrics of the test split, and its item values as text.

        Args:
            epoch: The number of the epoch, from 1, for the message of an error.
        """
        outputs, labels = self._collect(self._pass("test"))
        order = self._loaders.collected_places("test").argsort()  # that of the split
        return self._communicator.run_on_rank_zero(
            lambda: self.evaluator.test(outputs, labels, epoch, order)
        )

    def _pass(self, split: str) -> EpochOutputs:
        loader = self._loaders.evaluation(split)
        return predict(self._step.network, loader, self._precision, self._step.failure_sync)

    def _collect(self, passed: EpochOutputs) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        return passed.collect(self._step.network.target_names, self._communicator)
