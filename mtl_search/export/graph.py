"""The graph that leaves: one module of a whole model, with named inputs and outputs.

B samples, T tokens
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mtl_search.data.types import Array
from mtl_search.errors import ConfigError
from mtl_search.export.extract import TaskNetwork
from mtl_search.export.members import Member
from mtl_search.models.heads.crf import Crf

MASK = ":mask"
SPREAD = ":spread"


@dataclass(frozen=True)
class GraphInput:
    """An input of the exported graph.

    Attributes:
        name: Its name: that of the view, with `:mask` behind it for a mask.
        view: The view.
        dtype: `float32`, `int64` or `bool`.
        shape: The shape of one sample; -1 where any number of tokens will do.
        is_mask: Whether it is the mask of the view, True at real tokens.
    """

    name: str
    view: str
    dtype: str
    shape: tuple[int, ...]
    is_mask: bool = False


class ExportGraph(nn.Module):
    """All networks of a model as one module: tensors in, a tensor for each task out.

    Several networks of one task give their mean, and `<task>:spread`, the standard deviation.

    Args:
        members: The networks.
        tasks: The tasks.

    Attributes:
        tasks: The tasks.
        inputs: The inputs, in the order in which they are given.
        outputs: The names of the outputs, in their order.
        crfs: Task → its head, where that is a CRF.

    Raises:
        ConfigError: Several networks tag the same task by a CRF: their tags are votes, not a mean.
    """

    def __init__(self, members: Sequence[Member], tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        parts = []
        for member in members:
            if own := [task for task in self.tasks if task in member.tasks]:
                # A copy, so that the model goes on as it is, on its device and ready to train.
                part = copy.deepcopy(TaskNetwork(member.predictor.network, own))
                parts.append((member, part))
        self.parts = nn.ModuleList(part for _, part in parts)
        self.inputs = tuple(_inputs(parts))
        self.crfs: dict[str, Crf] = {}
        outputs: dict[str, None] = {}
        for task in self.tasks:
            heads = [part.heads[task] for _, part in parts if task in part.tasks]
            outputs[task] = None
            crfs = [head for head in heads if isinstance(head, Crf)]
            if len(crfs) > 1:
                raise ConfigError(
                    "an ensemble tags a task by votes, which is no graph: export one network, "
                    "without --ensemble",
                    path="tasks",
                    value=task,
                )
            if crfs:
                self.crfs[task] = crfs[0]
            if len(heads) > 1:
                outputs[task + SPREAD] = None
        self.outputs = tuple(outputs)
        self.cpu().eval().requires_grad_(False)

    @property
    def networks(self) -> list[TaskNetwork]:
        """The networks, each with its tasks alone."""
        return [part for part in self.parts if isinstance(part, TaskNetwork)]

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs from the inputs, both in their order."""
        views: dict[str, Tensor] = {}
        masks: dict[str, Tensor] = {}
        for given, tensor in zip(self.inputs, tensors, strict=True):
            (masks if given.is_mask else views)[given.view] = tensor
        predictions: dict[str, list[Tensor]] = {task: [] for task in self.tasks}
        for part in self.networks:
            for task, predicted in _run(part, views, masks).items():
                predictions[task].append(predicted)
        outputs: dict[str, Tensor] = {}
        for task, values in predictions.items():
            if len(values) == 1:
                outputs[task] = values[0]
                continue
            stacked = torch.stack(values)
            outputs[task] = stacked.mean(0)
            outputs[task + SPREAD] = stacked.std(0, correction=0)
        return tuple([outputs[name] for name in self.outputs])

    def tensors(self, views: Mapping[str, Array], masks: Mapping[str, Array]) -> list[Tensor]:
        """Return prepared rows as the inputs of the graph; a view without a mask is all real."""
        made = []
        for given in self.inputs:
            if given.is_mask and given.view not in masks:
                made.append(torch.ones(views[given.view].shape[:2], dtype=torch.bool))
            else:
                source = masks if given.is_mask else views
                made.append(torch.as_tensor(source[given.view]).contiguous())
        return made


def _run(
    part: TaskNetwork, views: Mapping[str, Tensor], masks: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    own_masks = {view: mask for view, mask in masks.items() if view in part.masked}
    return part.predictions({view: views[view] for view in part.views}, own_masks)


def _inputs(parts: Sequence[tuple[Member, TaskNetwork]]) -> list[GraphInput]:
    """Return the inputs that some network reads: its views, then their masks."""
    views: dict[str, GraphInput] = {}
    masks: dict[str, GraphInput] = {}
    for member, part in parts:
        spec = member.predictor.data_spec
        # A view beside a masked one has as many tokens as that.
        lengths = {spec.inputs[view].shape[1] for view in part.masked if view in spec.masks}
        for view in part.views:
            array = spec.inputs[view]
            shape = tuple(int(size) for size in array.shape[1:])
            has_mask = view in spec.masks and view in part.masked
            beside = bool(shape) and shape[0] in lengths
            if has_mask or beside:
                shape = (-1, *shape[1:])
            views[view] = GraphInput(view, view, array.dtype.name, shape)
            if has_mask:
                masks[view] = GraphInput(view + MASK, view, "bool", (-1,), is_mask=True)
    return [*views.values(), *masks.values()]
