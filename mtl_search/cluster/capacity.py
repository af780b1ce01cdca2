"""How many trials fit on a cluster at a time: arithmetic on its nodes.

A worker runs on one node, so workers are counted node by node: two nodes of one CPU have no room for a worker of two.
The workers of one trial may be on several nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl_search.config import Config
from mtl_search.config.schema import ResourcesConfig
from mtl_search.errors import ClusterError, ConfigError

Node = Mapping[str, float]

# Ray counts in ten-thousandths.
_UNIT = 10_000
_SHOWN = 8


def check_capacity(config: Config) -> None:
    """Refuse what no cluster can do.

    Raises:
        ConfigError: GPUs that cannot be shared in this way, or a device that the workers do not have.
    """
    wanted, device = config.resources, config.training.device
    several, gpus = wanted.workers > 1, wanted.gpus_per_worker
    if several and gpus % 1:
        raise ConfigError(
            "several workers cannot share a GPU (NCCL refuses two ranks on one): whole GPUs, or resources.workers: 1",
            path="resources.gpus_per_worker", value=gpus,
        )  # fmt: skip
    if gpus > 1 and gpus % 1:
        raise ConfigError(
            "a part of one GPU, or a whole number of them", path="resources.gpus_per_worker", value=gpus
        )  # fmt: skip
    if several and device != "auto" and (device == "cuda") != (gpus > 0):
        what = f"{wanted.workers} workers train where their resources are, and resources.gpus_per_worker is {gpus:g}"
        raise ConfigError(what, path="training.device", value=device)


def slots(wanted: ResourcesConfig, nodes: Sequence[Node], later: Sequence[Node] = ()) -> int:
    """How many trials run at a time.

    Args:
        wanted: Resources of a trial.
        nodes: Resources of each node of the cluster.
        later: Of all the nodes that an autoscaler may have at a time; empty where there is none.

    Returns:
        At least 1.

    Raises:
        ClusterError: Not even one ever fits; the message shows the arithmetic.
    """
    found = max_concurrent_trials(wanted, nodes, later)
    if found < 1:
        raise ClusterError(explain_capacity(wanted, later or nodes, autoscaler=bool(later)))
    return found


def max_concurrent_trials(
    wanted: ResourcesConfig, nodes: Sequence[Node], later: Sequence[Node] = ()
) -> int:
    """The same where it may be 0.

    With `max_concurrent: auto` it is what fits now, or 1 where only the grown cluster has room for one.
    """
    now = worker_capacity(wanted, nodes) // wanted.workers
    most = max(now, worker_capacity(wanted, later) // wanted.workers)
    return min(max(1, now) if wanted.max_concurrent == "auto" else wanted.max_concurrent, most)


def worker_capacity(wanted: ResourcesConfig, nodes: Sequence[Node]) -> int:
    """How many workers fit."""
    return sum(_room_on(wanted, node) for node in nodes)


def _room_on(wanted: ResourcesConfig, node: Node) -> int:
    return min(_times(need, node.get(name, 0), name) for name, need in _needs(wanted).items())


def _times(need: float, there: float, name: str) -> int:
    if (
        name == "GPU" and need < 1
    ):  # a part is of one GPU: 0.4 fits twice on each, and the rest stays free
        return int(there) * _times(need, 1, "")
    return round(there * _UNIT) // round(need * _UNIT)


def _needs(wanted: ResourcesConfig) -> dict[str, float]:
    needs = {"CPU": wanted.cpus_per_worker, "GPU": wanted.gpus_per_worker}
    return {name: max(need, 1 / _UNIT) for name, need in needs.items() if need > 0}


def explain_capacity(
    wanted: ResourcesConfig, nodes: Sequence[Node], *, autoscaler: bool = False
) -> str:
    """Why no trial fits."""
    needs = _needs(wanted)
    worker = ", ".join(f"{need:g} {name}" for name, need in needs.items())
    lines = [
        f"  a trial: {wanted.workers} worker{'s' * (wanted.workers > 1)} of {worker}, each on one node"
    ]
    for number, node in enumerate(nodes[:_SHOWN], start=1):
        has = ", ".join(f"{node.get(name, 0):g} {name}" for name in needs)
        lines.append(f"  node {number}: {has}: room for {_room_on(wanted, node)}")
    if len(nodes) > _SHOWN:
        lines.append(f"  ... and {len(nodes) - _SHOWN} more nodes")
    lines.append(f"  in all: room for {worker_capacity(wanted, nodes)} of {wanted.workers}")
    where = "this cluster, as large as it may grow" if autoscaler else "this cluster"
    return "\n".join([f"no trial fits on {where} (resources.workers × per worker):", *lines])
