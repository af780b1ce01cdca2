"""A copy of a sweep is told from the original, and from a sweep that was moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mtl_search.errors import SweepError
from mtl_search.storage.binding.folder import MARK, check_original, check_owner, write_mark
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.journal import Journal


@pytest.fixture
def original(tmp_path: Path) -> Path:
    folder = tmp_path / "faces"
    begin(folder, "ab12")
    write_mark(folder, "ab12")
    return folder


def begin(folder: Path, sweep: str) -> None:
    journal = Journal(folder / "journal.jsonl")
    journal.write(SweepStarted(id=sweep, name="faces"))
    journal.close()


@pytest.mark.parametrize("marked", [True, False])
def test_a_copy_beside_its_original_is_refused_and_the_original_is_not(
    original: Path, marked: bool
) -> None:
    copy = original.with_name("faces-copy")
    shutil.copytree(original, copy)
    if not marked:  # it was copied before there were marks
        (copy / MARK).unlink()
    with pytest.raises(SweepError, match=f"faces-copy is a copy of the sweep in {original}"):
        check_original(copy, "ab12")
    check_original(original, "ab12")
    shutil.rmtree(original)
    check_original(copy, "ab12")  # now it is the sweep


def test_a_copy_elsewhere_is_one_too(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "faces"
    shutil.copytree(original, copy)
    with pytest.raises(SweepError, match="is a copy of the sweep"):
        check_original(copy, "ab12")


def test_a_moved_or_linked_folder_is_no_copy(original: Path) -> None:
    moved = original.rename(original.with_name("moved"))
    check_original(moved, "ab12")
    begin(original, "cd34")  # another sweep has taken its place
    check_original(moved, "ab12")
    write_mark(moved, "ab12")
    link = original.with_name("link")
    link.symlink_to(moved)
    check_original(link, "ab12")


def test_another_sweeps_journal_is_refused(original: Path) -> None:
    check_owner(original, "ab12")
    with pytest.raises(SweepError, match=r"of another sweep \(its id is cd34, .* is ab12\)"):
        check_owner(original, "cd34")


@pytest.mark.parametrize("mark", ["", "[]", "{}", '{"sweep": 3}', "\x00"])
def test_a_mark_that_cannot_be_read_binds_nothing(original: Path, mark: str) -> None:
    (original / MARK).write_text(mark)
    check_owner(original, "cd34")
    check_original(original, "ab12")
