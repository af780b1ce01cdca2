"""How many trials fit: arithmetic on nodes, against placing the workers by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.cluster import capacity
from mtl_search.config import override
from mtl_search.config.schema import ResourcesConfig
from mtl_search.errors import ClusterError, ConfigError
from tests.support import trials

_GPUS = [{"CPU": 8, "GPU": 2}, {"CPU": 8, "GPU": 1}]


@pytest.mark.parametrize(
    ("wanted", "nodes", "slots"),
    [
        ({}, [{"CPU": 4}], 4),
        ({"cpus_per_worker": 3}, [{"CPU": 4}, {"CPU": 7}], 3),
        ({"workers": 2}, [{"CPU": 1}, {"CPU": 1}], 1),  # one trial on two nodes
        ({"workers": 2}, [{"CPU": 5}], 2),
        ({"workers": 3, "cpus_per_worker": 2}, [{"CPU": 5}, {"CPU": 3}], 1),
        ({"gpus_per_worker": 1}, _GPUS, 3),
        ({"gpus_per_worker": 0.4}, _GPUS, 6),  # twice on each GPU, not five times on two
        (
            {"gpus_per_worker": 0.1, "cpus_per_worker": 0.1},
            [{"CPU": 1, "GPU": 1}],
            10,
        ),  # 1 / 0.1 < 10 in floats
        ({"workers": 2, "gpus_per_worker": 1}, _GPUS, 1),
        ({"workers": 2, "gpus_per_worker": 2}, [*_GPUS, {"CPU": 4, "GPU": 2}], 1),
        ({"max_concurrent": 3}, [{"CPU": 8}], 3),
        ({"max_concurrent": 9}, [{"CPU": 8}], 8),
    ],
)
def test_slots(wanted: dict[str, float], nodes: list[dict[str, float]], slots: int) -> None:
    assert capacity.slots(ResourcesConfig.model_validate(wanted), nodes) == slots


@pytest.mark.parametrize(("max_concurrent", "slots"), [("auto", 1), (3, 3), (50, 8)])
def test_an_autoscaler_is_counted_on(max_concurrent: int | str, slots: int) -> None:
    wanted = ResourcesConfig.model_validate({"workers": 2, "max_concurrent": max_concurrent})
    assert capacity.slots(wanted, [{"memory": 1.0}], [{"CPU": 8}] * 2) == slots
    assert capacity.slots(wanted, [{"CPU": 6}], [{"CPU": 8}] * 2) == (
        3 if max_concurrent == "auto" else slots
    )


@pytest.mark.parametrize(
    ("wanted", "now", "later", "slots"),
    [
        ({}, [{"CPU": 0}], [{"CPU": 0}, *[{"CPU": 1}] * 8], 8),  # KubeRay, no node yet
        ({}, [{"CPU": 4}] * 2, [{"CPU": 4}] * 3, 12),
        ({}, [{"CPU": 4}] * 3, [{"CPU": 4}], 12),  # more than the autoscaler knows of
        ({}, [], [{"CPU": 4}] * 1000, 100),
        ({}, [], [*[{"CPU": 4}] * 2, *[{"CPU": 4, "GPU": 1}] * 2], 8),  # no GPUs for their CPUs
        ({}, [], [{"CPU": 4, "GPU": 1}], 1),  # but rather than none
        ({"gpus_per_worker": 1}, [], [*[{"CPU": 4}] * 2, *[{"CPU": 4, "GPU": 1}] * 2], 2),
        ({"max_concurrent": 150}, [], [{"CPU": 4}] * 1000, 150),
    ],
)
def test_auto_is_what_fits_on_the_cluster_as_large_as_it_may_grow(
    wanted: dict[str, float],
    now: list[dict[str, float]],
    later: list[dict[str, float]],
    slots: int,
) -> None:
    assert capacity.slots(ResourcesConfig.model_validate(wanted), now, later) == slots


@pytest.mark.parametrize(
    ("wanted", "nodes", "lines"),
    [
        (
            {"cpus_per_worker": 2},
            [{"CPU": 1}, {"CPU": 1}],
            [
                "a trial: 1 worker of 2 CPU, each on one node",
                "node 2: 1 CPU: room for 0",
                "in all: room for 0 of 1",
            ],
        ),
        (
            {"workers": 4, "gpus_per_worker": 1},
            _GPUS,
            [
                "4 workers of 1 CPU, 1 GPU",
                "node 1: 8 CPU, 2 GPU: room for 2",
                "in all: room for 3 of 4",
            ],
        ),
        ({"cpus_per_worker": 99}, [{"CPU": 1}] * 20, ["... and 12 more nodes"]),
    ],
)
def test_what_never_fits_is_refused_with_the_arithmetic(
    wanted: dict[str, float], nodes: list[dict[str, float]], lines: list[str]
) -> None:
    with pytest.raises(ClusterError, match="no trial fits") as caught:
        capacity.slots(ResourcesConfig.model_validate(wanted), nodes)
    for line in lines:
        assert line in str(caught.value)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_room_is_what_placing_one_after_another_finds(
    nodes: list[tuple[int, int]], workers: int, cpus: int, gpus: int
) -> None:
    wanted = ResourcesConfig(workers=workers, cpus_per_worker=cpus, gpus_per_worker=gpus)
    free, placed = [list(node) for node in nodes], 0
    while (node := next((n for n in free if n[0] >= cpus and n[1] >= gpus), None)) is not None:
        node[0], node[1], placed = node[0] - cpus, node[1] - gpus, placed + 1
    assert capacity.worker_capacity(wanted, [{"CPU": c, "GPU": g} for c, g in nodes]) == placed


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"workers": 2, "gpus_per_worker": 0.5}, "resources.gpus_per_worker"),
        ({"gpus_per_worker": 1.5}, "resources.gpus_per_worker"),
        ({"device": "cuda"}, "training.device"),
        ({"workers": 2, "device": "cuda"}, "training.device"),
        ({"workers": 2, "gpus_per_worker": 1, "device": "cpu"}, "training.device"),
    ],
)
def test_what_no_cluster_can_do_is_refused(changes: dict[str, object], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        capacity.check_capacity(override(trials.config(), _paths(changes)))
    assert caught.value.path == path


@pytest.mark.parametrize(
    "changes",
    [{}, {"gpus_per_worker": 0.125}, {"gpus_per_worker": 2}, {"workers": 4, "gpus_per_worker": 1}],
)
def test_the_rest_is_not(changes: dict[str, object]) -> None:
    capacity.check_capacity(override(trials.config(), _paths(changes)))


def _paths(changes: dict[str, object]) -> dict[str, object]:
    return {
        ("training." if name == "device" else "resources.") + name: value
        for name, value in changes.items()
    }
