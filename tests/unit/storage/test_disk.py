"""A full disk is told from all else, and what could not be written leaves nothing behind."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mtl_search.errors import DiskFullError, TrialError
from mtl_search.storage import disk
from mtl_search.storage.trial_directory import TrialDirectory


class _RustError(Exception):
    """What safetensors raises."""


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        _RustError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_says_which_folder_and_how_to_go_on(error: Exception, tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFullError, match=rf"no room to write to {tmp_path}\n.*--resume"),
        disk.writes_to(tmp_path),
    ):
        raise error


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "Permission denied"), TrialError("the loss is nan")]
)
def test_other_errors_go_on_their_way(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as caught, disk.writes_to(tmp_path):
        raise error
    assert caught.value is error


def test_the_innermost_folder_is_the_one(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFullError, match="to inner"),
        disk.writes_to("outer"),
        disk.writes_to("inner"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_an_old_part_stays_whole_and_half_of_a_new_one_goes(tmp_path: Path) -> None:
    place = TrialDirectory(tmp_path)
    place.write("last", lambda folder: (folder / "a").write_text("old"))

    def fill(folder: Path) -> None:
        (folder / "a").write_text("ne")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError):
        place.write("last", fill)
    assert [path.name for path in tmp_path.iterdir()] == ["last"]
    assert place.read("last", "a") == b"old"
