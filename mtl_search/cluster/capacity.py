"""How many trials fit on a cluster at a time: arithmetic on its nodes.

A worker runs on one node, so workers are counted node by node: two nodes of one CPU have no room
for a worker of two. The workers of one trial may be on several nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl_search.config import Config
from mtl_search.config.schema import ResourcesConfig
from mtl_search.errors import ClusterError, ConfigError

Node = Mapping[str, float]
Nodes = Sequence[Node]

# Ray counts resources in ten-thousandths.
_UNIT = 10_000
_MAX_NODES_SHOWN = 8
# With `max_concurrent: auto`, no more trials than these wait for nodes of an autoscaler.
_MAX_AUTO = 100


def check_capacity(config: Config) -> None:
    """Check that the resources of a trial are such as a cluster can have.

    Raises:
        ConfigError: GPUs that cannot be shared like this, or a device that the workers do not have.
    """
    workers = config.resources.workers
    gpus = config.resources.gpus_per_worker
    device = config.training.device
    if workers > 1 and gpus % 1:
        raise ConfigError(
            "several workers cannot share a GPU (NCCL refuses two ranks on one): whole GPUs, or "
            "resources.workers: 1",
            path="resources.gpus_per_worker",
            value=gpus,
        )
    if gpus > 1 and gpus % 1:
        message = "a part of one GPU, or a whole number of them"
        raise ConfigError(message, path="resources.gpus_per_worker", value=gpus)
    if device == "cuda" and not gpus:
        message = (
            "a worker sees no GPU where resources.gpus_per_worker is 0; say "
            "`resources.gpus_per_worker: 1`, or `training.device: auto`"
        )
        raise ConfigError(message, path="training.device", value=device)
    if workers > 1 and device != "auto" and (device == "cuda") != (gpus > 0):
        message = (
            f"{workers} workers train where their resources are, "
            f"and resources.gpus_per_worker is {gpus:g}"
        )
        raise ConfigError(message, path="training.device", value=device)


def slots(wanted: ResourcesConfig, nodes: Sequence[Node], later: Sequence[Node] = ()) -> int:
    """Return how many trials run at a time.

    Args:
        wanted: The resources of a trial.
        nodes: The resources of each node of the cluster.
        later: The resources of all the nodes that an autoscaler may have at a time; empty where
            there is none.

    Returns:
        At least 1.

    Raises:
        ClusterError: Not even one ever fits; the message shows the arithmetic.

    Examples:
        >>> slots(ResourcesConfig(workers=2), [{"CPU": 4}, {"CPU": 3}])
        3
    """
    count = max_concurrent_trials(wanted, nodes, later)
    if count < 1:
        raise ClusterError(explain_capacity(wanted, later or nodes, autoscaler=bool(later)))
    return count


def max_concurrent_trials(
    wanted: ResourcesConfig, nodes: Sequence[Node], later: Sequence[Node] = ()
) -> int:
    """Return how many trials may run at a time, which may be none; arguments as of `slots`.

    With `max_concurrent: auto` it is the number that fits on the cluster once an autoscaler has let
    it grow: trials that wait are what it adds nodes for.
    """
    now = worker_capacity(wanted, nodes) // wanted.workers
    at_most = max(now, worker_capacity(wanted, later) // wanted.workers)
    if wanted.max_concurrent == "auto":
        return min(max(now, _auto(wanted, later)), at_most)
    return min(wanted.max_concurrent, at_most)


def _auto(wanted: ResourcesConfig, later: Sequence[Node]) -> int:
    """Return for how many trials at a time an autoscaler is asked, at least one.

    A worker group that waits for a node never takes the place of another group, which stays up for
    its next trial: where nodes do not come, its trial would wait for ever. So groups are one, or
    what fits when the sweep begins.
    """
    if wanted.workers > 1:
        return 1
    # Nodes with GPUs are not started for trials without.
    plain = [node for node in later if wanted.gpus_per_worker or not node.get("GPU", 0)]
    return max(1, min(worker_capacity(wanted, plain), _MAX_AUTO))


def worker_capacity(wanted: ResourcesConfig, nodes: Sequence[Node]) -> int:
    """Return how many workers fit on these nodes."""
    return sum(_room_on(wanted, node) for node in nodes)


def _room_on(wanted: ResourcesConfig, node: Node) -> int:
    return min(_times(need, node.get(name, 0), name) for name, need in _needs(wanted).items())


def _times(need: float, available: float, name: str) -> int:
    if name == "GPU" and need < 1:
        # A part is of one GPU: 0.4 fits twice on each, and the rest of it stays free.
        return int(available) * _times(need, 1, "")
    return round(available * _UNIT) // round(need * _UNIT)


def _needs(wanted: ResourcesConfig) -> dict[str, float]:
    needs = {"CPU": wanted.cpus_per_worker, "GPU": wanted.gpus_per_worker}
    return {name: max(need, 1 / _UNIT) for name, need in needs.items() if need > 0}


def explain_capacity(
    wanted: ResourcesConfig, nodes: Sequence[Node], *, autoscaler: bool = False
) -> str:
    """Say why no trial fits, with the arithmetic of each node."""
    needs = _needs(wanted)
    worker = ", ".join(f"{need:g} {name}" for name, need in needs.items())
    workers = "1 worker" if wanted.workers == 1 else f"{wanted.workers} workers"
    lines = [f"  a trial: {workers} of {worker}, each on one node"]
    for number, node in enumerate(nodes[:_MAX_NODES_SHOWN], start=1):
        has = ", ".join(f"{node.get(name, 0):g} {name}" for name in needs)
        lines.append(f"  node {number}: {has}: room for {_room_on(wanted, node)}")
    if len(nodes) > _MAX_NODES_SHOWN:
        lines.append(f"  ... and {len(nodes) - _MAX_NODES_SHOWN} more nodes")
    lines.append(f"  in all: room for {worker_capacity(wanted, nodes)} of {wanted.workers}")
    where = "this cluster, as large as it may grow" if autoscaler else "this cluster"
    return "\n".join([f"no trial fits on {where} (resources.workers × per worker):", *lines])
