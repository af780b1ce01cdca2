"""Weightings and aggregators are built from the config, or refused by their path."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_search.config.base import Component
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.errors import ConfigError
from mtl_search.training.balancing import Aggregator
from mtl_search.training.balancing.build import build_aggregator, build_weighting
from tests.support.balancing import build_named_aggregator as built
from tests.support.balancing import build_named_weighting as built_weighting
from tests.support.trials import CPU


@pytest.mark.parametrize(
    ("member", "tasks", "path"),
    [
        ({"name": "pcgrd"}, 3, "training.aggregator.name"),
        ({"name": "pcgrad", "beta": 1}, 3, "training.aggregator.beta"),
        ({"name": "cagrad", "c": -1}, 3, "training.aggregator.c"),
        ({"name": "fairgrad", "alpha": 0}, 3, "training.aggregator.alpha"),
        ({"name": "graddrop", "leak": 2}, 3, "training.aggregator.leak"),
        ({"name": "aligned_mtl", "scale_mode": "max"}, 3, "training.aggregator.scale_mode"),
        ({"name": "krum"}, 2, "training.aggregator.n_byzantine"),
        ({"name": "krum", "n_byzantine": 2}, 3, "training.aggregator.n_byzantine"),
        ({"name": "trimmed_mean"}, 2, "training.aggregator.trim_number"),
        ({"name": "torchjd.aggregation:Sum"}, 3, "training.aggregator"),
        ({"name": "builtins:list"}, 3, "training.aggregator"),
        ({"name": f"{__name__}:needs_more"}, 3, "training.aggregator"),
    ],
)
def test_a_wrong_aggregator_is_refused_by_its_path(
    member: dict[str, Any], tasks: int, path: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        built(**member, tasks=tasks)
    assert caught.value.path.startswith(path)


def test_a_weighting_among_aggregators_is_shown_its_place() -> None:
    with pytest.raises(ConfigError, match=r"`training.weighting: uw`"):
        built("uw")
    with pytest.raises(ConfigError, match=r"`training.aggregator: pcgrad`"):
        build_weighting(TrainingConfig(weighting=Component(name="pcgrad")), 3, CPU)
    built("mean")  # there is one of each


def needs_more(tasks: int) -> Aggregator:
    """An aggregator whose solver is not installed."""
    raise ImportError("Solver requires ['tamarisk'] to be installed")


def test_a_missing_solver_is_named() -> None:
    with pytest.raises(ConfigError, match="tamarisk"):
        built(f"{__name__}:needs_more")


def test_two_batches_a_step_are_asked_for_where_they_are_needed() -> None:
    with pytest.raises(ConfigError, match="two independent batches") as caught:
        build_aggregator(TrainingConfig(aggregator=Component(name="sdmgrad")), 3, CPU)
    assert caught.value.path == "training.accumulate"


def test_a_single_task_has_no_aggregator() -> None:
    assert build_aggregator(TrainingConfig(aggregator=Component(name="krum")), 1, CPU) is None
    with pytest.raises(ConfigError):
        build_aggregator(TrainingConfig(aggregator=Component(name="krumm")), 1, CPU)


def test_trying_out_an_aggregator_leaves_no_trace() -> None:
    before = torch.get_rng_state()
    fresh = built("excess_mtl").state_dict()
    assert torch.equal(before, torch.get_rng_state())
    assert fresh["weighting._n_steps"] == 0


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ({"name": "uv"}, "training.weighting.name"),
        ({"name": "uw", "rate": 1}, "training.weighting.rate"),
        ({"name": "uw", "lr": -1}, "training.weighting.lr"),
        ({"name": "dwa", "temperature": 0}, "training.weighting.temperature"),
        ({"name": "stch", "mu": "small"}, "training.weighting.mu"),
        ({"name": "db_mtl", "beta": 1.0}, "training.weighting.beta"),
        ({"name": "collections:OrderedDict"}, "training.weighting"),
    ],
)
def test_a_wrong_weighting_is_refused_by_its_path(member: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built_weighting(**member)
    assert caught.value.path.startswith(path)


def test_a_single_task_has_no_weighting() -> None:
    assert build_weighting(TrainingConfig(weighting=Component(name="uw")), 1, CPU) is None
    with pytest.raises(ConfigError):
        build_weighting(TrainingConfig(weighting=Component(name="uv")), 1, CPU)
