"""Nodes that have room for the trials of a config, and no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.cluster import capacity
from mtl_search.config.schema import ResourcesConfig
from mtl_search.jobs.sizes import node_resources


@given(
    workers=st.integers(1, 6),
    cpus=st.sampled_from([0.5, 1, 3]),
    gpus=st.sampled_from([0, 0.3, 0.5, 1, 2]),
    trials=st.sampled_from(["auto", 1, 2, 5]),
    nodes=st.integers(1, 4),
)
def test_the_trials_that_are_asked_for_fit(
    workers: int, cpus: float, gpus: float, trials: str | int, nodes: int
) -> None:
    if gpus % 1:
        workers = 1  # several workers cannot share a GPU
    wanted = ResourcesConfig.model_validate(
        {
            "workers": workers,
            "cpus_per_worker": cpus,
            "gpus_per_worker": gpus,
            "max_concurrent": trials,
        }
    )
    has_cpus, has_gpus = node_resources(wanted, nodes)
    cluster = [{"CPU": has_cpus, "GPU": has_gpus}] * nodes
    least = nodes if trials == "auto" else int(trials)
    assert capacity.worker_capacity(wanted, cluster) // workers >= least
    smaller = [{"CPU": has_cpus, "GPU": has_gpus - 1}] * nodes
    if has_gpus:
        assert capacity.worker_capacity(wanted, smaller) < least * workers


@pytest.mark.parametrize("given_size", [(7, 3), (1, 0)])
def test_what_the_user_says_wins(given_size: tuple[int, int]) -> None:
    assert node_resources(ResourcesConfig(workers=4), 2, *given_size) == given_size
