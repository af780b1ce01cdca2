"""The gradient of every task by itself, without a backward pass a task through the whole network.

T tasks, P shared parameters, B samples
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import Tensor, nn

from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training import acceleration


@dataclass
class GradientAccumulator:
    """Hold the gradients that were added up so far.

    Attributes:
        jacobian: The gradients of the shared parameters (T, P); None before the first.
        own: The number of a parameter among `TaskGradients.own_parameters` → its gradient.
    """

    jacobian: Tensor | None = None
    own: dict[int, Tensor] = field(default_factory=dict)

    def add_own(self, number: int, gradient: Tensor) -> None:
        """Add to the gradient of a parameter that belongs to one task."""
        if number in self.own:
            gradient = self.own[number] + gradient
        self.own[number] = gradient

    def add_jacobian(self, rows: Tensor) -> None:
        """Add to the Jacobian (T, P)."""
        if self.jacobian is not None:
            rows = self.jacobian + rows
        self.jacobian = rows


class DividedNetwork:
    """Run the network in two parts, divided where features leave the sharing policy.

    Each head reads features that belong to its task alone, so one backward pass through all heads
    gives the gradient of every task with respect to its own features.

    Args:
        network: The network, on its device.
    """

    def __init__(self, network: MultiTaskNetwork) -> None:
        self.network = network
        # Of the last call, by task: the features that left the sharing policy, and their copies
        # that entered the head.
        self._features: list[tuple[Tensor, ...]] = []
        self._leaves: list[tuple[Tensor, ...]] = []

    def __call__(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return the output of each task's head; `through_heads` needs the features in between."""
        inputs = self.network.augmented(inputs)
        features = self.network.sharing(inputs, masks)
        leaves = {
            task: tuple([x.detach().requires_grad_() for x in task_features])
            for task, task_features in features.items()
        }
        self._features = [features[task] for task in self.network.heads]
        self._leaves = [leaves[task] for task in self.network.heads]
        return self.network.from_features(leaves, inputs, masks)

    def through_heads(
        self, losses: Tensor, parameters: Sequence[nn.Parameter] = ()
    ) -> tuple[list[tuple[Tensor, ...]], list[tuple[Tensor, ...]], tuple[Tensor, ...]]:
        """Run the backward pass of the losses (T,) of the last call through all heads.

        Args:
            losses: The losses, one a task.
            parameters: Parameters of heads whose gradients are wanted, too.

        Returns:
            By task, the features that left the sharing policy, and the gradients of its loss with
            respect to them; and the gradients of the parameters.
        """
        features, leaves = self._features, self._leaves
        self._features, self._leaves = [], []  # so that the graph is freed afterwards
        flat = [x for task_leaves in leaves for x in task_leaves]
        gradients = iter(_gradients([losses.sum()], [*flat, *parameters]))
        at_features = [tuple(islice(gradients, len(task_leaves))) for task_leaves in leaves]
        return features, at_features, tuple(gradients)


def through_sharing(
    features: Sequence[Tensor],
    at_features: Sequence[Tensor],
    parameters: Sequence[nn.Parameter],
    *,
    keep: bool,
) -> tuple[Tensor, ...]:
    """Return the gradients of one task's loss with respect to parameters of the sharing policy.

    Args:
        features: The features that the task reads.
        at_features: The gradients of its loss with respect to them.
        parameters: The parameters.
        keep: Whether the graph is needed again: it is one for all tasks.
    """
    pairs = zip(features, at_features, strict=True)
    reached = [(x, gradient) for x, gradient in pairs if x.requires_grad]
    if not reached or not parameters:
        return tuple(torch.zeros_like(p) for p in parameters)
    outputs, at_outputs = zip(*reached, strict=True)
    return _gradients(outputs, parameters, at_outputs, keep=keep)


