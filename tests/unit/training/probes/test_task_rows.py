"""Gradients in bounded memory: a sample of the numbers gives about the same cosines."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mtl_search.training.probes import task_rows as module
from mtl_search.training.probes.gradient_conflict import cosines
from mtl_search.training.probes.stages import shared_by_stage
from mtl_search.training.probes.task_rows import StageSample, task_rows
from mtl_search.training.trial_loaders import step_batches
from tests.support.trials import config, data, trainer


def test_a_sample_of_the_numbers_estimates_the_cosines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trainer(config(batch_size=48), tmp_path, data())
    (batches,) = step_batches(made.train_loader, 1)
    stages = shared_by_stage(made.network.sharing)
    whole = StageSample(stages, 3)
    rows = task_rows(made.step, batches, whole)
    assert rows.shape == (3, sum(p.numel() for p in made.network.shared_parameters()))
    monkeypatch.setattr(module, "_MOST_NUMBERS", 3 * 100)
    fewer = StageSample(stages, 3)
    assert sum(fewer.sizes) <= 100 < sum(whole.sizes)
    sampled = task_rows(made.step, batches, fewer)
    assert torch.allclose(cosines(sampled), cosines(rows), atol=0.3)
    assert all(p.grad is None for p in made.network.parameters())
