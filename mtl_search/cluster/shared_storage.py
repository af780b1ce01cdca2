"""Whether the nodes of a cluster see where a sweep's checkpoints and networks go: its folder, or a storage."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from mtl_search.errors import ClusterError
from mtl_search.storage.remote import RemoteStorage

_SHOWN = 4


def check_shared_storage(directory: Path, storage: str | None) -> None:
    """See whether every node reads what this process writes, and may write there itself.

    Args:
        directory: Of the sweep.
        storage: URI of the folder that takes its place, if there is one.

    Raises:
        ClusterError: A node does not; the message names it.
    """
    here = ray.get_runtime_context().get_node_id()
    others = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    others.pop(here, None)
    if not others:
        return
    answers = (
        _through_storage(list(others), storage)
        if storage
        else _through_folder(list(others), directory)
    )
    blind = [f"{others[node]}: {why}" for node, why in answers.items() if why]
    if blind:
        where = storage or directory
        advice = "set resources.storage to a folder that all reach (a shared disk, s3://, gs://)"
        advice += "" if storage else ", or --output to one"
        more = f"; and {len(blind) - _SHOWN} more" if len(blind) > _SHOWN else ""
        raise ClusterError(
            f"{len(blind)} of {len(others) + 1} nodes of the cluster do not see {where} "
            f"({'; '.join(blind[:_SHOWN])}{more}): {advice}"
        )


def _through_folder(others: list[str], directory: Path) -> dict[str, str]:
    mark = directory / f".seen-{uuid.uuid4().hex[:12]}"
    mark.touch()
    try:
        return _ask(others, _can_read, str(mark))
    finally:
        mark.unlink()


def _through_storage(others: list[str], uri: str) -> dict[str, str]:
    storage = RemoteStorage(uri)
    mark = storage.write_mark()
    try:
        return _ask(others, _reaches, uri, mark)
    finally:
        storage.delete_mark(mark)


def _ask(others: list[str], question: Callable[..., str], *arguments: str) -> dict[str, str]:
    """Node → what is wrong there; empty where nothing is."""
    task = ray.remote(question)
    asked = {}
    for node in others:
        place = NodeAffinitySchedulingStrategy(node, soft=False)
        asked[node] = task.options(num_cpus=0, scheduling_strategy=place).remote(*arguments)
    return {node: _answer(reference) for node, reference in asked.items()}


def _answer(reference: ray.ObjectRef[str]) -> str:
    try:
        answer: str = ray.get(reference)
    except RayError as error:  # it has gone, or cannot start a process
        return f"does not answer ({type(error).__name__})"
    return answer


def _can_read(mark: str) -> str:
    return "" if Path(mark).exists() else "another folder, or none"


def _reaches(uri: str, mark: str) -> str:
    try:
        storage = RemoteStorage(uri)
        if not storage.has_mark(mark):
            return "another folder, or none"
        storage.check()
    except (ValueError, OSError) as error:
        return " ".join(str(error).split())
    return ""
