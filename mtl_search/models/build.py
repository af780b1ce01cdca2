"""Build the network of a config: stages under a sharing policy, then necks and heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from mtl_search.config import Component
from mtl_search.config.checks import check_choice
from mtl_search.config.schema import Config
from mtl_search.config.sections.task import TaskConfig
from mtl_search.data.dataset import DataSet
from mtl_search.data.spec import DataSpec
from mtl_search.data.types import in_memory
from mtl_search.errors import ConfigError
from mtl_search.models.augment import build_augment
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.backbones.modules import as_stages
from mtl_search.models.backbones.partition import PartitionError
from mtl_search.models.heads import Head
from mtl_search.models.heads.build import build_head, head_class
from mtl_search.models.network import MultiTaskNetwork, Neck
from mtl_search.models.sharing import SHARING, SharingPolicy
from mtl_search.models.side_inputs import build_side_inputs
from mtl_search.models.spans import build_spans
from mtl_search.models.stage import Stage, StagesBuilder


def build_network(config: Config, data: DataSet | DataSpec) -> MultiTaskNetwork:
    """Build the network that a config describes for a data set.

    The weights are drawn from torch's global generator: first those of the stages, then those of
    the necks, then those of the heads.

    Raises:
        ConfigError: Something in `tasks` or `model` does not exist or does not fit; the path is
            that of its key.

    Examples:
        >>> import torch
        >>> from mtl_search.config import load_config
        >>> from mtl_search.data.spec import DataSpec
        >>> from mtl_search.models.build import build_network
        >>> data = DataSpec.from_json(
        ...     {
        ...         "inputs": {"table": [[4], "float32"]},
        ...         "targets": {"price": ["real", []], "sold": ["binary", ["no", "yes"]]},
        ...         "masks": [],
        ...     }
        ... )
        >>> config = load_config(
        ...     {
        ...         "name": "houses",
        ...         "data": "unused",
        ...         "tasks": {"price": {"head": "regression"}, "sold": {"head": "binary"}},
        ...         "model": {"backbone": {"name": "mlp", "widths": [16]}, "sharing": "hard"},
        ...     }
        ... )
        >>> network = build_network(config, data)
        >>> outputs = network({"table": torch.randn(8, 4)})
        >>> {task: tuple(output.shape) for task, output in outputs.items()}
        {'price': (8,), 'sold': (8,)}
    """
    targets = {task: _target_name(task, section, data) for task, section in config.tasks.items()}
    views = {task: _views(task, section, data) for task, section in config.tasks.items()}
    build = _stages_builder(config, data, views)
    component = config.model.sharing
    sharing: SharingPolicy = SHARING.build(
        component.name, component.arguments, "model.sharing", build, views
    )
    necks = {
        task: _build_necks(task, section, data, sharing) for task, section in config.tasks.items()
    }
    heads: dict[str, Head] = {}
    for task, section in config.tasks.items():
        heads[task] = build_head(
            task,
            section,
            necks[task][-1].width if necks[task] else sharing.width,
            data.targets[targets[task]],
            views=len(views[task]),
            features="vector" if section.spans else sharing.kind,
        )
    return MultiTaskNetwork(sharing, heads, targets, necks, build_augment(config.model.augment))


def stages_builder(config: Config, data: DataSet | DataSpec) -> StagesBuilder:
    """Return what builds the stages of a config's backbone for a data set.

    Raises:
        ConfigError: As of `build_network`.
    """
    views = {task: _views(task, section, data) for task, section in config.tasks.items()}
    return _stages_builder(config, data, views)


def first_view(config: Config, data: DataSet | DataSpec) -> str:
    """Return the first view that passes the backbone; the others are of its shape.

    Raises:
        ConfigError: As of `build_network`.
    """
    task, section = next(iter(config.tasks.items()))
    return _views(task, section, data)[0]


def _build_necks(
    task: str, section: TaskConfig, data: DataSet | DataSpec, sharing: SharingPolicy
) -> list[Neck]:
    necks: list[Neck] = []
    width = sharing.width
    if section.side_inputs:
        necks.append(build_side_inputs(task, section.side_inputs, data, width, sharing.kind))
        width = necks[-1].width
    if section.spans is not None:
        necks.append(build_spans(task, section.spans, data, width, sharing.kind))
    return necks


def _target_name(task: str, section: TaskConfig, data: DataSet | DataSpec) -> str:
    name = task if section.target is None else section.target
    return check_choice(name, f"tasks.{task}.target", data.targets, "target")


def _views(task: str, section: TaskConfig, data: DataSet | DataSpec) -> tuple[str, ...]:
    path = f"tasks.{task}.view"
    for name in section.view:
        check_choice(name, path, data.inputs, "view")
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
    """Return a builder of stages for the one shape that all views have."""
    first = next(iter(views.values()))[0]
    shape = data.inputs[first].shape[1:]
    for task, names in views.items():
        for name in names:
            other = data.inputs[name].shape[1:]
            if other != shape:
                raise ConfigError(
                    "views that pass one backbone need one shape; "
                    f"{name!r} is {other} and {first!r} is {shape}",
                    path=f"tasks.{task}.view",
                    value=name,
                    allowed=[view for view, x in data.inputs.items() if x.shape[1:] == shape],
                )
    component = config.model.backbone
    BACKBONES.check_arguments(component.name, component.arguments, "model.backbone")
    backbone = BACKBONES.get_member(component.name, "model.backbone.name")
    dtype = np.dtype(data.inputs[first].dtype)
    if np.issubdtype(dtype, np.integer):
        _check_reads_integers(first, component, getattr(backbone, "reads_integers", False))
        for view in sorted({name for names in views.values() for name in names}):
            _check_vocabulary(view, component, data)
    input_shape = tuple(int(size) for size in shape)
    return partial(_build_stages, backbone, input_shape, dtype, component)


def _check_reads_integers(view: str, backbone: Component, reads_integers: bool | str) -> None:
    """Refuse numbers of tokens as input of a backbone that would take them for measurements.

    Args:
        view: The view, which holds integers.
        backbone: The backbone's name and arguments in the config.
        reads_integers: Whether the backbone reads integers; or the name of the argument that it
            needs in order to do so.
    """
    if not reads_integers:
        message = f"the backbone reads real numbers, and view {view!r} holds whole ones"
        raise ConfigError(message, path="model.backbone", value=backbone.name)
    if isinstance(reads_integers, str) and backbone.arguments.get(reads_integers) is None:
        message = f"view {view!r} holds numbers of tokens: say how many there are"
        raise ConfigError(message, path=f"model.backbone.{reads_integers}")


def _check_vocabulary(view: str, backbone: Component, data: DataSet | DataSpec) -> None:
    """Refuse numbers of tokens that the backbone's vocabulary lacks, if the data are loaded."""
    size, x = backbone.arguments.get("vocabulary"), data.inputs[view]
    if not isinstance(size, int) or not isinstance(data, DataSet) or not in_memory(x):
        return
    tokens = x if x.ndim == 2 else x[..., 0]  # further columns are indices
    if view in data.masks:
        tokens = tokens[data.masks[view]]  # padding may hold anything
    if tokens.size and (tokens.min() < 0 or tokens.max() >= size):
        raise ConfigError(
            f"view {view!r} holds numbers of tokens from {tokens.min()} to {tokens.max()}, and a "
            f"vocabulary of {size} has 0 to {size - 1}",
            path="model.backbone.vocabulary",
            value=size,
        )


def _build_stages(
    backbone: Callable[..., Any],
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    component: Component,
) -> list[Stage]:
    arguments = component.arguments
    path = "model.backbone"
    # The sharing policy calls this, and would be blamed for the backbone.
    with BACKBONES.blamed_on(component.name, arguments, path):
        # A module of the user's may know the shape of its input by itself.
        takes_shape = "input_shape" in BACKBONES.parameters(component.name, path)
        built = backbone(shape, **arguments) if takes_shape else backbone(**arguments)
        try:
            return as_stages(built, shape, dtype)
        except PartitionError as error:
            message = f"the backbone {component.name!r} {error}"
            raise ConfigError(message, path=path) from error
