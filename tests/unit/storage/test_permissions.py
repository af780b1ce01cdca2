"""Files are for their owner alone, unless the user has chosen otherwise."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mtl_search.errors import ConfigError
from mtl_search.storage.permissions import UMASK, chosen_umask, make_private, private_files


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_of_a_block_are_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(UMASK, raising=False)
    before = os.umask(0o022)
    try:
        with private_files():
            (tmp_path / "folder").mkdir()
            (tmp_path / "file").touch()
        (tmp_path / "later").touch()
    finally:
        os.umask(before)
    modes = [_mode(tmp_path / name) for name in ("folder", "file", "later")]
    assert modes == [0o700, 0o600, 0o644]


def test_a_group_may_read_where_the_user_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(UMASK, "027")
    before = os.umask(0o022)
    try:
        make_private()
        (tmp_path / "file").touch()
    finally:
        os.umask(before)
    assert _mode(tmp_path / "file") == 0o640


@pytest.mark.parametrize("text", ["", "abc", "9", "-1", "10000"])
def test_no_umask(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(UMASK, text)
    with pytest.raises(ConfigError, match="this is no umask"):
        chosen_umask()