class TaskGradients(DividedNetwork):
    """Add up the gradients of every task, from one or several passes.

    From the features on it is one backward pass a task through the sharing policy; or a single one
    for all tasks at once, where no layer of the policy belongs to one task and torch can batch its
    layers (`torch.vmap`). Some layers cannot be batched (LSTMs); after the first attempt it is one
    pass a task from then on.

    Args:
        network: The network, on its device.

    Attributes:
        shared: The parameters that more than one task reads.
        own_parameters: All other parameters, each of one task.
        owners: The number of that task, for each of them.
    """

    def __init__(self, network: MultiTaskNetwork) -> None:
        super().__init__(network)
        tasks = list(network.heads)
        self.shared = [p for p in network.shared_parameters() if p.requires_grad]
        self.own_parameters: list[nn.Parameter] = []
        self.owners: list[int] = []
        self._in_heads: list[int] = []
        # By task: the numbers, among `own_parameters`, of its parameters in the sharing policy.
        self._in_branches: list[list[int]] = [[] for _ in tasks]
        for number, task in enumerate(tasks):
            in_sharing = {id(p) for p in network.sharing.task_parameters(task)}
            for parameter in network.task_parameters(task):
                if not parameter.requires_grad:
                    continue
                numbers = self._in_heads
                if id(parameter) in in_sharing:
                    numbers = self._in_branches[number]
                numbers.append(len(self.own_parameters))
                self.own_parameters.append(parameter)
                self.owners.append(number)
        self._at_once = not any(self._in_branches)

    def backward(self, losses: Tensor, accumulator: GradientAccumulator) -> None:
        """Add the gradients of the losses (T,), one a task, of the last call."""
        in_heads = [self.own_parameters[i] for i in self._in_heads]
        features, at_features, at_heads = self.through_heads(losses, in_heads)
        for i, gradient in zip(self._in_heads, at_heads, strict=True):
            accumulator.add_own(i, gradient)
        if not self._at_once or not self._add_at_once(features, at_features, accumulator):
            self._add_by_task(features, at_features, accumulator)

    def jacobian(self, accumulator: GradientAccumulator) -> Tensor:
        """Return the accumulated Jacobian (T, P).

        It is zero where nothing was added, as on a rank without a sample.
        """
        if accumulator.jacobian is not None:
            return accumulator.jacobian
        like = next(self.network.parameters())
        return like.new_zeros(len(self.network.heads), sum(p.numel() for p in self.shared))

    def own_gradients(self, accumulators: Sequence[GradientAccumulator]) -> list[Tensor]:
        """Return the gradients of `own_parameters`, summed over the accumulators."""
        sums = []
        for i, parameter in enumerate(self.own_parameters):
            summands = [part.own[i] for part in accumulators if i in part.own]
            if summands:
                sums.append(sum(summands[1:], summands[0]))
            else:
                sums.append(torch.zeros_like(parameter))
        return sums

    def set_gradients(self, vector: Tensor, own: Sequence[Tensor]) -> None:
        """Set `.grad`: of shared parameters from `vector` (P,), of all others from `own`."""
        parts = vector.split([p.numel() for p in self.shared])
        for parameter, part in zip(self.shared, parts, strict=True):
            parameter.grad = acceleration.match_memory_format(parameter, part.view(parameter.shape))
        for parameter, gradient in zip(self.own_parameters, own, strict=True):
            parameter.grad = acceleration.match_memory_format(parameter, gradient)

    def _add_at_once(
        self,
        features: Sequence[tuple[Tensor, ...]],
        at_features: Sequence[tuple[Tensor, ...]],
        accumulator: GradientAccumulator,
    ) -> bool:
        """Run one pass for all tasks, and return whether that was possible.

        Args:
            features: The features that each task reads.
            at_features: The gradients of its loss with respect to them.
            accumulator: The gradients so far.
        """
        if not self.shared:
            return True
        # Tasks may read the same tensor, which then has one row of gradients a task.
        outputs = {id(x): x for read in features for x in read if x.requires_grad}
        rows = {key: x.new_zeros(len(features), *x.shape) for key, x in outputs.items()}
        for number, (read, gradients) in enumerate(zip(features, at_features, strict=True)):
            for x, gradient in zip(read, gradients, strict=True):
                if id(x) in rows:
                    rows[id(x)][number] += gradient
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # about a layer that vmap would run in a loop
                parts = _gradients(
                    list(outputs.values()), self.shared, list(rows.values()), keep=True, many=True
                )
        except (RuntimeError, NotImplementedError, UserWarning):
            self._at_once = False
            return False
        accumulator.add_jacobian(torch.cat([part.reshape(len(features), -1) for part in parts], 1))
        return True

    def _add_by_task(
        self,
        features: Sequence[tuple[Tensor, ...]],
        at_features: Sequence[tuple[Tensor, ...]],
        accumulator: GradientAccumulator,
    ) -> None:
        """Run one pass a task; the arguments are those of `_add_at_once`."""
        width = len(self.shared)
        rows = []
        for number, branch in enumerate(self._in_branches):
            inputs = [*self.shared, *(self.own_parameters[i] for i in branch)]
            keep = number + 1 < len(features)  # the last pass frees the graph
            gradients = through_sharing(features[number], at_features[number], inputs, keep=keep)
            if width:
                rows.append(torch.cat([gradient.reshape(-1) for gradient in gradients[:width]]))
            for i, gradient in zip(branch, gradients[width:], strict=True):
                accumulator.add_own(i, gradient)
        if rows:
            accumulator.add_jacobian(torch.stack(rows))


def _gradients(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    at_outputs: Sequence[Tensor] | None = None,
    *,
    keep: bool = False,
    many: bool = False,
) -> tuple[Tensor, ...]:
    """Call `torch.autograd.grad`, with zeros for inputs that the outputs do not depend on.

    Args:
        outputs: The tensors whose gradients are taken.
        inputs: The tensors with respect to which they are taken.
        at_outputs: The gradients at the outputs; None for 1.
        keep: Whether the graph is needed again.
        many: Whether `at_outputs` have one row a task, and so have the results.
    """
    gradients = torch.autograd.grad(
        outputs, inputs, at_outputs, retain_graph=keep, is_grads_batched=many, allow_unused=True
    )
    # Not `materialize_grads`, whose zeros have no row a task.
    rows = (len(at_outputs[0]),) if many and at_outputs else ()
    pairs = zip(gradients, inputs, strict=True)
    return tuple(
        x.new_zeros(*rows, *x.shape) if gradient is None else gradient for gradient, x in pairs
    )
