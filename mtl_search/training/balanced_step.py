"""A step whose tasks are weighed by a weighting, aggregated by an aggregator, or both.

T tasks, P shared parameters, G batches of a step
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training import acceleration
from mtl_search.training.balancing.build import build_aggregator, build_weighting
from mtl_search.training.balancing.checked_aggregator import CheckedAggregator
from mtl_search.training.balancing.mean_weights import mean_weights
from mtl_search.training.balancing.step_gradients import StepGradients
from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.distributed.failure_sync import FailureSync
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.step import Step
from mtl_search.training.task_gradients import GradientAccumulator, TaskGradients
from mtl_search.training.trial import TrialSpec

if TYPE_CHECKING:  # they import torchjd, which a trial with static weights does without
    from mtl_search.training.balancing import Aggregator, Weighting


def build_step(
    network: MultiTaskNetwork,
    spec: TrialSpec,
    communicator: Communicator,
    failure_sync: FailureSync,
) -> Step:
    """Build the step that the trial's weighting and aggregator ask for, else the plain one.

    Args:
        network: The network, on its device.
        spec: The trial.
        communicator: The ranks.
        failure_sync: The object that keeps a rank that fails in step with the others.

    Raises:
        ConfigError: The weighting or the aggregator cannot be built.
    """
    training = spec.config.training
    tasks = len(spec.config.tasks)
    device = next(network.parameters()).device
    weighting = build_weighting(training, tasks, device)
    aggregator = build_aggregator(training, tasks, device)
    acceleration.check_acceleration(training, network, weighting, aggregator)
    if weighting is None and aggregator is None:
        return Step(network, spec.config, communicator, failure_sync)
    return BalancedStep(
        network, spec, communicator, failure_sync, weighting=weighting, aggregator=aggregator
    )


class BalancedStep(Step):
    """Compute the gradient of a step whose tasks do not simply add up.

    There are two ways. A weighting that reads only losses needs one backward pass: the losses of
    the global batch give the weights w = ∂f/∂L, and the gradient of w·L is that of the plain step.
    All else needs the gradient of each task by itself, one backward pass a task: aggregators,
    weightings that read gradients, and any weighting over accumulated batches, whose weights are
    known only after the last of them. These gradients (the Jacobian of the shared parameters, and
    the gradients of each task's own parameters) are summed over ranks before they are combined.

    The penalty of the sharing policy belongs to no task: its gradient is added at the end, as it
    is.

    Args:
        network: The network, on its device and the same on all ranks.
        spec: The trial.
        communicator: The ranks.
        failure_sync: The object that keeps a rank that fails in step with the others.
        weighting: The weighting; None lets all tasks count alike.
        aggregator: The aggregator; None adds the gradients up.
    """

    adaptive = True

    def __init__(
        self,
        network: MultiTaskNetwork,
        spec: TrialSpec,
        communicator: Communicator,
        failure_sync: FailureSync,
        *,
        weighting: Weighting | None,
        aggregator: Aggregator | None,
    ) -> None:
        super().__init__(network, spec.config, communicator, failure_sync)
        self.weighting = weighting
        self.aggregator = aggregator
        self._checked_aggregator: CheckedAggregator | None = None
        if aggregator is not None:
            component = spec.config.training.aggregator
            assert component is not None
            self._checked_aggregator = CheckedAggregator(aggregator, component.name, failure_sync)
        self.needs_losses_after_step = weighting is not None and weighting.needs_losses_after_step
        self.task_gradients = TaskGradients(network)
        self._seed = spec.seed
        self._reads_gradients = aggregator is not None or (
            weighting is not None and weighting.needs_gradients
        )
        loss_weights = [task.loss_weight for task in spec.config.tasks.values()]
        self._loss_weights = torch.tensor(loss_weights, device=self.device)
        trivial = torch.stack([head.trivial_loss for head in self.heads.values()])
        # (T,) what a weighting sees of a task without a label: its last loss, and before the first
        # the trivial one.
        self._last_losses = self.coefficients * trivial
        self._steps = 0
        # Of each step of the epoch: how much the tasks counted (T,), and which of them had labels
        # (T,).
        self._used: list[tuple[Tensor, Tensor]] = []

    def accumulate_gradients(self, batches: Sequence[Batch], epoch_outputs: EpochOutputs) -> None:
        """Add the gradient of these batches, over all ranks, to `.grad`, which is None before."""
        self._begin(batches)
        if self.weighting is None or self._reads_gradients or len(batches) > 1:
            self._per_task_backward(batches, epoch_outputs)
        else:
            self._single_backward(batches[0], epoch_outputs)

    @property
    def weighs_losses_alone(self) -> bool:
        """Whether the losses of a step are all that its weights depend on."""
        return not self._reads_gradients and not self.needs_losses_after_step

    def begin_step(self, batch: Batch, losses: Tensor) -> Tensor:
        """Return the factors (T,) of the losses of a step that is taken elsewhere.

        Args:
            batch: The step's one batch.
            losses: Its losses (T,).
        """
        self._begin([batch])
        return self._factors_by_losses(losses)

    def _begin(self, batches: Sequence[Batch]) -> None:
        self._steps += 1
        counts, total = self.counts(batches)
        self._has_label = total > 0
        self._shares = counts / total.clamp(min=1)

    def after_optimizer_step(self, batches: Sequence[Batch]) -> None:
        """Show the weighting the losses after the optimiser's step."""
        assert self.weighting is not None
        losses = torch.zeros_like(self.coefficients)
        with torch.no_grad():
            for number, batch in enumerate(batches):
                again = self.forward(batch, EpochOutputs(keep_outputs=False))
                if again is not None:
                    losses += self.coefficients * self._shares[number] * again
            losses = torch.where(
                self._has_label, self.communicator.all_reduce(losses), self._last_losses
            )
        self.weighting.after_optimizer_step(losses)

    def end_epoch(self) -> dict[str, float]:
        """Return `train/weight/<task>`: loss weight, weighting and aggregator in one number.

        There is none at all where an aggregator does not combine whole gradients, see also
        `mean_weights`.

        Raises:
            TrialError: A weight is not finite.
        """
        if self.weighting is not None:
            self.weighting.end_epoch()
        if not self._used:
            return {}
        used, has_label = map(torch.stack, zip(*self._used, strict=True))  # (steps, T) each
        self._used = []
        return mean_weights(list(self.heads), used, has_label)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of weighting and aggregator."""
        # The random numbers of both follow from the number of the step.
        state: dict[str, Any] = {"steps": self._steps, "last": self._last_losses}
        if self.weighting is not None:
            state["weighting"] = self.weighting.state_dict()
        if self.aggregator is not None:
            state["aggregator"] = self.aggregator.state_dict()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` returned."""
        self._steps = state["steps"]
        self._used = []
        self._last_losses = state["last"].to(self.device)
        if self.weighting is not None:
            self.weighting.load_state_dict(state["weighting"], self.device)
        if self.aggregator is not None:
            self.aggregator.load_state_dict(state["aggregator"], self.device)

    # ---------------------------------------------------------------- by the losses

    def _single_backward(self, batch: Batch, epoch_outputs: EpochOutputs) -> None:
        """Weigh the losses of one batch, and run one backward pass."""
        if self.communicator.rank == 0:
            self.backward_penalty(epoch_outputs)
        losses = self.forward(batch, epoch_outputs)
        factors = self._factors_by_losses(losses)
        if losses is not None:
            self.backward(losses.dot(factors))
        if self.communicator.size > 1:
            self.sum_gradients()

    def _factors_by_losses(self, losses: Tensor | None) -> Tensor:
        """Return the factors (T,) of the losses (T,) of the step's one batch."""
        factors = self.coefficients * self._shares[0]
        scaled = torch.zeros_like(factors) if losses is None else factors * losses.detach()
        weights = self._weigh(self.communicator.all_reduce(scaled), None)
        self._used.append((weights * self._loss_weights, self._has_label))
        return weights * factors

    def _weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return the weights of the weighting (T,).

        Args:
            losses: The losses of the global batch (T,), times loss weights and over trivial losses.
            jacobian: Their gradients (T, P), where the weighting reads them.
        """
        self._last_losses = losses = torch.where(self._has_label, losses, self._last_losses)
        assert self.weighting is not None
        with self._synchronized_rng(self.weighting), torch.no_grad():
            return self.weighting.weigh(losses, jacobian).detach()

    def _synchronized_rng(self, method: Weighting | Aggregator) -> AbstractContextManager[None]:
        if not method.is_random:
            return nullcontext()
        return synchronized_rng(self._seed, self._steps, self.device)

    # ---------------------------------------------------------------- by the gradients

    def _per_task_backward(self, batches: Sequence[Batch], epoch_outputs: EpochOutputs) -> None:
        """Take the gradient of each task by itself, and combine them."""
        gradients = self._gradients(batches, epoch_outputs)
        if self.communicator.size > 1:
            gradients = gradients.all_reduce(self.communicator)
            self.failure_sync.maybe_check(gradients.failed)
        self._combine(gradients)
        self.backward_penalty(epoch_outputs)  # the same on every rank, so there is nothing to sum

    def _gradients(self, batches: Sequence[Batch], epoch_outputs: EpochOutputs) -> StepGradients:
        """Return the gradients of this rank's part of the batches."""
        halves = 2 if self.aggregator is not None and self.aggregator.independent else 1
        accumulators = [GradientAccumulator() for _ in range(halves)]
        losses = torch.zeros_like(self.coefficients)
        for number, batch in enumerate(batches):
            batch_losses = self.forward(batch, epoch_outputs, self.task_gradients)
            if batch_losses is not None:
                scaled = batch_losses * (self.coefficients * self._shares[number])
                losses += scaled.detach()
                try:
                    self.task_gradients.backward(scaled, accumulators[number % halves])
                except Exception as error:  # noqa: BLE001  the user's network may raise anything
                    self.failure_sync.record_failure(error)
        return StepGradients(
            losses=losses,
            jacobians=[self.task_gradients.jacobian(half) for half in accumulators],
            first_share=self._shares[::halves].sum(0),
            own=self.task_gradients.own_gradients(accumulators),
            failed=self.failure_sync.failure_flag(self.device),
        )

    def _combine(self, gradients: StepGradients) -> None:
        """Set `.grad` from the gradients of the global batch."""
        rows = sum(gradients.jacobians[1:], gradients.jacobians[0])  # (T, P)
        own = gradients.own
        factors = torch.ones_like(gradients.losses)  # (T,) what the rows have been multiplied by
        if self.weighting is not None:
            weights = self._weigh(gradients.losses, rows)
            rows, scales = self.weighting.rows(weights.unsqueeze(1) * rows)
            factors = weights if scales is None else weights * scales
            owners = self.task_gradients.owners
            own = [weights[task] * gradient for task, gradient in zip(owners, own, strict=True)]
        vector, used = self._aggregate(rows, gradients.halves(factors))
        if used is not None:
            self._used.append((factors * used * self._loss_weights, self._has_label))
        self.task_gradients.set_gradients(vector, own)

    def _aggregate(
        self, rows: Tensor, halves: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return the shared gradient (P,), and the weights (T,) that the rows (T, P) have in it."""
        checked = self._checked_aggregator
        if checked is None or not self.task_gradients.shared:
            return rows.sum(0), torch.ones(len(rows), device=self.device)
        return checked.aggregate(rows, halves, self._synchronized_rng(checked.aggregator))
