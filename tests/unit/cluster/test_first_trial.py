"""The first trial waits for other programs: what is said, when, and when not."""

from __future__ import annotations

import pytest

from mtl_search.cluster import this_node
from mtl_search.cluster.first_trial import FirstTrialWatch
from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config.schema import ResourcesConfig

_NODES = [{"CPU": 2.0}]
_LINE = "other programs use all of this cluster; the first trial waits for them"


class _Cluster:
    """What others use may change, and what this program has got."""

    def __init__(self, free: float = 0) -> None:
        self.free, self.has_room, self.looks = free, False, 0

    def read(self) -> tuple[bool, list[dict[str, float]]]:
        self.looks += 1
        return self.has_room, [{"CPU": self.free}]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(this_node, "is_used", lambda: False)


def _watch(cluster: _Cluster, workers: int = 1) -> FirstTrialWatch:
    return FirstTrialWatch(ResourcesConfig(workers=workers), read_use=cluster.read)


def test_it_is_said_soon_and_again(caplog: pytest.LogCaptureFixture) -> None:
    cluster = _Cluster()
    watch = _watch(cluster)
    for now in range(700):
        watch.update(now, _NODES, [])
    assert caplog.messages == [
        _LINE, f"{_LINE}, for 5 minutes now", f"{_LINE}, for 10 minutes now"
    ]  # fmt: skip
    cluster.has_room = True
    looks = cluster.looks
    for now in range(700, 2000):
        watch.update(now, _NODES, [])
    assert len(caplog.messages) == 3
    assert cluster.looks == looks + 1


@pytest.mark.parametrize(
    ("free", "workers", "later", "is_said"),
    [
        (0, 1, [], True),
        (1, 1, [], False),
        (1, 2, [], True),
        (0, 1, [{"CPU": 2.0}] * 2, False),  # a node comes
        (0, 1, [{"CPU": 2.0}], True),  # the cluster is as large as it gets
    ],
)
def test_only_where_nothing_is_free(
    free: float,
    workers: int,
    later: list[dict[str, float]],
    is_said: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = _watch(_Cluster(free), workers)
    for now in range(20):
        watch.update(now, _NODES, later)
    assert len(caplog.messages) == is_said


def test_a_sweep_that_has_begun_uses_the_cluster_itself(caplog: pytest.LogCaptureFixture) -> None:
    cluster = _Cluster(free=2)
    watch = _watch(cluster)
    for now in range(60):
        watch.update(now, _NODES, [])
        cluster.has_room = cluster.has_room or now == 5
        cluster.free = 0 if cluster.has_room else 2
    assert not caplog.messages


def test_on_this_node_there_is_another_way(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(this_node, "is_used", lambda: True)
    watch = _watch(_Cluster())
    for now in (0, 10):
        watch.update(now, _NODES, [])
    assert caplog.messages == [f"{_LINE} (--address local starts a Ray of its own)"]


def test_the_monitor_asks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = _Cluster()
    monkeypatch.setattr("mtl_search.cluster.first_trial._PATIENCE_S", 0.0)
    monitor = CapacityMonitor(
        ResourcesConfig(), 2, read_nodes=lambda: (_NODES, []), first_trial=_watch(cluster)
    )
    assert monitor.slots() == 2
    assert cluster.looks == 1
