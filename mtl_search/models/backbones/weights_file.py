"""Weights that a backbone starts from, read from a file without running code in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from mtl_search.data.readers.paths import find_file
from mtl_search.errors import ConfigError

WEIGHT_FILES = (".safetensors", ".pth", ".pt", ".bin")

# Keys under which training scripts store the parameters in their checkpoints.
_STATE_KEYS = ("state_dict", "model")


def read_weights(weights: str, path: str) -> dict[str, Tensor]:
    """Read the state dict of a file.

    Args:
        weights: The file, as the config names it.
        path: Path of its key in the config, for messages.

    Raises:
        ConfigError: There is no such file, or it does not hold a state dict.
    """
    try:
        file = find_file("weights", weights, WEIGHT_FILES)
    except ConfigError as error:
        raise ConfigError(error.problem, path=path, value=weights, allowed=error.allowed) from None
    try:
        state = _load_tensors(file)
    except Exception as error:  # each reader has its own errors
        raise ConfigError(
            f"cannot read this file as safetensors or as a state dict ({type(error).__name__})",
            path=path,
            value=weights,
        ) from error
    for key in _STATE_KEYS:
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not _is_state_dict(state):
        raise ConfigError(
            "the file holds no state dict (names and their tensors)", path=path, value=weights
        )
    # DataParallel puts `module.` in front of all names.
    return {str(key).removeprefix("module."): value for key, value in state.items()}


def _is_state_dict(state: object) -> bool:
    if not isinstance(state, dict) or not state:
        return False
    return all(isinstance(value, Tensor) for value in state.values())


def _load_tensors(file: Path) -> Any:
    if file.suffix == ".safetensors":
        return load_file(file)
    return torch.load(file, map_location="cpu", weights_only=True)
