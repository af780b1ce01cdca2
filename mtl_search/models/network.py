"""The whole network of a config: backbone stages, shared by a policy, then one head a task.

B samples
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from mtl_search.config import Component
from mtl_search.config.schema import Config, TaskConfig
from mtl_search.data.dataset import DataSet
from mtl_search.data.spec import DataSpec
from mtl_search.errors import ConfigError
from mtl_search.models.augment import Augment, build_augment
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.heads import Head
from mtl_search.models.heads.build import build_head, head_class
from mtl_search.models.sharing import SHARING, SharingPolicy
from mtl_search.models.sharing.base import Features
from mtl_search.models.side_inputs import SideInputs, build_side_inputs
from mtl_search.models.spans import Spans, build_spans
from mtl_search.models.stage import Stage, StagesBuilder, parameter_count, safe_key

# What stands between the features of a task and its head.
Between = SideInputs | Spans

__all__ = ["Between", "MultiTaskNetwork", "build_network", "parameter_count"]


class MultiTaskNetwork(nn.Module):
    """Views in, one output a task out.

    Args:
        sharing: What turns views into features of each task.
        heads: Task → head.
        target_names: Task → name of its target in the data set.
        between: Task → what its features pass before its head, in order; only for tasks that have such.
        augment: What changes images in training.

    Attributes:
        heads: Task → head, in the order of the config. A plain dict, because task names may hold anything; the modules
            are registered under safe names.
        views: Task → the views that it reads, through the backbone and beside it.
        target_names: Task → name of its target in the data set.
    """

    __call__: Callable[..., dict[str, Tensor]]

    def __init__(
        self,
        sharing: SharingPolicy,
        heads: Mapping[str, Head],
        target_names: Mapping[str, str],
        between: Mapping[str, Sequence[Between]] | None = None,
        augment: Augment | None = None,
    ) -> None:
        super().__init__()
        assert list(heads) == list(sharing.views) == list(target_names)
        self.sharing = sharing
        self.heads = dict(heads)
        self.head_modules = nn.ModuleDict({safe_key(task): head for task, head in heads.items()})
        self.augment = augment
        self.between = {task: list(modules) for task, modules in (between or {}).items() if modules}
        self.between_modules = nn.ModuleDict(
            {safe_key(t): nn.ModuleList(m) for t, m in self.between.items()}
        )
        self.views = {
            task: (
                *names,
                *(view for module in self.between.get(task, ()) for view in module.views),
            )
            for task, names in sharing.views.items()
        }
        self.target_names = dict(target_names)

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Task → output of its head; what it means is the head's business.

        Args:
            inputs: View → (B, ...); views that no task reads are ignored.
            masks: View → (B, T) bool, True at real tokens; a view without one has real tokens only.
        """
        inputs = self.augmented(inputs)
        return self.from_features(self.sharing(inputs, masks), inputs, masks)

    def augmented(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Views as the sharing policy gets them: in training images are changed at random, where the config says so."""
        if self.augment is None or not self.training:
            return inputs
        return {view: self.augment(x) for view, x in inputs.items()}

    def from_features(
        self,
        features: Features,
        inputs: Mapping[str, Tensor],
        masks: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Task → output of its head.

        Args:
            features: Of the sharing policy; what stands between them and the heads takes their place in it.
            inputs: View → (B, ...), augmented.
            masks: As of `forward`.
        """
        for task, modules in self.between.items():
            for module in modules:
                features[task] = tuple([module(x, inputs) for x in features[task]])
        if not masks:
            return {task: head(*features[task]) for task, head in self.heads.items()}
        return {
            task: head(
                *features[task], masks=[masks.get(view) for view in self.sharing.views[task]]
            )
            for task, head in self.heads.items()
        }

    def fit(self, targets: Mapping[str, Tensor]) -> None:
        """Set scaling and trivial losses of the heads.

        Args:
            targets: Task → training labels, missing ones marked.
        """
        for task, head in self.heads.items():
            head.fit(targets[task])

    def predict(self, outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs of `forward` → probabilities, values or tags."""
        return {task: self.heads[task].predict(output) for task, output in outputs.items()}

    def shared_parameters(self) -> list[nn.Parameter]:
        """Parameters that more than one task reads."""
        return self.sharing.shared_parameters()

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Parameters that only this task reads, its head and what stands before it included."""
        return [*self.sharing.task_parameters(task), *self.head_parameters(task)]

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Parameters after the backbone: those of the task's head and of what stands before it."""
        modules = [*self.between.get(task, ()), self.heads[task]]
        return [p for module in modules for p in module.parameters()]


def build_network(config: Config, data: DataSet | DataSpec) -> MultiTaskNetwork:
    """The network that a config describes, for this data; weights are drawn from torch's global generator.

    Raises:
        ConfigError: Anything in `tasks` or `model` that does not exist or does not fit; the path is that of the key.
    """
    targets = {task: _target_name(task, section, data) for task, section in config.tasks.items()}
    views = {task: _views(task, section, data) for task, section in config.tasks.items()}
    build = _stages_builder(config, data, views)
    sharing = _sharing(config, build, views)
    between = {task: _neck(task, section, data, sharing) for task, section in config.tasks.items()}
    heads = {
        task: build_head(
            task, section, between[task][-1].width if between[task] else sharing.width, data.targets[targets[task]],
            views=len(views[task]), features="vector" if section.spans else sharing.kind,
        )
        for task, section in config.tasks.items()
    }  # fmt: skip
    return MultiTaskNetwork(sharing, heads, targets, between, build_augment(config.model.augment))


def _neck(
    task: str, section: TaskConfig, data: DataSet | DataSpec, sharing: SharingPolicy
) -> list[Between]:
    modules: list[Between] = []
    if section.side_inputs:
        modules.append(
            build_side_inputs(task, section.side_inputs, data, sharing.width, sharing.kind)
        )
    if section.spans is not None:
        width = modules[-1].width if modules else sharing.width
        modules.append(build_spans(task, section.spans, data, width, sharing.kind))
    return modules


def _target_name(task: str, section: TaskConfig, data: DataSet | DataSpec) -> str:
    name = task if section.target is None else section.target
    if name not in data.targets:
        raise ConfigError(
            "the data set has no target of this name",
            path=f"tasks.{task}.target",
            value=name,
            allowed=data.targets,
        )
    return name


def _views(task: str, section: TaskConfig, data: DataSet | DataSpec) -> tuple[str, ...]:
    path = f"tasks.{task}.view"
    for name in section.view:
        if name not in data.inputs:
            raise ConfigError(
                "the data set has no view of this name", path=path, value=name, allowed=data.inputs
            )
    if len(set(section.view)) < len(section.view):
        raise ConfigError("a view is given twice", path=path, value=list(section.view))
    if section.view:
        return section.view
    needed = head_class(task, section).views
    if len(data.inputs) != needed:
        raise ConfigError(
            f"the head reads {needed} view(s) and the data set has {len(data.inputs)}: say which",
            path=path,
            value=list(section.view),
            allowed=data.inputs,
        )
    return tuple(data.inputs)


def _stages_builder(
    config: Config, data: DataSet | DataSpec, views: Mapping[str, tuple[str, ...]]
) -> StagesBuilder:
    """A builder of stages for the one shape that all views have."""
    (first, *_), *_ = views.values()
    shape = data.inputs[first].shape[1:]
    for task, names in views.items():
        for name in names:
            other = data.inputs[name].shape[1:]
            if other != shape:
                raise ConfigError(
                    f"views that pass one backbone need one shape; {name!r} is {other} and {first!r} is {shape}",
                    path=f"tasks.{task}.view",
                    value=name,
                    allowed=[view for view, x in data.inputs.items() if x.shape[1:] == shape],
                )
    member = config.model.backbone
    BACKBONES.check_arguments(member.name, member.arguments, "model.backbone")
    backbone = BACKBONES.get_member(member.name, "model.backbone.name")
    if np.issubdtype(data.inputs[first].dtype, np.integer):
        _check_reads_integers(first, member, getattr(backbone, "reads_integers", False))
    return partial(_checked_stages, backbone, tuple(int(size) for size in shape), member.arguments)


def _check_reads_integers(view: str, member: Component, by: bool | str) -> None:
    """Numbers of words are no measurements.

    Args:
        view: That holds them.
        member: The backbone.
        by: Whether it reads them, or by which argument.
    """
    if not by:
        what = f"the backbone reads real numbers, and view {view!r} holds whole ones"
        raise ConfigError(what, path="model.backbone", value=member.name)
    if isinstance(by, str) and member.arguments.get(by) is None:
        what = f"view {view!r} holds numbers of tokens: say how many there are"
        raise ConfigError(what, path=f"model.backbone.{by}")


def _checked_stages(
    backbone: Callable[..., Any], shape: tuple[int, ...], arguments: Mapping[str, Any]
) -> list[Stage]:
    stages = backbone(shape, **arguments)
    if (
        not isinstance(stages, list)
        or not stages
        or not all(isinstance(stage, Stage) for stage in stages)
    ):
        raise ConfigError(
            "a backbone returns a list of mtl_search.models.stage.Stage",
            path="model.backbone",
            value=repr(stages),
        )
    return stages


def _sharing(
    config: Config, build: StagesBuilder, views: Mapping[str, tuple[str, ...]]
) -> SharingPolicy:
    member = config.model.sharing
    sharing: SharingPolicy = SHARING.build(
        member.name, member.arguments, "model.sharing", build, views
    )
    return sharing
