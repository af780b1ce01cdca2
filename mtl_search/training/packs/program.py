"""The batched program: forward pass and losses of all members at once.

B members, N samples of a batch, T tasks
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mtl_search.data.loading.stacked import StackedBatch
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.tensor_places import Place, tensor_places
from mtl_search.training.packs.dropout import Dropouts
from mtl_search.training.packs.flat_parameters import FlatParameters


class Passed(NamedTuple):
    """What a forward pass returns.

    Attributes:
        losses: (B, T), the mean over the labelled samples of each member's batch.
        outputs: The outputs of each task, (B, N, ...).
        penalty: (B,) what the sharing policy adds; None for nothing.
    """

    losses: Tensor
    outputs: Sequence[Tensor]
    penalty: Tensor | None


class Program:
    """Run the networks of all members as one.

    `torch.func.functional_call` does the same, and walks through all modules in every call, which
    takes as long as the layers of a small network.

    Args:
        network: The network of one member. A copy of it without numbers stands for all.
        parameters: The members' parameters.
        generators: The members' generators of random numbers, on the device.
        complete: Whether no member lacks a label, for each task.
    """

    def __init__(
        self,
        network: MultiTaskNetwork,
        parameters: FlatParameters,
        generators: Sequence[torch.Generator],
        complete: Sequence[bool],
    ) -> None:
        self._parameters = parameters
        self._generators = generators
        self._network = copy.deepcopy(network).to("meta")
        self._dropouts = Dropouts(self._network)
        self._heads = list(self._network.heads.values())
        for head, whole in zip(self._heads, complete, strict=True):
            head.complete = whole
        names = list(network.target_names.values())
        self._target_of = [list(dict.fromkeys(names)).index(name) for name in names]
        with torch.no_grad():
            self._has_penalty = self._network.sharing.penalty() is not None
        places = tensor_places(self._network)
        learned = [name for name, p in network.named_parameters() if p.requires_grad]
        fixed = [name for name, p in network.named_parameters() if not p.requires_grad]
        buffers = [name for name, _ in network.named_buffers()]
        self._places = [places[name] for name in (*learned, *fixed, *buffers)]
        self._without_numbers = [(place, place[0][place[1]]) for place in self._places]

    def train(self, batch: StackedBatch) -> Passed:
        """Pass a batch of each member as in training."""
        self._network.train()
        size = batch.targets[0].shape[1]
        like = self._parameters.matrix.detach()
        masks = self._dropouts.draw(
            size, self._generators, like, lambda: self._dry_pass(batch.inputs, batch.masks)
        )
        places = [*self._places, *[(d.__dict__, "mask") for d in self._dropouts.modules]]
        views, masked = list(batch.inputs), list(batch.masks)
        ends = _ends(len(places), len(views), len(masked))

        def one(*tensors: Tensor) -> tuple[Tensor, ...]:
            _put(places, tensors)
            outputs = self._network(
                dict(zip(views, tensors[ends[0] : ends[1]], strict=True)),
                dict(zip(masked, tensors[ends[1] : ends[2]], strict=True)),
            )
            self._check_buffers(tensors)
            return self._results(list(outputs.values()), tensors[ends[2] :])

        tensors = [*self._state(), *masks]
        tensors += [*batch.inputs.values(), *batch.masks.values(), *batch.targets]
        losses, *rest = torch.vmap(one, randomness="error")(*tensors)
        if self._has_penalty:
            return Passed(losses, rest[1:], rest[0])
        return Passed(losses, rest, None)

    def predict(self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the outputs of each task (B, N, ...) for one batch, which all members read.

        Args:
            inputs: View → (N, ...).
            masks: View → (N, tokens).
        """
        self._network.eval()

        def one(*tensors: Tensor) -> tuple[Tensor, ...]:
            _put(self._places, tensors)
            return tuple(self._network(inputs, masks).values())

        return list(torch.vmap(one, randomness="error")(*self._state()))

    def _check_buffers(self, tensors: Sequence[Tensor]) -> None:
        """Check that the network has changed its buffers in place, or not at all.

        Args:
            tensors: What was put into its places before.

        Raises:
            ValueError: Another tensor is in the place of a buffer, which would be lost.
        """
        first = len(self._places) - len(self._parameters.buffers)
        pairs = zip(self._places[first:], tensors[first:], strict=False)
        for (module, name), tensor in pairs:
            if module[name] is not tensor:
                raise ValueError(f"a network that replaces its buffer {name!r}")

    def _state(self) -> list[Tensor]:
        parameters = self._parameters
        return [*parameters.stacked(), *parameters.fixed, *parameters.buffers]

    def _results(self, outputs: Sequence[Tensor], labels: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the losses (T,), the penalty if there is one, and the outputs."""
        chosen = [labels[place] for place in self._target_of]
        pairs = zip(self._heads, outputs, chosen, strict=True)
        losses = torch.stack([head.loss(output, target) for head, output, target in pairs])
        if not self._has_penalty:
            return losses, *outputs
        penalty = self._network.sharing.penalty()
        assert penalty is not None
        return losses, penalty, *outputs

    def _dry_pass(self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
        """Pass a batch of one member without numbers."""
        for (tensors, name), tensor in self._without_numbers:
            tensors[name] = tensor
        for module in self._dropouts.modules:
            module.mask = None
        with torch.no_grad():
            self._network(
                {view: x[0].to("meta") for view, x in inputs.items()},
                {view: mask[0].to("meta") for view, mask in masks.items()},
            )


def _put(places: Sequence[Place], tensors: Sequence[Tensor]) -> None:
    for (module, name), tensor in zip(places, tensors, strict=False):
        module[name] = tensor


def _ends(*lengths: int) -> list[int]:
    """Return where each group of tensors ends."""
    ends = [0]
    for length in lengths:
        ends.append(ends[-1] + length)
    return ends[1:]
