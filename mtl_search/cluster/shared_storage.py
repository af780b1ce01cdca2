"""Whether all nodes of a cluster reach a sweep's checkpoints: in its folder, or in a storage."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from mtl_search.errors import ClusterError
from mtl_search.storage.remote import RemoteStorage, storage_problem

_MAX_NODES_SHOWN = 4


def check_shared_storage(directory: Path, storage: str | None) -> None:
    """Check that every node reads what this process writes, and may write there itself.

    Args:
        directory: The sweep's folder.
        storage: URI of the folder that is used in its place, if there is one.

    Raises:
        ClusterError: A node does not; the message names it.
    """
    here = ray.get_runtime_context().get_node_id()
    others = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    others.pop(here, None)
    if not others:
        return
    if storage:
        answers = _check_by_storage(list(others), storage)
    else:
        answers = _check_by_folder(list(others), directory)
    problems = [f"{others[node]}: {problem}" for node, problem in answers.items() if problem]
    if problems:
        raise ClusterError(
            f"{len(problems)} of {len(others) + 1} nodes of the cluster do not see "
            f"{storage or directory} ({_join(problems)}): {_advice(storage)}"
        )


def _join(problems: list[str]) -> str:
    joined = "; ".join(problems[:_MAX_NODES_SHOWN])
    hidden = len(problems) - _MAX_NODES_SHOWN
    return f"{joined}; and {hidden} more" if hidden > 0 else joined


def _advice(storage: str | None) -> str:
    advice = "set resources.storage to a folder that all reach (a shared disk, s3://, gs://)"
    return advice if storage else f"{advice}, or --output to one"


def _check_by_folder(others: list[str], directory: Path) -> dict[str, str]:
    mark = directory / f".seen-{uuid.uuid4().hex[:12]}"
    mark.touch()
    try:
        return _run_on(others, _read_problem, str(mark))
    finally:
        mark.unlink()


def _check_by_storage(others: list[str], uri: str) -> dict[str, str]:
    storage = RemoteStorage(uri)
    mark = storage.write_mark()
    try:
        return _run_on(others, storage_problem, uri, mark)
    finally:
        storage.delete_mark(mark)


def _run_on(others: list[str], check: Callable[..., str], *arguments: str) -> dict[str, str]:
    """Run a check on nodes; return node → what is wrong there, empty where nothing is."""
    task = ray.remote(check)
    references = {}
    for node in others:
        on_node = NodeAffinitySchedulingStrategy(node, soft=False)
        references[node] = task.options(num_cpus=0, scheduling_strategy=on_node).remote(*arguments)
    return {node: _answer(reference) for node, reference in references.items()}


def _answer(reference: ray.ObjectRef[str]) -> str:
    try:
        answer: str = ray.get(reference)
    except RayError as error:  # the node has gone, or cannot start a process
        return f"does not answer ({type(error).__name__})"
    return answer


def _read_problem(mark: str) -> str:
    return "" if Path(mark).exists() else "another folder, or none"
