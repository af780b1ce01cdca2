"""A step whose tasks are weighed by a weighting, aggregated by an aggregator, or both.

T tasks, P shared parameters, G batches of a step
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from mtl_search.data.loading.loader import Batch
from mtl_search.errors import TrialError
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training import acceleration
from mtl_search.training.balancing import Aggregator, Weighting
from mtl_search.training.balancing.build import build_aggregator, build_weighting
from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.distributed.failure_sync import FailureSync
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.step import Step
from mtl_search.training.task_gradients import GradientAccumulator, TaskGradients
from mtl_search.training.trial import TrialSpec


def build_step(
    network: MultiTaskNetwork,
    spec: TrialSpec,
    peers: Communicator,
    device: torch.device,
    guard: FailureSync,
) -> Step:
    """The step that `training.weighting` and `training.aggregator` ask for: the plain one where they ask for nothing.

    Raises:
        ConfigError: They cannot be built.
    """
    training, tasks = spec.config.training, len(spec.config.tasks)
    weighting = build_weighting(training, tasks, device)
    aggregator = build_aggregator(training, tasks, device)
    acceleration.check_acceleration(training, network, weighting, aggregator)
    if weighting is None and aggregator is None:
        return Step(network, spec.config, peers, device, guard)
    return BalancedStep(
        network, spec, peers, device, guard, weighting=weighting, aggregator=aggregator
    )


class BalancedStep(Step):
    """The gradient of a step whose tasks do not simply add up.

    There are two ways. A weighting that reads only losses needs one backward pass: the losses of the global batch give
    the weights w = ∂f/∂L, and the gradient of w·L is that of the plain step. All else needs the gradient of each task
    by itself, one backward pass a task: aggregators, weightings that read gradients, and any weighting over accumulated
    batches, whose weights are known only after the last of them. These gradients (the Jacobian of the shared
    parameters, and what each task has to itself) are summed over ranks before anything is made of them.

    What the sharing policy adds to the loss is no task's: its gradient is added at the end, as it is.

    Args:
        network: On its device, the same on all ranks.
        spec: The trial.
        peers: The ranks.
        device: Where the network is.
        guard: What keeps a rank that fails in step.
        weighting: None: all alike.
        aggregator: None: gradients are added up.
    """

    adaptive = True

    def __init__(
        self,
        network: MultiTaskNetwork,
        spec: TrialSpec,
        peers: Communicator,
        device: torch.device,
        guard: FailureSync,
        *,
        weighting: Weighting | None,
        aggregator: Aggregator | None,
    ) -> None:
        super().__init__(network, spec.config, peers, device, guard)
        self.weighting, self.aggregator, self._spec = weighting, aggregator, spec
        self.needs_losses_after_step = weighting is not None and weighting.needs_losses_after_step
        self._reads_gradients = aggregator is not None or (
            weighting is not None and weighting.needs_gradients
        )
        self.cut = TaskGradients(network)
        self._loss_weights = torch.tensor(
            [task.loss_weight for task in spec.config.tasks.values()], device=device
        )
        trivial = torch.stack([head.trivial_loss for head in self.heads.values()])
        self._last = (
            self.coefficients * trivial
        )  # (T,) what a task without a label shows; first, that it knows nothing
        self._steps = 0
        self._used: list[
            tuple[Tensor, Tensor]
        ] = []  # of each step: how much tasks counted, and which had labels

    def accumulate_gradients(self, batches: Sequence[Batch], seen: EpochOutputs) -> None:
        """Add the gradient of these batches, over all ranks, to `.grad`, which is None before."""
        self._steps += 1
        own, whole = self.counts(batches)
        self._known, self._shares = whole > 0, own / whole.clamp(min=1)
        if self.weighting is None or self._reads_gradients or len(batches) > 1:
            self._per_task_backward(batches, seen)
        else:
            self._single_backward(self.weighting, batches[0], seen)

    def after_optimizer_step(self, batches: Sequence[Batch]) -> None:
        """Show the weighting the losses after the optimiser's step."""
        assert self.weighting is not None
        losses = torch.zeros_like(self.coefficients)
        with torch.no_grad():
            for number, batch in enumerate(batches):
                again = self.forward(batch, EpochOutputs(keep_outputs=False))
                if again is not None:
                    losses += self.coefficients * self._shares[number] * again
            losses = torch.where(self._known, self.peers.all_reduce(losses), self._last)
        self.weighting.after_optimizer_step(losses)

    def end_epoch(self) -> dict[str, float]:
        """`train/weight/<task>`: what loss weight, weighting and aggregator made of it together.

        The mean over the steps in which the task had a label, scaled to add up to T: as loss weights of a static trial
        they would do the same on average. Nothing of a task without any label in the epoch, and nothing at all where an
        aggregator does not combine whole gradients.

        Raises:
            TrialError: One is not finite.
        """
        if self.weighting is not None:
            self.weighting.end_epoch()
        if not self._used:
            return {}
        used, known = map(torch.stack, zip(*self._used, strict=True))
        self._used = []
        counts = known.sum(0)
        mean = torch.where(known, used, 0.0).sum(0) / counts.clamp(min=1)
        total = float(mean.sum())
        values = (mean * (int((counts > 0).sum()) / total) if total > 0 else mean).tolist()
        for task, value in zip(self.heads, values, strict=True):
            if not abs(value) < float("inf"):
                raise TrialError(f"the weight of task {task!r} became {value}")
        logged = zip(self.heads, values, counts.tolist(), strict=True)
        return {f"train/weight/{task}": value for task, value, count in logged if count}

    def state_dict(self) -> dict[str, Any]:
        """Of weighting and aggregator; random numbers follow from the number of the step."""
        state: dict[str, Any] = {"steps": self._steps, "last": self._last}
        if self.weighting is not None:
            state["weighting"] = self.weighting.state_dict()
        if self.aggregator is not None:
            state["aggregator"] = self.aggregator.state_dict()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Of weighting and aggregator."""
        self._steps, self._last = state["steps"], state["last"].to(self.device)
        if self.weighting is not None:
            self.weighting.load_state_dict(state["weighting"], self.device)
        if self.aggregator is not None:
            self.aggregator.load_state_dict(state["aggregator"], self.device)

    # ---------------------------------------------------------------- by the losses

    def _single_backward(self, weighting: Weighting, batch: Batch, seen: EpochOutputs) -> None:
        """One backward pass."""
        if self.peers.rank == 0:
            self.backward_penalty(seen)
        losses, factors = self.forward(batch, seen), self.coefficients * self._shares[0]
        shown = torch.zeros_like(factors) if losses is None else factors * losses.detach()
        weights = self._weigh(weighting, self.peers.all_reduce(shown), None)
        self._used.append((weights * self._loss_weights, self._known))
        if losses is not None:
            self.backward(losses.dot(weights * factors))
        if self.peers.size > 1:
            self.sum_gradients()

    def _weigh(self, weighting: Weighting, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Weights (T,) by the losses of the global batch (T,), times loss weights and over trivial losses."""
        self._last = losses = torch.where(self._known, losses, self._last)
        with self._synchronized_rng(weighting), torch.no_grad():
            return weighting.weigh(losses, jacobian).detach()

    def _synchronized_rng(self, method: Weighting | Aggregator) -> AbstractContextManager[None]:
        return (
            synchronized_rng(self._spec.seed, self._steps, self.device)
            if method.is_random
            else nullcontext()
        )

    # ---------------------------------------------------------------- by the gradients

    def _per_task_backward(self, batches: Sequence[Batch], seen: EpochOutputs) -> None:
        """Gradients of each task by itself."""
        halves = 2 if self.aggregator is not None and self.aggregator.independent else 1
        found = [GradientAccumulator() for _ in range(halves)]
        losses = torch.zeros_like(self.coefficients)
        for number, batch in enumerate(batches):
            own_losses = self.forward(batch, seen, self.cut)
            if own_losses is not None:
                scaled = own_losses * (self.coefficients * self._shares[number])
                losses += scaled.detach()
                try:
                    self.cut.backward(scaled, found[number % halves])
                except Exception as error:  # noqa: BLE001  the user's network may raise anything
                    self.guard.record_failure(error)
        first = self._shares[::halves].sum(0)
        parts, own = [self.cut.jacobian(half) for half in found], self.cut.own_gradients(found)
        if self.peers.size > 1:
            flag = self.guard.failure_flag(self.device)
            failed, losses, first, *summed = self.peers.all_reduce_coalesced(
                [flag, losses, first, *parts, *own]
            )
            parts, own = summed[:halves], summed[halves:]
            self.guard.maybe_check(failed)
        self._combine(losses, parts, first, own)
        self.backward_penalty(seen)  # on every rank the same, so there is nothing to sum

    def _combine(
        self, losses: Tensor, parts: Sequence[Tensor], first: Tensor, own: Sequence[Tensor]
    ) -> None:
        """Set `.grad` from the gradients of the global batch.

        Args:
            losses: (T,).
            parts: The Jacobian (T, P), or its two summands, one a half of the batches.
            first: What share of the labels the first half has (T,).
            own: Gradients of the own parameters, task by task.
        """
        rows = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        effective = torch.ones_like(losses)
        if self.weighting is not None:
            effective = weights = self._weigh(self.weighting, losses, rows)
            rows, scales = self.weighting.rows(weights.unsqueeze(1) * rows)
            effective = weights if scales is None else weights * scales
            own = [
                weights[task] * gradient
                for task, gradient in zip(self.cut.owners, own, strict=True)
            ]
        halves = None
        if len(parts) == 2:
            share = torch.stack([first, 1 - first]).clamp(min=1e-12)
            halves = (
                (effective / share[0]).unsqueeze(1) * parts[0],
                (effective / share[1]).unsqueeze(1) * parts[1],
            )
        vector, used = self._aggregate(rows, halves)
        if used is not None:
            self._used.append((effective * used * self._loss_weights, self._known))
        self._set_gradients(vector, own)

    def _aggregate(
        self, rows: Tensor, halves: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor | None]:
        """The shared gradient (P,), and the weights (T,) that the rows (T, P) have in it.

        A row of zeros has none there; what the task has to itself counts by 1, and so does the row.
        """
        ones = torch.ones(len(rows), device=self.device)
        if self.aggregator is None or not self.cut.shared:
            return rows.sum(0), ones
        known = _not_zero(rows) if self.aggregator.leaves_out else ones.bool()
        if not bool(known.any()):
            return rows.sum(0), ones
        vector, used, failure = None, None, None
        try:
            with self._synchronized_rng(self.aggregator), torch.no_grad():
                vector, used = self.aggregator.aggregate(
                    rows if bool(known.all()) else rows[known], halves
                )
        except Exception as error:  # noqa: BLE001  solvers, and methods of the user's, may raise anything
            failure = error
        if vector is not None and _is_finite(vector):
            return vector, None if used is None else self._with_zero_rows(used, rows, known)
        self.guard.check()  # zeros of a rank that has failed may be the cause
        if not bool(rows.isfinite().all()):
            return rows.sum(0), ones  # which shows in the losses, by the name of the task
        if failure is None:
            raise TrialError(f"{self._name} made a gradient that is not finite of some that are")
        raise TrialError(f"{self._name} failed: {failure}") from failure

    @staticmethod
    def _with_zero_rows(used: Tensor, rows: Tensor, known: Tensor) -> Tensor:
        """Weights of the `known` rows → of all rows (T,)."""
        ones = torch.ones(len(rows), device=rows.device)
        if not bool(known.all()):
            return ones.masked_scatter(known, used)
        return used if bool(used.all()) else torch.where(_not_zero(rows), used, ones)

    @property
    def _name(self) -> str:
        member = self._spec.config.training.aggregator
        return f"the aggregator {member.name!r}" if member is not None else "no aggregator"

    def _set_gradients(self, vector: Tensor, own: Sequence[Tensor]) -> None:
        """Shared parameters follow `vector` (P,), the others the gradients of their own tasks."""
        shared = self.cut.shared
        for parameter, part in zip(shared, vector.split([p.numel() for p in shared]), strict=True):
            parameter.grad = acceleration.match_memory_format(parameter, part.view(parameter.shape))
        for parameter, gradient in zip(self.cut.own_parameters, own, strict=True):
            parameter.grad = acceleration.match_memory_format(parameter, gradient)


def _not_zero(rows: Tensor) -> Tensor:
    """`rows.any(1)`, (T, P) to (T,), several times faster."""
    return (rows.amax(1) != 0) | (rows.amin(1) != 0)


def _is_finite(vector: Tensor) -> bool:
    """Whether all numbers are; their sum is quick to tell, but where finite ones overflow."""
    return bool(vector.sum().isfinite()) or bool(vector.isfinite().all())
