"""A Ray starts where the home folder cannot be written to, and where TMPDIR has a long name."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from mtl_search.cluster import local_files


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE", "RAY_TMPDIR"):
        monkeypatch.setenv(name, "")  # so that it is restored
        monkeypatch.delenv(name)


@pytest.mark.parametrize("home", ["/proc/nohome", "file"])
def test_a_token_is_in_the_environment_where_home_cannot_be_written(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / home))
    local_files.prepare()
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    before = os.environ["RAY_AUTH_TOKEN"]
    local_files.prepare()
    assert os.environ["RAY_AUTH_TOKEN"] == before


def test_a_home_folder_keeps_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    local_files.prepare()
    assert "RAY_AUTH_TOKEN" not in os.environ
    assert local_files.home_token() == tmp_path / ".ray" / "auth_token"


def test_what_the_user_has_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/proc/nohome")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_TMPDIR", "/somewhere")
    monkeypatch.setenv("TMPDIR", str(tmp_path / ("x" * 90)))
    local_files.prepare()
    assert "RAY_AUTH_TOKEN" not in os.environ
    assert os.environ["RAY_TMPDIR"] == "/somewhere"
    (tmp_path / "token").touch()
    monkeypatch.delenv("RAY_AUTH_MODE")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    local_files.prepare()
    assert "RAY_AUTH_TOKEN" not in os.environ


@pytest.mark.parametrize(("length", "is_short"), [(4, True), (39, True), (50, False)])
def test_a_long_temporary_folder_is_not_used_for_sockets(
    length: int, is_short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/tmp".ljust(length, "x"))
    local_files.prepare()
    assert os.environ.get("RAY_TMPDIR") == (None if is_short else "/tmp")


def test_reasons_of_ray_get_a_cure() -> None:
    assert "RAY_TMPDIR" in local_files.explain("AF_UNIX path length cannot exceed 107 bytes: x")
    assert "RAY_AUTH_TOKEN" in local_files.explain("Permission denied: '/.ray/auth_token'")
    assert local_files.explain("no memory") == "no memory"


def test_a_limit_on_files_is_named_where_ray_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (60 * 1024, resource.RLIM_INFINITY))
    told = local_files.explain("The current node timed out during startup")
    assert told.startswith("The current node timed out during startup; files may have 60 KiB")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert local_files.explain("it timed out") == "it timed out"
