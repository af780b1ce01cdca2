"""Any image model of timm whose parts run in sequence, cut into stages.

C channels, H height and V width of the image in pixels
"""

from __future__ import annotations

import difflib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mtl_search.config.checks import check_choice, check_number
from mtl_search.data.readers.paths import find_file
from mtl_search.errors import ConfigError
from mtl_search.extras import hub, import_extra
from mtl_search.models.backbones import pretrained as initial
from mtl_search.models.backbones.mlp import PATH
from mtl_search.models.backbones.partition import (
    PartitionError,
    check_equal,
    group,
    in_eval_mode,
    open_sequences,
    outermost_calls,
    to_stages,
)
from mtl_search.models.backbones.stages import freeze
from mtl_search.models.stage import Stage

CUTS = ("auto", "children")
WEIGHT_FILES = (".safetensors", ".pth", ".pt", ".bin")

# Keys under which training scripts put the parameters into their checkpoints.
_INSIDE = ("state_dict", "model")


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
    """An image model of timm (PyTorch Image Models, Wightman 2019) without its classifier and its pooling.

    The stages are the parts that its own `forward_features` runs, in that order, and building checks that they compute
    the same, or refuses the model. Maps are pooled by the heads, to the mean; so are the tokens of a ViT, to the
    maximum unless a head says `pool: mean`, and its class token is one of them. What comes after the pooling in some
    families, such as the last normalisation of a ConvNeXt, belongs to the classifier and is left out.

    Works beside a torchvision whose compiled part does not fit torch; see `extras.define_torchvision_schemas`.

    Args:
        input_shape: (C, H, V), any number of channels, or (H, V) for one.
        model: Name in `timm.list_models()`, such as `resnet50`, `legacy_xception`, `efficientnet_b0`, `convnext_tiny`,
            `regnety_002` or `vit_tiny_patch16_224`; a ViT is built for the view's own size.
        pretrained: Weights from the hub, adapted to the number of channels.
        weights: The same from a file: safetensors, or a state dict that torch reads with `weights_only`, of this model
            with or without its classifier. A path, or `package:NAME/path/inside`.
        stages: `auto` opens the model's main sequence, such as the blocks of a ViT; `children` leaves it one stage.
        drop_path: Share of residual branches left out in training (stochastic depth); not all families have it.
        freeze_stages: How many leading stages do not learn; their batch normalisation keeps its statistics.

    Returns:
        Stages from (B, C, H, V) to maps (B, W, h, v), or to tokens (B, T, W).

    Raises:
        ConfigError: timm is not installed, has no such model, or cannot build it for this view; weights that cannot be
            had or do not fit; or the model cannot be cut.
    """
    timm = import_extra("timm", "images", f"{PATH}.name")
    check_choice(stages, f"{PATH}.stages", CUTS)
    shape = _image(input_shape)
    whole = _build(timm, model, shape, pretrained=pretrained, drop_path=drop_path, weights=weights)
    try:
        cut = in_eval_mode(whole, lambda: _split_into_stages(whole, shape, opened=stages == "auto"))
    except PartitionError as error:
        raise ConfigError(
            f"this model cannot be cut into stages: {error}", path=f"{PATH}.model", value=model
        ) from error
    if len(input_shape) == 2:
        cut[0].body.insert(0, nn.Unflatten(1, (1, shape[1])))
    return freeze(cut, freeze_stages, f"{PATH}.freeze_stages")


class PositionEmbedding(nn.Module):
    """What a ViT does between two of its children: class token and position embedding.

    Args:
        model: The ViT itself, which keeps only what that needs.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for name in [name for name, _ in model.named_children() if name != "pos_drop"]:
            delattr(model, name)
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, W) patches → (B, tokens before them + T, W)."""
        return self.model._pos_embed(x)  # type: ignore[operator, no-any-return]  # noqa: SLF001 - it has no other name


class Permute(nn.Module):
    """Dimensions in another order."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers."""
        return x.permute(self.order)


def _split_into_stages(model: Any, shape: tuple[int, int, int], *, opened: bool) -> list[Stage]:
    """The stages of a model in evaluation mode."""
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    try:
        parts, features = outermost_calls(model, lambda: model.forward_features(x))
    except Exception as error:
        text = f"it does not read views of shape {shape} ({str(error).strip().splitlines()[0]})"
        raise PartitionError(text) from error
    if opened:
        parts = open_sequences(parts)
    groups = group(parts)
    if hasattr(model, "_pos_embed"):
        groups = _with_position_embedding(groups, model)
    if "NHWC" in str(getattr(model, "output_fmt", "")):
        groups = [_channels_first(parts, first=i == 0) for i, parts in enumerate(groups)]
        features = features.permute(0, 3, 1, 2)
    stages, ours = to_stages(groups, x)
    check_equal(ours, features)
    return stages


def _with_position_embedding(groups: list[list[tuple[str, nn.Module]]], model: nn.Module) -> Any:
    """The dropout inside the position embedding gives its place to the whole of it."""
    between = PositionEmbedding(model)
    return [
        [(name, between) if name == "pos_drop" else (name, module) for name, module in parts]
        for parts in groups
    ]


