"""The Python door without running a sweep: drawing a config, and a sweep that cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mtl_search import ConfigError, plot_model
from tests.support import small_sweeps as small


def test_a_config_is_drawn(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    plot_model(small.tree(), tmp_path / "model.png", {"model.sharing.depth": 0})
    plot_model(
        small.config(), str(tmp_path / "model.svg"), ["model.sharing.depth=2"], data=small.data()
    )
    assert (tmp_path / "model.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "model.svg").exists()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_wrong_ending_is_told_before_the_data_are_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"allowed:  \.png"):
        plot_model(small.tree(), tmp_path / "model.gif", {"data": "no.such.module:x"})


def test_a_data_set_that_is_handed_over_needs_no_key(tmp_path: Path) -> None:
    tree = small.tree()
    del tree["data"]
    plot_model(tree, tmp_path / "model.svg", data=small.data())
    assert (tmp_path / "model.svg").exists()
    with pytest.raises(ConfigError, match="the config names no data set"):
        plot_model(tree, tmp_path / "other.svg")
