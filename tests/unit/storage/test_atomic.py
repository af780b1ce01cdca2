"""Writing whole or not at all, where the process fails or dies at any point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_search.storage.atomic import (
    delete_folder,
    delete_leftovers,
    recover_folder,
    replace_file,
    replace_folder,
)


def writer(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "file").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    for text in ("old", "new"):
        with replace_file(path) as new_file:
            new_file.write_text(text)
            assert new_file.suffix == ".yaml"
        assert path.read_text() == text
    assert names(tmp_path) == ["config.yaml"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    def fail() -> None:
        with replace_file(path) as new_file:
            new_file.write_text("ne")
            raise RuntimeError

    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_file_that_was_not_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replace_file(tmp_path / "file"):
        pass
    assert names(tmp_path) == []


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a" / "best"
    for text in ("old", "new"):
        replace_folder(path, writer(text))
        assert (path / "file").read_text() == text
    assert names(path.parent) == ["best"]


def test_a_folder_that_cannot_be_filled_leaves_the_old_one(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "file").write_text("ne")
        raise KeyboardInterrupt

    replace_folder(tmp_path / "best", writer("old"))
    with pytest.raises(KeyboardInterrupt):
        replace_folder(tmp_path / "best", fail)
    assert (tmp_path / "best" / "file").read_text() == "old"
    assert names(tmp_path) == ["best"]


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_whenever_the_process_dies_one_folder_is_whole(
    tmp_path: Path, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies writes, renames and deletes nothing any more."""
    path = tmp_path / "last"
    replace_folder(path, writer("old"))
    left = [moves]
    rename = Path.replace

    def die(source: Path, target: Path) -> Path:
        if not left[0]:
            raise SystemExit
        left[0] -= 1
        return rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        if moves < 2:
            with pytest.raises(SystemExit):
                replace_folder(path, writer("new"))
        else:
            replace_folder(path, writer("new"))
    assert recover_folder(path)
    assert (path / "file").read_text() == ("new" if moves == 2 else "old")
    replace_folder(path, writer("newest"))
    assert (path / "file").read_text() == "newest"
    assert names(tmp_path) == ["last"]


def test_an_old_folder_stays_until_its_successor_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process died between the two moves, and so does the one that writes next."""
    path = tmp_path / "last"
    replace_folder(tmp_path / "last.old", writer("old"))

    def die(source: Path, target: Path) -> Path:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(SystemExit):
            replace_folder(path, writer("new"))
    assert recover_folder(path)
    assert (path / "file").read_text() == "old"


def test_what_a_dead_process_was_filling_is_not_in_the_new_folder(tmp_path: Path) -> None:
    (tmp_path / "last.new").mkdir()
    (tmp_path / "last.new" / "half").write_text("hal")
    replace_folder(tmp_path / "last", writer("new"))
    assert names(tmp_path) == ["last"]
    assert names(tmp_path / "last") == ["file"]


def test_there_is_nothing_to_recover_where_nothing_was(tmp_path: Path) -> None:
    (tmp_path / "last.new").mkdir()  # its filling was interrupted
    assert not recover_folder(tmp_path / "last")


def test_leftovers_are_deleted_with_or_without_their_folder(tmp_path: Path) -> None:
    for name in ("best", "best.new", "best.old", "bester"):
        (tmp_path / name).mkdir()
    delete_leftovers(tmp_path / "best")
    assert names(tmp_path) == ["best", "bester"]
    (tmp_path / "best.old").mkdir()
    delete_folder(tmp_path / "best")
    assert names(tmp_path) == ["bester"]
