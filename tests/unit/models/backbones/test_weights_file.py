"""Files of weights: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.weights_file import read_weights

PATH = "model.backbone.weights"


@pytest.mark.parametrize("key", ["state_dict", "model", None])
def test_a_checkpoint_of_a_training_script_is_opened(key: str | None, tmp_path: Path) -> None:
    weights = {"module.a.weight": torch.ones(2), "module.a.bias": torch.zeros(1)}
    torch.save({key: weights, "epoch": 3} if key else weights, tmp_path / "w.pth")
    state = read_weights(str(tmp_path / "w.pth"), PATH)
    assert list(state) == ["a.weight", "a.bias"]
    assert torch.equal(state["a.weight"], torch.ones(2))


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "w.safetensors")
    state = read_weights(str(tmp_path / "w.safetensors"), PATH)
    assert list(state) == ["a"]
    assert torch.equal(state["a"], torch.ones(2))


class Dangerous:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was run",))


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"a": Dangerous()}, tmp_path / "pickle.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("text.pt", "text.safetensors"):
        (tmp_path / name).write_text("hello")
    for name, text in (
        ("pickle.pt", "cannot read"),
        ("list.pt", "no state dict"),
        ("text.pt", "cannot read"),
    ):
        with pytest.raises(ConfigError, match=text):
            read_weights(str(tmp_path / name), PATH)
    with pytest.raises(ConfigError, match="cannot read"):
        read_weights(str(tmp_path / "text.safetensors"), PATH)
    with pytest.raises(ConfigError, match="no such file") as caught:
        read_weights(str(tmp_path / "tixt.safetensors"), PATH)
    assert caught.value.path == PATH
    assert "did you mean" in str(caught.value)