def _channels_first(
    parts: list[tuple[str, nn.Module]], *, first: bool
) -> list[tuple[str, nn.Module]]:
    """Parts that keep channels last, between stages that keep them where everybody else does."""
    before: list[tuple[str, nn.Module]] = [] if first else [(parts[0][0], Permute(0, 2, 3, 1))]
    return [*before, *parts, (parts[-1][0], Permute(0, 3, 1, 2))]


def _image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """C, H and V of an image."""
    if len(shape) in (2, 3):
        return (1, shape[0], shape[1]) if len(shape) == 2 else (shape[0], shape[1], shape[2])
    raise ConfigError(
        f"timm's models read images (channels, height, width), and the view's shape is {shape}",
        path=f"{PATH}.name",
        value="timm",
        allowed=["mlp"],
    )


def _build(
    timm: Any,
    model: str,
    shape: tuple[int, int, int],
    *,
    pretrained: bool,
    drop_path: float,
    weights: str | None,
) -> nn.Module:
    """The model for images of this shape, with its weights, without its classifier and its pooling."""
    if not isinstance(model, str) or not timm.is_model(model):
        near = difflib.get_close_matches(str(model), timm.list_models(), n=5)
        raise ConfigError(
            "timm has no model of this name", path=f"{PATH}.model", value=model, allowed=near
        )
    if not isinstance(pretrained, bool) or (pretrained and weights is not None):
        text = (
            "weights come from the hub or from a file, not both" if weights else "not true or false"
        )
        raise ConfigError(text, path=f"{PATH}.pretrained", value=pretrained)
    arguments: dict[str, Any] = {"in_chans": shape[0], "num_classes": 0, "global_pool": ""}
    known = timm.get_pretrained_cfg(model, allow_unregistered=True)
    if known is not None and known.fixed_input_size:
        arguments["img_size"] = shape[1:]
    if rate := check_number(drop_path, f"{PATH}.drop_path", high=1.0, exclude_high=True):
        arguments["drop_path_rate"] = rate
    pretrained = pretrained and initial.pretrained_enabled()
    if weights is not None and initial.pretrained_enabled():
        return _from_file(timm, model, arguments, weights)
    try:
        with hub() if pretrained else nullcontext():
            return timm.create_model(model, pretrained=pretrained, **arguments)  # type: ignore[no-any-return]
    except Exception as error:
        if pretrained:
            raise ConfigError(_no_hub(model, error), path=f"{PATH}.pretrained") from error
        raise _refused(model, shape, error) from error


def _no_hub(model: str, error: Exception) -> str:
    return (
        f"cannot get the weights of {model!r} from the hub ({type(error).__name__}); "
        "without a network, give a file as `weights`, or start from `pretrained: false`"
    )


def _refused(model: str, shape: tuple[int, int, int], error: Exception) -> ConfigError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ConfigError(
        f"timm cannot build this model for views of shape {shape}: {reason}",
        path=f"{PATH}.model",
        value=model,
    )


def _from_file(timm: Any, model: str, arguments: dict[str, Any], weights: str) -> nn.Module:
    """The model with the parameters of a file; timm adapts the number of channels and the grid of positions.

    Raises:
        ConfigError: The file lacks parameters of the model, or has them in other sizes.
    """
    state = _read(weights)
    given = set(state)
    try:
        built: nn.Module = timm.create_model(
            model,
            pretrained=True,
            pretrained_cfg_overlay={"state_dict": state, "custom_load": False},
            **arguments,
        )
    except Exception as error:
        reason = "; ".join(line.strip() for line in str(error).splitlines()[1:3]) or str(error)
        raise ConfigError(
            f"the file does not hold the parameters of {model!r}: {reason}",
            path=f"{PATH}.weights",
            value=weights,
        ) from error
    built.pretrained_cfg.pop("state_dict", None)  # type: ignore[operator, union-attr]  # it would stay in memory
    missing = [
        key
        for key in built.state_dict()
        if key not in given and not key.endswith("num_batches_tracked")
    ]
    if missing:
        raise ConfigError(
            f"the file lacks {len(missing)} of the parameters of {model!r}, the first of them {missing[0]!r}",
            path=f"{PATH}.weights",
            value=weights,
        )
    return built


def _read(weights: str) -> dict[str, Tensor]:
    """The tensors of a file.

    Raises:
        ConfigError: There is no such file, or it holds something else.
    """
    path = f"{PATH}.weights"
    try:
        file = find_file("weights", weights, WEIGHT_FILES)
    except ConfigError as error:
        raise ConfigError(error.problem, path=path, value=weights, allowed=error.allowed) from None
    try:
        state = _tensors(file)
    except Exception as error:  # each reader has its own errors
        raise ConfigError(
            f"cannot read this file as safetensors or as a state dict ({type(error).__name__})",
            path=path,
            value=weights,
        ) from error
    for key in _INSIDE:
        state = (
            state[key] if isinstance(state, dict) and isinstance(state.get(key), dict) else state
        )
    if (
        not isinstance(state, dict)
        or not state
        or not all(isinstance(value, Tensor) for value in state.values())
    ):
        raise ConfigError(
            "the file holds no state dict (names and their tensors)", path=path, value=weights
        )
    return {str(key).removeprefix("module."): value for key, value in state.items()}


def _tensors(file: Path) -> Any:
    if file.suffix == ".safetensors":
        return load_file(file)
    return torch.load(file, map_location="cpu", weights_only=True)
