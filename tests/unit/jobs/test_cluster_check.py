"""Whether a trial ever fits, by what the dashboard says."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.errors import ClusterError
from mtl_search.jobs import cluster_check
from mtl_search.jobs.cluster_check import check_cluster
from tests.support import small_sweeps as small

HEAD = {"state": "ALIVE", "resources_total": {"CPU": 2.0, "memory": 1e9}}
DEAD = {"state": "DEAD", "resources_total": {"CPU": 64.0}}
ALONE = {"clusterStatus": {"autoscalerReport": {"activeNodes": {"node" + "Ab12" * 14: 1}}}}
GROWS = {"clusterStatus": {"autoscalerReport": {"activeNodes": {"ray.head.default": 1}}}}


def _check(monkeypatch: pytest.MonkeyPatch, status: dict[str, Any], cpus: int) -> str:
    def request(client: object, path: str) -> dict[str, Any]:
        if "nodes" in path:
            return {"data": {"result": {"result": [HEAD, DEAD]}}}
        return {"data": status}

    monkeypatch.setattr(cluster_check, "request", request)
    client: Any = None
    return check_cluster(client, small.config({"resources.cpus_per_worker": cpus}))


def test_room_is_counted_on_nodes_that_live(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _check(monkeypatch, ALONE, 1) == "1 node, 2 CPU; room for 2 trials at a time"


def test_what_never_fits_is_refused_with_the_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClusterError, match="node 1: 2 CPU: room for 0"):
        _check(monkeypatch, ALONE, 3)


@pytest.mark.parametrize("status", [GROWS, {"clusterStatus": None}])
def test_an_autoscaler_may_make_room(
    monkeypatch: pytest.MonkeyPatch, status: dict[str, Any]
) -> None:
    assert "autoscaler may add nodes" in _check(monkeypatch, status, 3)
