"""Activations by name."""

from __future__ import annotations

from torch import nn

from mtl_search.config.checks import check_choice

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
}


def activation_layer(name: str, path: str) -> nn.Module:
    """Build an activation.

    Args:
        name: Name in `ACTIVATIONS`.
        path: Dotted path of the config's key.

    Raises:
        ConfigError: There is no activation of this name.
    """
    return ACTIVATIONS[check_choice(name, path, ACTIVATIONS)]()
