"""The cluster that `ray start` has written down on this node, and why it may not be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import ray

from mtl_search.cluster import connection, this_node
from tests.support import gcs


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where `ray start` writes the address down."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    for name in ("RAY_ADDRESS", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_USE_TLS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    found = tmp_path / "ray" / "ray_current_cluster"
    found.parent.mkdir()
    return found


def test_without_ray_start_there_is_none(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert this_node.find_cluster() is None
    assert connection.resolve_address() == "local"
    assert not caplog.messages


def test_it_is_joined_with_one_line(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with gcs.head(ray.__version__) as address:
        file.write_text(address)
        assert connection.resolve_address() == address
        (line,) = caplog.messages
        assert line.startswith(f"joined the Ray cluster at {address} of this node; --address local")
        caplog.clear()
        assert connection.resolve_address("local") == "local"
        assert not caplog.messages


@pytest.mark.parametrize(
    ("version", "token", "reason"),
    [
        ("2.1.0", "", f"it runs Ray 2.1.0, and this program Ray {ray.__version__}"),
        (ray.__version__, "a", "it wants a token, which goes into RAY_AUTH_TOKEN or ~/.ray"),
    ],
)
def test_a_line_says_why_it_is_not_used(
    version: str, token: str, reason: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with gcs.head(version, token) as address:
        file.write_text(address)
        assert connection.resolve_address() == "local"
    (line,) = caplog.messages
    assert f"the Ray cluster at {address}, which `ray start` has started on this node" in line
    assert f"is not used: {reason}" in line


def test_one_that_is_gone_is_not_used(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text("127.0.0.1:1")
    assert connection.resolve_address() == "local"
    assert f"it does not answer; if it is gone, delete {file}" in caplog.text


def test_that_of_another_user_is_not_used(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gcs.head(ray.__version__) as address:
        file.write_text(address)
        monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
        assert connection.resolve_address() == "local"
    assert "it belongs to another user" in caplog.text
    assert "--address auto uses it" in caplog.text
