"""How large the nodes are that a scheduler is asked for."""

from __future__ import annotations

import math

from mtl_search.config.schema import ResourcesConfig


def node_resources(
    wanted: ResourcesConfig, nodes: int, cpus: int | None = None, gpus: int | None = None
) -> tuple[int, int]:
    """Work out the CPUs and GPUs of a node from what the trials need.

    With `resources.max_concurrent: auto` there is a trial at a time for each node.

    Args:
        wanted: The resources of a trial.
        nodes: Number of nodes.
        cpus: CPUs of a node, where the user says them.
        gpus: GPUs of a node, where the user says them.

    Returns:
        Number of CPUs and number of GPUs.

    Examples:
        >>> node_resources(ResourcesConfig(max_concurrent=6, gpus_per_worker=0.5), nodes=2)
        (3, 2)
        >>> node_resources(ResourcesConfig(workers=4, gpus_per_worker=1), nodes=2, cpus=16)
        (16, 4)
    """
    trials = nodes if wanted.max_concurrent == "auto" else wanted.max_concurrent
    workers = math.ceil(trials * wanted.workers / nodes)
    if cpus is None:
        cpus = max(1, math.ceil(workers * wanted.cpus_per_worker))
    if gpus is None:
        # 0.4 fits twice on a GPU, and the rest of it stays free.
        share = wanted.gpus_per_worker
        is_part = 0 < share < 1
        gpus = math.ceil(workers / int(1 / share) if is_part else workers * share)
    return cpus, gpus
