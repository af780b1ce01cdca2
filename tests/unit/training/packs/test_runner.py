"""Members of a pack are told what they would be told alone, and what cannot pack is taken apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.packed import Reports, alone, largest_difference, packed, settings, specs
from tests.support.trials import data

SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "adamw": ("mlp", {}),
    "adam": ("mlp", {"training.optimizer": {"name": "adam", "lr": 0.01, "weight_decay": 0.1}}),
    "sgd": ("mlp", {"training.optimizer": {"name": "sgd", "lr": 0.01}}),
    "momentum": (
        "mlp",
        {"training.optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.9, "nesterov": True}},
    ),
    "dropout": ("mlp", {"model.backbone.dropout": 0.3}),
    "clipping": ("mlp", {"training.clip_norm": 0.1}),
    "schedule": ("mlp", {"training.schedule": "cosine"}),
    "accumulation": ("mlp", {"training.accumulate": 3}),
    "factors": ("mlp", {"training.lr_multipliers": {"backbone": 0.5, "heads": 2.0}}),
    "layer norm": ("mlp", {"model.backbone.norm": "layer"}),
    "depth 0": ("mlp", {"model.sharing": {"name": "hard", "depth": 0}}),
    "soft": ("mlp", {"model.sharing": {"name": "soft", "strength": 0.1}}),
    "cross-stitch": ("mlp", {"model.sharing": "cross_stitch"}),
    "convolutions": ("convnet", {"model.backbone.norm": "group"}),
}


@pytest.mark.parametrize("name", SHAPES)
def test_members_are_told_what_they_would_be_told_alone(name: str, tmp_path: Path) -> None:
    backbone, changes = SHAPES[name]
    base = settings(backbone, **changes)
    samples = data(missing=name in ("adamw", "accumulation"), train=96)
    together = packed(specs(base, tmp_path / "pack"), samples)
    assert {report.info["pack"] for reports in together.values() for report in reports} == {3}
    separate = alone(specs(base, tmp_path / "alone"), samples)
    assert largest_difference(together, separate) < 2e-5


def _ends(reports: Reports) -> list[tuple[str, int]]:
    return [(told[-1].state, told[-1].epoch) for told in reports.values()]


def test_a_member_that_diverges_hurts_no_other(tmp_path: Path) -> None:
    rates = (0.003, 1e30, 0.03)
    together = packed(specs(settings(), tmp_path / "pack", rates))
    assert _ends(together) == [("COMPLETE", 4), ("FAIL", 0), ("COMPLETE", 4)]
    assert "is nan in epoch 1" in together["t-0001"][0].reason
    others = {name: told for name, told in together.items() if name != "t-0001"}
    separate = alone(specs(settings(), tmp_path / "alone", rates))
    del separate["t-0001"]
    assert largest_difference(others, separate) < 2e-5


def test_members_stop_early_by_themselves(tmp_path: Path) -> None:
    base = settings(**{"training.epochs": 12, "training.early_stopping": {"patience": 1}})
    together = packed(specs(base, tmp_path / "pack", (0.0, 0.01, 0.001)))
    separate = alone(specs(base, tmp_path / "alone", (0.0, 0.01, 0.001)))
    assert _ends(together) == _ends(separate)
    assert len({epoch for _, epoch in _ends(together)}) > 1
    assert largest_difference(together, separate) < 2e-5


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_the_rest_of_a_pack_goes_on_without_those_that_were_pruned(
    epoch: int, tmp_path: Path
) -> None:
    together = packed(specs(settings(), tmp_path / "pack"), stops={epoch: ["t-0000", "t-0002"]})
    assert [len(told) for told in together.values()] == [epoch, 4, epoch]
    separate = alone(specs(settings(), tmp_path / "alone")[1:2])
    assert largest_difference({"t-0001": together["t-0001"]}, separate) < 2e-5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"training.optimizer": {"name": "rmsprop", "lr": 0.01}}, "the optimizer RMSprop"),
        ({"training.aggregator": "cagrad"}, "an adaptive weighting or an aggregator"),
        ({"training.weighting": "dwa"}, "an adaptive weighting or an aggregator"),
        ({"training.cache_on_device": "never"}, "data that are fetched"),
        ({"report.gradient_conflict": True}, "measurements of gradients"),
    ],
)
def test_what_cannot_pack_is_trained_one_after_another_and_says_why(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    base = settings(**changes)
    together = packed(specs(base, tmp_path / "pack"))
    assert all(
        str(report.info["pack"]).startswith(f"apart: {reason}")
        for told in together.values()
        for report in told
    )
    assert largest_difference(together, alone(specs(base, tmp_path / "alone"))) == 0.0


def test_an_operation_without_a_batching_rule_takes_the_pack_apart(tmp_path: Path) -> None:
    base = settings(**{"model.backbone": "tests.support.packed:control_flow"})
    together = packed(specs(base, tmp_path / "pack"))
    assert str(together["t-0000"][0].info["pack"]).startswith("apart: ")
    assert largest_difference(together, alone(specs(base, tmp_path / "alone"))) == 0.0
