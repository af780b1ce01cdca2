"""The contract of a backbone: stages that hand on features of the width and kind they publish.

B samples, W width, T tokens
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.contracts.batch import describe, evaluated, is_close, listed, tried
from mtl_search.models.contracts.batch import without_gradient as unreached
from mtl_search.models.stage import FeatureKind, Stage

logger = logging.getLogger(__name__)

_PATH = "model.backbone"
_AXES: dict[FeatureKind, tuple[int, int]] = {"vector": (2, 1), "tokens": (3, 2), "map": (4, 1)}
_NEEDED: dict[FeatureKind, str] = {
    "vector": "({0}, {1})",
    "tokens": "({0}, tokens, {1})",
    "map": "({0}, {1}, height, width)",
}


def check_stages(stages: Sequence[Stage], name: str, x: Tensor, mask: Tensor | None = None) -> None:
    """Run the stages of a user's backbone on a few samples, in evaluation mode.

    Args:
        stages: The stages, in order.
        name: The backbone's name in the config.
        x: (B, ...) samples of a view.
        mask: (B, T) bool, True at real tokens.

    Raises:
        ConfigError: A stage fails, gives features of another shape than it publishes, or mixes the
            samples of a batch; or no gradient comes through it.
    """
    module = nn.ModuleList(stages)
    with evaluated(module):
        y, half = x, x[: len(x) // 2]
        for number, stage in enumerate(stages):
            part = f"stage {number} ({stage.label!r}) of the backbone {name!r}"
            with tried(part, _PATH, describe(y)):
                y, before = stage(y, mask), y
            _check_features(part, stage, y, len(x))
            if len(half):
                with tried(part, _PATH, f"{describe(half)}, a smaller batch"):
                    half = stage(half, None if mask is None else mask[: len(half)])
                _check_samples_apart(part, half, y)
            _check_gradient(part, stage, y, before)
        _tell_padding(name, stages, x, mask, y)


def _check_features(part: str, stage: Stage, y: object, samples: int) -> None:
    axes, axis = _AXES.get(stage.kind, (0, 0))
    if not axes:
        message = f"{part} publishes features of kind {stage.kind!r}"
        raise ConfigError(message, path=_PATH, allowed=list(_AXES))
    needed = _NEEDED[stage.kind].format(samples, stage.width)
    is_right = (
        isinstance(y, Tensor)
        and y.ndim == axes
        and y.shape[0] == samples
        and y.shape[axis] == stage.width
        and y.is_floating_point()
    )
    if not is_right:
        raise ConfigError(
            f"{part} gives {describe(y)} for {samples} samples, and it publishes width "
            f"{stage.width} and kind {stage.kind!r}: needed is {needed}",
            path=_PATH,
        )
    assert isinstance(y, Tensor)
    if not y.isfinite().all():
        message = f"{part} gives values that are not finite for samples of the data"
        raise ConfigError(message, path=_PATH)


def _check_samples_apart(part: str, half: Tensor, whole: Tensor) -> None:
    if not isinstance(half, Tensor) or half.shape[1:] != whole.shape[1:]:
        shape = describe(half)
    elif not is_close(half, whole[: len(half)]):
        shape = "other values"
    else:
        return
    raise ConfigError(
        f"{part} gives {shape} for the same samples in a smaller batch, and needed is that what it "
        "gives for one sample depends on that sample alone",
        path=_PATH,
    )


def _check_gradient(part: str, stage: Stage, y: Tensor, x: Tensor) -> None:
    trained = [p for p in stage.parameters() if p.requires_grad]
    if not trained and not x.requires_grad:
        return
    if not y.requires_grad:
        raise ConfigError(
            f"no gradient comes through {part}; compute its features from its input with "
            "operations of torch, without .detach(), .item() or numpy",
            path=_PATH,
        )
    lacking = unreached(stage, (y * torch.rand_like(y)).sum())
    if trained and len(lacking) == sum(p.requires_grad for p in stage.parameters()):
        raise ConfigError(f"no gradient reaches the parameters of {part}", path=_PATH)
    if lacking:
        _tell(f"no gradient reaches {listed(lacking)} of {part}, so they stay as they begin")


def _tell_padding(
    name: str, stages: Sequence[Stage], x: Tensor, mask: Tensor | None, y: Tensor
) -> None:
    """Warn where what stands at padding changes the features of real tokens."""
    if mask is None or mask.all() or y.ndim != 3 or y.shape[:2] != mask.shape:
        return
    other = x.clone()
    other[~mask] = x[mask][:1]
    with torch.no_grad():
        for stage in stages:
            other = stage(other, mask)
    if not is_close(other[mask], y[mask]):
        _tell(
            f"the backbone {name!r} lets padding change the features of real tokens; a module gets "
            "the mask (samples, tokens), True at real ones, where its `forward` has a `mask`"
        )


@cache  # a check builds the network at each end of the space
def _tell(message: str) -> None:
    logger.warning("%s", message)
