"""Whether a cluster can ever hold a trial, asked before anything is sent to it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from mtl_search.cluster import capacity
from mtl_search.config import Config
from mtl_search.jobs.client import request

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

_NODES = "/api/v0/nodes?detail=1&limit=10000"
_STATUS = "/api/cluster_status"
# Without an autoscaler each node is shown as a type of its own, called after its id (the underscore
# gets lost where the dashboard turns keys into camel case).
_NODE_TYPE = re.compile(r"node_?[0-9a-f]{40,}", re.IGNORECASE)
# A head that has just started does not know its own node yet.
_PATIENCE_S = 10.0


def check_cluster(client: JobSubmissionClient, config: Config) -> str:
    """Check that a trial fits on the cluster.

    Args:
        client: The connection to the cluster.
        config: The sweep's config.

    Returns:
        One line for the user: what the cluster has, and how many trials fit at a time.

    Raises:
        ClusterError: No trial ever fits; the message shows the arithmetic.
    """
    nodes = read_nodes(client)
    has = f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}"
    for name in ("CPU", "GPU"):
        if total := sum(node.get(name, 0) for node in nodes):
            has += f", {total:g} {name}"
    count = capacity.max_concurrent_trials(config.resources, nodes)
    if count < 1 and has_autoscaler(client):
        return f"{has}; no trial fits now, its autoscaler may add nodes"
    count = capacity.slots(config.resources, nodes)
    return f"{has}; room for {count} trial{'' if count == 1 else 's'} at a time"


def read_nodes(client: JobSubmissionClient) -> list[dict[str, float]]:
    """Return the resources of each node that lives."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        answer: Any = request(client, _NODES)["data"]["result"]["result"]
        nodes = [dict(node["resources_total"]) for node in answer if node["state"] == "ALIVE"]
        if nodes or time.monotonic() > end:
            return nodes
        time.sleep(0.5)


def has_autoscaler(client: JobSubmissionClient) -> bool:
    """Return whether the cluster may get further nodes by itself."""
    status = request(client, _STATUS)["data"].get("clusterStatus")
    if not status:
        return True  # the second version of the autoscaler does not show itself here
    report = status.get("autoscalerReport") or {}
    types = {**(report.get("activeNodes") or {}), **(report.get("pendingNodes") or {})}
    return any(not _NODE_TYPE.fullmatch(name) for name in types)
