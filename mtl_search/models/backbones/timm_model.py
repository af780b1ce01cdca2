"""Image models of timm as stages: all models whose parts run in sequence.

C channels, H height and V width of the image in pixels
"""

from __future__ import annotations

import difflib
from typing import Any

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_choice, check_number
from mtl_search.errors import ConfigError, first_line
from mtl_search.extras import hub, import_extra
from mtl_search.models.backbones.images import image_shape
from mtl_search.models.backbones.mlp import PATH
from mtl_search.models.backbones.partition import (
    Part,
    PartitionError,
    check_equal,
    group_parts,
    in_eval_mode,
    open_main_sequence,
    outermost_calls,
    to_stages,
)
from mtl_search.models.backbones.pretrained import pretrained_enabled
from mtl_search.models.backbones.stages import freeze
from mtl_search.models.backbones.weights_file import read_weights
from mtl_search.models.stage import Stage

STAGE_CHOICES = ("auto", "children")


def timm_model(
    input_shape: tuple[int, ...],
    *,
    model: str,
    pretrained: bool = False,
    weights: str | None = None,
    stages: str = "auto",
    drop_path: float = 0.0,
    freeze_stages: int = 0,
) -> list[Stage]:
    """Build an image model of timm (Wightman 2019) without its classifier and its pooling.

    The stages are the parts that the model's own `forward_features` runs, in their order. Building
    checks that they compute the same and refuses the model otherwise. Heads pool maps to their
    mean. They pool the tokens of a ViT, of which the class token is one, to the maximum unless a
    head says `pool: mean`. What follows the pooling in some families, such as the last
    normalisation of a ConvNeXt, belongs to the classifier and is left out.

    timm is PyTorch Image Models. It works here with a torchvision whose compiled part does not fit
    torch; see `extras.define_torchvision_schemas`.

    Args:
        input_shape: (C, H, V) with any number of channels, or (H, V) for one.
        model: Name in `timm.list_models()`, such as `resnet50`, `legacy_xception`,
            `efficientnet_b0`, `convnext_tiny`, `regnety_002` or `vit_tiny_patch16_224`. A ViT is
            built for the size of the view.
        pretrained: Whether to start from the weights of the hub, adapted to the number of channels.
        weights: A file with such weights: safetensors, or a state dict that torch reads with
            `weights_only`, of this model with or without its classifier. It is a path, or
            `package:NAME/path/inside`.
        stages: `auto` opens the model's main sequence, such as the blocks of a ViT; `children`
            leaves it one stage.
        drop_path: Share of residual branches left out in training (stochastic depth); not all
            families have it.
        freeze_stages: Number of leading stages that do not learn; their batch normalisation keeps
            its statistics.

    Returns:
        Stages from (B, C, H, V) to maps (B, W, h, v), or to tokens (B, T, W).

    Raises:
        ConfigError: timm is not installed, has no such model, or cannot build it for this view;
            the weights cannot be had or do not fit; or the model cannot be split into stages.
    """
    timm = import_extra("timm", "images", f"{PATH}.name")
    check_choice(stages, f"{PATH}.stages", STAGE_CHOICES)
    shape = image_shape(input_shape, "timm")
    whole = _build(timm, model, shape, pretrained=pretrained, drop_path=drop_path, weights=weights)
    try:
        built: list[Stage] = in_eval_mode(
            whole, lambda: _split_into_stages(whole, shape, opened=stages == "auto")
        )
    except PartitionError as error:
        raise ConfigError(
            f"this model cannot be split into stages: {error}", path=f"{PATH}.model", value=model
        ) from error
    if len(input_shape) == 2:
        built[0].body.insert(0, nn.Unflatten(1, (1, shape[1])))  # type: ignore[operator]
    return freeze(built, freeze_stages, f"{PATH}.freeze_stages")


class PositionEmbedding(nn.Module):
    """The class token and the position embedding, which a ViT adds between two of its children.

    Args:
        model: The ViT itself. It loses all children that the position embedding does not need.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for name in [name for name, _ in model.named_children() if name != "pos_drop"]:
            delattr(model, name)
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T + extra tokens, W) from patches (B, T, W); the extra tokens come first."""
        # timm has no public name for this step.
        return self.model._pos_embed(x)  # type: ignore[operator, no-any-return]  # noqa: SLF001


