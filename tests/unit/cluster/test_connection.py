"""Addresses of clusters, told apart before anything is started."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import ray
from ray._private import state
from ray._private.utils import check_version_info

from mtl_search.cluster import connection
from mtl_search.errors import ClusterError


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a process that has no Ray yet, where no environment names one and none is started."""
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def test_a_local_cluster_is_the_default() -> None:
    assert connection.resolve_address() == connection.resolve_address("local") == "local"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "no Ray cluster answers at"),
        ("somewhere", "which is no HOST:PORT"),
        ("ray://127.0.0.1:10001", "start it there"),
    ],
)
def test_a_wrong_address_is_told_at_once(
    address: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_PROBE_TIMEOUT_S", 0.2)
    with pytest.raises(ClusterError, match=words):
        connection.resolve_address(address)
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ClusterError, match=words):
        connection.resolve_address()


def test_only_the_token_in_the_home_folder_is_made_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    own, shared = tmp_path / ".ray" / "auth_token", tmp_path / "ray_token"
    own.parent.mkdir()
    for file in (own, shared):
        file.write_text("x")
        file.chmod(0o444)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(shared))
    connection._protect_token()
    assert own.stat().st_mode & 0o777 == 0o600
    assert shared.stat().st_mode & 0o777 == 0o444  # for containers of other users


@pytest.mark.parametrize("most", [-1, 2**31 - 1])
def test_an_autoscaler_without_a_limit_is_a_finite_list(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-1 is Ray's word for it; KubeRay's is the largest number of 32 bits."""
    groups = [SimpleNamespace(max_count=count, resources={"CPU": 1}) for count in (most, 2)]
    cluster = SimpleNamespace(node_group_configs=groups)
    monkeypatch.setattr(state.state, "get_cluster_config", lambda: cluster)
    assert connection.autoscaler_nodes() == [{"CPU": 1}] * 1002


def test_other_versions_are_one_sentence_that_says_nothing_of_tokens() -> None:
    """What `ray.init` raises has six lines."""
    with pytest.raises(RuntimeError, match="Version mismatch") as raised:
        check_version_info({"ray_version": "2.55.0", "python_version": "3.11.7"}, "node 10.0.0.1")
    sentence = connection._not_joined("10.0.0.1:6379", " ".join(str(raised.value).split()))
    assert sentence.startswith("the cluster at 10.0.0.1:6379 has Ray 2.55.0 and Python 3.11.7, ")
    assert sentence.endswith(
        "`mtl-search doctor --address 10.0.0.1:6379` prints the command for that"
    )
    assert "token" not in sentence
    assert "token" in connection._not_joined("10.0.0.1:6379", "no route to host")
