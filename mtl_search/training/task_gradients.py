"""The gradient of every task by itself, without a backward pass a task through the whole network.

T tasks, P shared parameters, B samples
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mtl_search.models.network import MultiTaskNetwork


@dataclass
class GradientAccumulator:
    """Gradients added up so far.

    Attributes:
        jacobian: (T, P), of the shared parameters; None before the first.
        own: Number among `Cut.own_parameters` → its gradient.
    """

    jacobian: Tensor | None = None
    own: dict[int, Tensor] = field(default_factory=dict)

    def add_own(self, number: int, gradient: Tensor) -> None:
        """One more summand of an own parameter's gradient."""
        self.own[number] = self.own[number] + gradient if number in self.own else gradient

    def add_rows(self, rows: Tensor) -> None:
        """One more summand (T, P) of the Jacobian."""
        self.jacobian = rows if self.jacobian is None else self.jacobian + rows


class TaskGradients:
    """Runs the network in two parts, cut where the features of the sharing policy reach the heads.

    Each head reads features that belong to its task alone, so one backward pass through all heads gives the gradient of
    every task at its own features. From there it is one pass a task through the sharing policy; or a single one for all
    tasks at once where no layer of the policy is a task's own and torch can do its layers so (`torch.vmap`): some have
    no such way (LSTMs), and then it is one a task for good.

    Args:
        network: On its device.

    Attributes:
        shared: Parameters that more than one task reads.
        own_parameters: All others, each of one task.
        owners: Number of that task, for each of them.
    """

    def __init__(self, network: MultiTaskNetwork) -> None:
        self.network = network
        tasks = list(network.heads)
        self.shared = [p for p in network.shared_parameters() if p.requires_grad]
        own = {
            task: [p for p in network.task_parameters(task) if p.requires_grad] for task in tasks
        }
        self.own_parameters = [p for task in tasks for p in own[task]]
        self.owners = [number for number, task in enumerate(tasks) for _ in own[task]]
        of_sharing = {id(p) for task in tasks for p in network.sharing.task_parameters(task)}
        self._in_heads = [i for i, p in enumerate(self.own_parameters) if id(p) not in of_sharing]
        # Task → its parameters in the sharing policy, by their number among `own_parameters`.
        self._in_branches = [
            [
                i
                for i, p in enumerate(self.own_parameters)
                if id(p) in of_sharing and self.owners[i] == number
            ]
            for number in range(len(tasks))
        ]
        self._at_once = not any(self._in_branches)
        self._features: list[tuple[Tensor, ...]] = []
        self._leaves: list[tuple[Tensor, ...]] = []

    def __call__(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Task → output of its head; remembers the cut for `add_gradients`."""
        inputs = self.network.augmented(inputs)
        features = self.network.sharing(inputs, masks)
        leaves = {
            task: tuple([x.detach().requires_grad_() for x in own])
            for task, own in features.items()
        }
        self._features = [features[task] for task in self.network.heads]
        self._leaves = [leaves[task] for task in self.network.heads]
        return self.network.from_features(leaves, inputs, masks)

    def backward(self, losses: Tensor, found: GradientAccumulator) -> None:
        """Add the gradients of the losses (T,), one a task, of the last call."""
        features, leaves, self._features, self._leaves = self._features, self._leaves, [], []
        flat = [x for own in leaves for x in own]
        gradients = _gradients(
            [losses.sum()], [*flat, *(self.own_parameters[i] for i in self._in_heads)]
        )
        for i, gradient in zip(self._in_heads, gradients[len(flat) :], strict=True):
            found.add_own(i, gradient)
        at_leaves = iter(gradients)
        arrived = [[next(at_leaves) for _ in own] for own in leaves]
        if not self._at_once or not self._add_at_once(features, arrived, found):
            self._add_by_task(features, arrived, found)

    def jacobian(self, found: GradientAccumulator) -> Tensor:
        """(T, P) what was added; zeros where nothing was, as on a rank without a sample."""
        if found.jacobian is not None:
            return found.jacobian
        like = next(self.network.parameters())
        return like.new_zeros(len(self.network.heads), sum(p.numel() for p in self.shared))

    def own_gradients(self, parts: Sequence[GradientAccumulator]) -> list[Tensor]:
        """Of `own_parameters`: the sum of the parts, or zeros."""
        sums = []
        for i, parameter in enumerate(self.own_parameters):
            summands = [part.own[i] for part in parts if i in part.own]
            sums.append(sum(summands[1:], summands[0]) if summands else torch.zeros_like(parameter))
        return sums

    def _add_at_once(
        self,
        features: Sequence[tuple[Tensor, ...]],
        arrived: Sequence[Sequence[Tensor]],
        found: GradientAccumulator,
    ) -> bool:
        """All tasks in one pass; whether that was possible."""
        if not self.shared:
            return True
        places = {id(x): x for own in features for x in own if x.requires_grad}
        rows = {key: x.new_zeros(len(features), *x.shape) for key, x in places.items()}
        for number, (own, gradients) in enumerate(zip(features, arrived, strict=True)):
            for x, gradient in zip(own, gradients, strict=True):
                if id(x) in rows:
                    rows[id(x)][number] += gradient
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # of a layer that vmap would run in a loop
                parts = _gradients(
                    list(places.values()), self.shared, list(rows.values()), keep=True, many=True
                )
        except (RuntimeError, NotImplementedError, UserWarning):
            self._at_once = False
            return False
        found.add_rows(torch.cat([part.reshape(len(features), -1) for part in parts], 1))
        return True

    def _add_by_task(
        self,
        features: Sequence[tuple[Tensor, ...]],
        arrived: Sequence[Sequence[Tensor]],
        found: GradientAccumulator,
    ) -> None:
        """One pass a task."""
        width, rows = len(self.shared), []
        for number, branch in enumerate(self._in_branches):
            pairs = [
                (x, g)
                for x, g in zip(features[number], arrived[number], strict=True)
                if x.requires_grad
            ]
            inputs = [*self.shared, *(self.own_parameters[i] for i in branch)]
            if not pairs or not inputs:
                gradients = tuple(torch.zeros_like(p) for p in inputs)
            else:
                outputs, at_outputs = zip(*pairs, strict=True)
                gradients = _gradients(outputs, inputs, at_outputs, keep=number + 1 < len(features))
            rows.append(torch.cat([g.reshape(-1) for g in gradients[:width]]) if width else None)
            for i, gradient in zip(branch, gradients[width:], strict=True):
                found.add_own(i, gradient)
        if width:
            found.add_rows(torch.stack([row for row in rows if row is not None]))


def _gradients(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    arrived: Sequence[Tensor] | None = None,
    *,
    keep: bool = False,
    many: bool = False,
) -> tuple[Tensor, ...]:
    """`torch.autograd.grad`, with zeros for what the outputs do not depend on.

    Args:
        outputs: Where to start.
        inputs: Where to go.
        arrived: What arrives at the outputs; None for 1.
        keep: Whether the graph is needed again.
        many: Whether what arrives has one row a task.
    """
    found = torch.autograd.grad(
        outputs, inputs, arrived, retain_graph=keep, is_grads_batched=many, allow_unused=True
    )  # its own zeros (`materialize_grads`) have no row a task
    rows = (len(arrived[0]),) if many and arrived else ()
    pairs = zip(found, inputs, strict=True)
    return tuple(
        x.new_zeros(*rows, *x.shape) if gradient is None else gradient for gradient, x in pairs
    )
