"""Synchronised batch normalisation is refused where torch has none."""

from __future__ import annotations

import pytest
import torch

from mtl_search.errors import ConfigError
from mtl_search.training.distributed.sync_batch_norm import check_sync_batch_norm
from tests.support.trials import CPU, changed, config


def test_it_is_refused_on_a_cpu_and_named() -> None:
    with pytest.raises(ConfigError, match="on GPUs only") as caught:
        check_sync_batch_norm(changed(config("convnet"), sync_batch_norm=True), CPU)
    assert caught.value.path == "training.sync_batch_norm"


def test_without_it_or_on_a_gpu_there_is_nothing_to_refuse() -> None:
    check_sync_batch_norm(config("convnet"), CPU)
    gpu = torch.device("cuda", 0)
    check_sync_batch_norm(changed(config("convnet"), sync_batch_norm=True), gpu)
