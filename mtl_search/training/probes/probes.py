"""The probes of a trial: which there are, and on which steps they measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from torch.optim import Optimizer

from mtl_search.config import Config
from mtl_search.data.loading.batch import Batch
from mtl_search.training.probes.gradient_conflict import GradientConflict
from mtl_search.training.probes.isolation import isolated
from mtl_search.training.probes.task_affinity import TaskAffinity
from mtl_search.training.step import Step

# The steps of an epoch that are measured, evenly spaced.
STEPS = 4


class Probe(Protocol):
    """The interface of a probe."""

    def observe(self, batches: Sequence[Batch], position: int) -> None:
        """Measure a step before it is taken; `position` counts the steps that are measured."""

    def end_epoch(self) -> dict[str, float]:
        """Return the metrics of the epoch."""


class Probes:
    """Measure some steps of each epoch before they are taken, as if nothing had been.

    Args:
        step: The trial's step.
        optimizer: The trial's optimizer.
        config: The trial's config, whose section `report` asks for probes. They need a network with
            shared parameters and at least two tasks; others have none.
    """

    def __init__(self, step: Step, optimizer: Optimizer, config: Config) -> None:
        self._step = step
        self._probes: list[Probe] = []
        shared = [p for p in step.network.shared_parameters() if p.requires_grad]
        if len(step.heads) < 2 or not shared:
            return
        if config.report.gradient_conflict:
            self._probes.append(GradientConflict(step))
        if config.report.task_affinity:
            self._probes.append(TaskAffinity(step, optimizer))

    @property
    def active(self) -> bool:
        """Whether anything is measured."""
        return bool(self._probes)

    def watch(self, steps: Iterable[list[Batch]], count: int, epoch: int) -> Iterator[list[Batch]]:
        """Yield the batches of each step, and measure some before.

        Args:
            steps: The batches of each step of the epoch.
            count: Number of steps of the epoch.
            epoch: Number of the epoch, from 0.
        """
        measured = measured_steps(count) if self._probes else []
        for number, batches in enumerate(steps):
            if number in measured:
                position = epoch * STEPS + measured.index(number)
                with isolated(self._step.network, self._step.device):
                    for probe in self._probes:
                        probe.observe(batches, position)
            yield batches

    def end_epoch(self) -> dict[str, float]:
        """Return what the probes have measured in the epoch."""
        return {key: value for probe in self._probes for key, value in probe.end_epoch().items()}


def measured_steps(count: int) -> list[int]:
    """Return the numbers of the steps that are measured, evenly spaced.

    Examples:
        >>> measured_steps(100)
        [12, 37, 62, 87]
        >>> measured_steps(3)
        [0, 1, 2]
    """
    most = min(STEPS, count)
    return [(2 * number + 1) * count // (2 * most) for number in range(most)]