class Permute(nn.Module):
    """A permutation of the dimensions, as a module."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        """Return the same values in the other order."""
        return x.permute(self.order)


def _split_into_stages(model: Any, shape: tuple[int, int, int], *, opened: bool) -> list[Stage]:
    """Split a model in evaluation mode into stages.

    Raises:
        PartitionError: The stages do not compute what the model computes.
    """
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    try:
        parts, features = outermost_calls(model, lambda: model.forward_features(x))
    except Exception as error:
        message = f"it does not read views of shape {shape} ({first_line(error)})"
        raise PartitionError(message) from error
    if opened:
        parts = open_main_sequence(parts)
    groups = group_parts(parts)
    if hasattr(model, "_pos_embed"):
        groups = _with_position_embedding(groups, model)
    if "NHWC" in str(getattr(model, "output_fmt", "")):
        groups = [_channels_first(parts, first=i == 0) for i, parts in enumerate(groups)]
        features = features.permute(0, 3, 1, 2)
    stages, ours = to_stages(groups, x)
    check_equal(ours, features)
    return stages


def _with_position_embedding(groups: list[list[Part]], model: nn.Module) -> list[list[Part]]:
    """Replace the dropout inside the position embedding by the whole position embedding."""
    embedding = PositionEmbedding(model)
    return [
        [(name, embedding if name == "pos_drop" else module) for name, module in parts]
        for parts in groups
    ]


def _channels_first(parts: list[Part], *, first: bool) -> list[Part]:
    """Put parts that compute on (B, H, V, C) between two permutations from and to (B, C, H, V)."""
    stage = [*parts, (parts[-1][0], Permute(0, 3, 1, 2))]
    if not first:  # the first stage reads the image, which has its channels first
        stage.insert(0, (parts[0][0], Permute(0, 2, 3, 1)))
    return stage


def _build(
    timm: Any,
    model: str,
    shape: tuple[int, int, int],
    *,
    pretrained: bool,
    drop_path: float,
    weights: str | None,
) -> nn.Module:
    """Build the model for images of this shape, without its classifier and its pooling."""
    if not isinstance(model, str) or not timm.is_model(model):
        nearest = difflib.get_close_matches(str(model), timm.list_models(), n=5)
        raise ConfigError(
            "timm has no model of this name", path=f"{PATH}.model", value=model, allowed=nearest
        )
    if not isinstance(pretrained, bool):
        raise ConfigError("not true or false", path=f"{PATH}.pretrained", value=pretrained)
    if pretrained and weights is not None:
        raise ConfigError(
            "weights come from the hub or from a file, not both",
            path=f"{PATH}.pretrained",
            value=pretrained,
        )
    arguments: dict[str, Any] = {"in_chans": shape[0], "num_classes": 0, "global_pool": ""}
    pretrained_config = timm.get_pretrained_cfg(model, allow_unregistered=True)
    if pretrained_config is not None and pretrained_config.fixed_input_size:
        arguments["img_size"] = shape[1:]
    if rate := check_number(drop_path, f"{PATH}.drop_path", high=1.0, exclude_high=True):
        arguments["drop_path_rate"] = rate
    if weights is not None and pretrained_enabled():
        return _create_from_file(timm, model, arguments, weights)
    if pretrained and pretrained_enabled():
        return _create_from_hub(timm, model, arguments)
    try:
        return timm.create_model(model, **arguments)  # type: ignore[no-any-return]
    except Exception as error:
        raise ConfigError(
            f"timm cannot build this model for views of shape {shape}: {first_line(error)}",
            path=f"{PATH}.model",
            value=model,
        ) from error


def _create_from_hub(timm: Any, model: str, arguments: dict[str, Any]) -> nn.Module:
    try:
        with hub():
            network: nn.Module = timm.create_model(model, pretrained=True, **arguments)
            return network
    except Exception as error:
        raise ConfigError(
            f"cannot get the weights of {model!r} from the hub ({type(error).__name__}); "
            "without a network, give a file as `weights`, or start from `pretrained: false`",
            path=f"{PATH}.pretrained",
        ) from error


def _create_from_file(timm: Any, model: str, arguments: dict[str, Any], weights: str) -> nn.Module:
    """Build the model with the parameters of a file.

    timm adapts the number of channels and the grid of positions.

    Raises:
        ConfigError: The file lacks parameters of the model, or has them in other sizes.
    """
    path = f"{PATH}.weights"
    state = read_weights(weights, path)
    names = set(state)  # timm takes entries out of `state`
    try:
        built: nn.Module = timm.create_model(
            model,
            pretrained=True,
            pretrained_cfg_overlay={"state_dict": state, "custom_load": False},
            **arguments,
        )
    except Exception as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines()[1:3]) or str(error)
        message = f"the file does not hold the parameters of {model!r}: {reason}"
        raise ConfigError(message, path=path, value=weights) from error
    # The state would stay in memory as long as the model.
    built.pretrained_cfg.pop("state_dict", None)  # type: ignore[operator, union-attr]
    # A model loads without the counters of batch normalisation; all else must be in the file.
    missing = [
        key
        for key in built.state_dict()
        if key not in names and not key.endswith("num_batches_tracked")
    ]
    if missing:
        message = (
            f"the file lacks {len(missing)} of the parameters of {model!r}, "
            f"the first of them {missing[0]!r}"
        )
        raise ConfigError(message, path=path, value=weights)
    return built
