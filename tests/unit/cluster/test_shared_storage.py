"""Whether all nodes reach a sweep's checkpoints, with stand-ins for the other nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayError

from mtl_search.cluster import shared_storage
from mtl_search.cluster.shared_storage import check_shared_storage
from mtl_search.errors import ClusterError
from mtl_search.storage.remote import RemoteStorage, storage_problem


def cluster(monkeypatch: pytest.MonkeyPatch, others: int, *, sees: bool = True) -> list[str]:
    """Put a cluster of this node and others in Ray's place; return the nodes that are asked.

    The other nodes answer in this process: truly, or as if the path led elsewhere.
    """
    nodes = [
        {"NodeID": str(number), "NodeManagerAddress": f"10.0.0.{number}", "Alive": True}
        for number in range(others + 1)
    ]
    nodes.append({"NodeID": "dead", "NodeManagerAddress": "10.0.0.99", "Alive": False})
    here = SimpleNamespace(get_node_id=lambda: "0")
    stand_in = SimpleNamespace(get_runtime_context=lambda: here, nodes=lambda: nodes)
    asked: list[str] = []

    def run_on(names: list[str], check: Callable[..., str], *arguments: str) -> dict[str, str]:
        asked.extend(names)
        *path, mark = arguments
        return {name: check(*path, mark if sees else f"{mark}-elsewhere") for name in names}

    monkeypatch.setattr(shared_storage, "ray", stand_in)
    monkeypatch.setattr(shared_storage, "_run_on", run_on)
    return asked


@pytest.mark.parametrize("has_storage", [False, True])
def test_nodes_that_see_the_mark_pass_and_no_mark_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_storage: bool
) -> None:
    asked = cluster(monkeypatch, 2)
    folder = tmp_path / "sweep"
    folder.mkdir()
    check_shared_storage(folder, str(tmp_path / "storage") if has_storage else None)
    assert asked == ["1", "2"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("has_storage", [False, True])
def test_a_node_that_sees_another_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_storage: bool
) -> None:
    cluster(monkeypatch, 1, sees=False)
    storage = str(tmp_path / "storage") if has_storage else None
    with pytest.raises(ClusterError) as caught:
        check_shared_storage(tmp_path, storage)
    message = str(caught.value)
    assert "1 of 2 nodes" in message
    assert f"{storage or tmp_path} (10.0.0.1: another folder, or none)" in message
    assert ("--output" in message) is (storage is None)


def test_of_many_nodes_the_first_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, 6, sees=False)
    with pytest.raises(ClusterError, match="6 of 7 nodes") as caught:
        check_shared_storage(tmp_path, None)
    assert "10.0.0.4" in str(caught.value)
    assert "10.0.0.5" not in str(caught.value)
    assert "and 2 more" in str(caught.value)


def test_a_cluster_of_one_node_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster(monkeypatch, 0) == []
    check_shared_storage(tmp_path / "nowhere", None)


def test_a_node_that_has_gone_is_said_not_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(reference: Any) -> str:
        raise RayError("the node died")

    monkeypatch.setattr(shared_storage, "ray", SimpleNamespace(get=get))
    reference: Any = None
    assert shared_storage._answer(reference) == "does not answer (RayError)"


def test_a_storage_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    mark = RemoteStorage(str(tmp_path)).write_mark()
    assert storage_problem(str(tmp_path), mark) == ""
    assert storage_problem("nowhere://x", mark)
