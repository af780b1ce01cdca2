"""Questions to the head of a cluster, with and without the right token."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.cluster import head
from tests.support import gcs


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_head_tells_its_version_and_the_nodes_that_are_alive() -> None:
    with gcs.head("2.99.1", states=(0, 1, 0)) as address:
        assert head.version(address) == "2.99.1"
        assert head.count_nodes(address) == 2


def test_a_token_is_found_where_ray_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with gcs.head(token="right") as address:
        with pytest.raises(head.NoTokenError, match=r"RAY_AUTH_TOKEN or ~/\.ray/auth_token"):
            head.version(address)
        default = tmp_path / ".ray" / "auth_token"
        default.parent.mkdir()
        default.write_text("right\n")
        assert head.version(address)
        other = tmp_path / "other"
        other.write_text("wrong")
        monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(other))
        with pytest.raises(head.NoTokenError):
            head.version(address)
        monkeypatch.setenv("RAY_AUTH_TOKEN", "right")
        assert head.version(address)


def test_no_answer_is_told_within_the_timeout() -> None:
    with pytest.raises(head.NoAnswerError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        head.version("127.0.0.1:1", timeout=0.5)
