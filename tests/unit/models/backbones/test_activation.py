"""Activations by name."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.activation import ACTIVATIONS, activation_layer

X = torch.linspace(-3, 3, 25)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_name_gives_torchs_function(name: str) -> None:
    expected = torch.tanh(X) if name == "tanh" else getattr(F, name)(X)
    torch.testing.assert_close(activation_layer(name, "path")(X), expected)
    assert activation_layer(name, "path") is not activation_layer(name, "path")


@pytest.mark.parametrize("name", ["rellu", "", 3, None])
def test_another_name_is_refused(name: object) -> None:
    with pytest.raises(ConfigError) as caught:
        activation_layer(name, "model.backbone.activation")  # type: ignore[arg-type]
    assert caught.value.path == "model.backbone.activation"
