"""Cosines of the tasks' gradients: those of plain torch, whatever the step is made of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.config import override
from mtl_search.training.probes import gradient_conflict
from mtl_search.training.probes.gradient_conflict import cosines
from mtl_search.training.probes.stages import shared_by_stage
from mtl_search.training.trainer import Trainer
from tests.support.probed import gradients_of, probed
from tests.support.trials import all_heads, config, data

SHARING = {"hard": {"name": "hard"}, "cross_stitch": {"name": "cross_stitch"}}


def _expected(made: Trainer) -> dict[str, float]:
    """Cosines over the whole training split, which is one step."""
    made.network.train()
    stages = shared_by_stage(made.network.sharing)
    stages["all"] = [p for parameters in list(stages.values()) for p in parameters]
    expected = {}
    tasks = list(made.network.heads)
    for stage, parameters in stages.items():
        rows = gradients_of(made, parameters)
        for a in range(len(tasks)):
            for b in range(a + 1, len(tasks)):
                key = f"train/cosine/{stage}/{tasks[a]}/{tasks[b]}"
                expected[key] = torch.cosine_similarity(rows[a], rows[b], dim=0).item()
    return expected


def _pairs(metrics: dict[str, float]) -> dict[str, float]:
    found = {k: v for k, v in metrics.items() if k.startswith("train/cosine/")}
    return {k: v for k, v in found.items() if not k.endswith(("/mean", "/conflict"))}


@pytest.mark.parametrize("sharing", SHARING)
@pytest.mark.parametrize("pieces", [1, 3])
def test_cosines_are_those_of_plain_torch(sharing: str, pieces: int, tmp_path: Path) -> None:
    batches: dict[str, Any] = {"batch_size": 48 // pieces, "accumulate": pieces}
    settings = override(config(**batches), {"model.sharing": SHARING[sharing]})
    made = probed(settings, tmp_path, data(missing=True))
    expected = _expected(made)
    metrics = made.train_epoch()
    assert _pairs(metrics) == pytest.approx(expected, abs=1e-5)
    pairs = [v for k, v in expected.items() if k.startswith("train/cosine/all/")]
    assert metrics["train/cosine/all/mean"] == pytest.approx(sum(pairs) / len(pairs), abs=1e-5)
    negative = sum(value < 0 for value in pairs) / len(pairs)
    assert metrics["train/cosine/all/conflict"] == pytest.approx(negative)


@pytest.mark.parametrize("sharing", SHARING)
def test_every_head_has_cosines(sharing: str, tmp_path: Path) -> None:
    settings, samples = all_heads()
    values = {"training.batch_size": 48, "model.sharing": SHARING[sharing]}
    made = probed(override(settings, values), tmp_path, samples)
    expected = _expected(made)
    metrics = made.train_epoch()
    assert len(expected) == 2 * 15  # one stage, which is all stages
    assert _pairs(metrics) == pytest.approx(
        {k: v for k, v in expected.items() if not k.startswith("train/cosine/all")}, abs=1e-5
    )


def test_there_are_none_where_nothing_is_shared(tmp_path: Path) -> None:
    settings = override(config(), {"model.sharing": {"name": "hard", "depth": 0}})
    metrics = probed(settings, tmp_path, data()).train_epoch()
    assert not [key for key in metrics if "cosine" in key or "affinity" in key]


def test_a_stage_that_two_of_three_share_has_their_cosine_alone(tmp_path: Path) -> None:
    depth = {"kind": 2, "flag": 2, "size": 1}
    settings = override(config(), {"model.sharing": {"name": "hard", "depth": depth}})
    metrics = probed(settings, tmp_path, data()).train_epoch()
    assert _pairs(metrics).keys() == {
        *(f"train/cosine/{stage}/kind/flag" for stage in ("1", "2", "all")),
        *(
            f"train/cosine/{stage}/{task}/size"
            for stage in ("1", "all")
            for task in ("kind", "flag")
        ),
    }


def test_half_precision_gives_about_the_same(tmp_path: Path) -> None:
    full = probed(config(batch_size=48), tmp_path / "a", data()).train_epoch()
    half = probed(config(batch_size=48, precision="bf16"), tmp_path / "b", data()).train_epoch()
    assert _pairs(half) == pytest.approx(_pairs(full), abs=0.05)


def test_a_row_without_a_direction_has_no_cosine() -> None:
    rows = torch.tensor([[1.0, 0.0], [-2.0, 0.0], [0.0, 0.0], [math.inf, 1.0]])
    found = cosines(rows)
    assert found[0, 1] == -1
    assert found[2:].isnan().all()
    assert found[:, 2:].isnan().all()


def test_of_many_tasks_only_the_worst_pairs_are_logged() -> None:
    tasks = [f"t{number}" for number in range(120)]
    measured: Tensor = torch.eye(120).unsqueeze(0)
    measured[0, 3, 70] = -0.5
    summary = gradient_conflict._summary(measured, tasks)
    assert len(summary) == 2 + gradient_conflict.LOWEST_PAIRS
    assert summary["t3/t70"] == -0.5
    pairs = 120 * 119 / 2
    assert summary["mean"] == pytest.approx(-0.5 / pairs)
    assert summary["conflict"] == pytest.approx(1 / pairs)
