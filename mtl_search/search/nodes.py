"""Whether the nodes of a cluster see the folder of a sweep: its trials write their checkpoints and networks there."""

from __future__ import annotations

import uuid
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from mtl_search.errors import SweepError


def check_folder(directory: Path) -> None:
    """See whether every node reads what this process writes in the sweep's folder.

    Raises:
        SweepError: A node does not; the message names it.
    """
    here = ray.get_runtime_context().get_node_id()
    others = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    others.pop(here, None)
    if not others:
        return
    mark = directory / f".seen-{uuid.uuid4().hex[:12]}"
    mark.touch()
    try:
        seen = ray.get([_ask(node, mark) for node in others])
    finally:
        mark.unlink()
    blind = [address for address, sees in zip(others.values(), seen, strict=True) if not sees]
    if blind:
        raise SweepError(
            f"{len(blind)} of {len(others) + 1} nodes of the cluster do not see {directory} ({', '.join(blind[:4])}): "
            "set resources.storage to a folder that all reach (a shared disk, s3://, gs://), or --output to one"
        )


def _ask(node: str, mark: Path) -> ray.ObjectRef[bool]:
    place = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(_sees).options(num_cpus=0, scheduling_strategy=place).remote(str(mark))


def _sees(mark: str) -> bool:
    return Path(mark).exists()
