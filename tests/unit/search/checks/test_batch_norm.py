"""Batches of one sample with batch normalisation."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.errors import ConfigError
from mtl_search.search import preflight
from tests.support import small_sweeps as small


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_a_batch_of_one_is_refused_with_batch_norm_alone(norm: str) -> None:
    changes: dict[str, Any] = {
        "model.backbone": {"name": "mlp", "widths": [4], "norm": norm},
        "training.batch_size": 1,
        "search.space": {"training.optimizer.lr": {"log": [1e-3, 1e-2]}},
    }
    if norm == "layer":
        preflight.check_sweep(small.config(changes), small.DATA)
        return
    with pytest.raises(ConfigError, match="batches of one sample") as caught:
        preflight.check_sweep(small.config(changes), small.DATA)
    assert caught.value.path == "training.batch_size"
    changes |= {"training.batch_size": 8}
    changes["search.space"] = {"training.batch_size": {"choice": [1, 8]}}
    with pytest.raises(ConfigError, match="fails where this is 1"):
        preflight.check_sweep(small.config(changes), small.DATA)
