"""The folder of a sweep: numbering, the latest, and one driver at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_search.errors import ConfigError, SweepError
from mtl_search.search import resume
from mtl_search.storage import sweep_directory
from tests.support import small_sweeps as small


def sweep(path: Path, when: int = 0) -> Path:
    """A folder that looks like a sweep's."""
    path.mkdir(parents=True)
    (path / sweep_directory.JOURNAL).write_text("{}\n")
    os.utime(path / sweep_directory.JOURNAL, (when, when))
    return path


def test_new_folders_are_numbered_and_made_at_once(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    with (
        sweep_directory.new_folder(root, "demo") as first,
        sweep_directory.new_folder(root, "demo") as second,  # both begin at the same time
    ):
        assert (first, second) == (root / "demo", root / "demo-2")
        (first / "journal.jsonl").write_text("{}\n")
        assert sweep_directory.free_folder(root, "demo") == root / "demo-3"
    assert list(root.iterdir()) == [first]  # nothing began in the second


def test_a_sweep_that_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    with (
        sweep_directory.new_folder(tmp_path / "runs", "demo") as folder,
        sweep_directory.locked(folder),
    ):
        (folder / "config.yaml").touch()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = r"output: the folder of the sweep cannot be written to \((Not a directory|File exists)\)"
    with (
        pytest.raises(ConfigError, match=said),
        sweep_directory.new_folder(tmp_path / "file", "demo"),
    ):
        raise AssertionError
    for folder in (tmp_path / "file" / "demo", tmp_path / "file"):
        with pytest.raises(ConfigError, match=said), sweep_directory.locked(folder):
            raise AssertionError


def test_the_latest_is_the_one_that_was_written_to_last(tmp_path: Path) -> None:
    sweep(tmp_path / "demo", 30)
    sweep(tmp_path / "demo-2", 50)
    sweep(tmp_path / "demo-3", 40)
    sweep(tmp_path / "demo-x", 99)
    sweep(tmp_path / "demonstration", 99)
    (tmp_path / "demo-9").mkdir()  # without a journal
    assert sweep_directory.latest_folder(tmp_path, "demo") == tmp_path / "demo-2"


@pytest.mark.parametrize("name", ["dmo", "", "/abs", "**", "../demo", "*", "[", "dem"])
def test_what_is_not_there_is_an_error_that_says_what_is(tmp_path: Path, name: str) -> None:
    sweep(tmp_path / "demo")
    with pytest.raises(SweepError, match="sweeps there: demo"):
        sweep_directory.latest_folder(tmp_path, name)
    with pytest.raises(SweepError, match="no sweep called"):
        sweep_directory.latest_folder(tmp_path / "nowhere", name)


HOLD = """
import sys, pathlib
from mtl_search.storage import sweep_directory
with sweep_directory.locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_and_the_lock_dies_with_it(tmp_path: Path) -> None:
    held = sweep(tmp_path / "demo")
    command = [sys.executable, "-c", HOLD, str(held)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(SweepError, match="another process is running the sweep"),
            sweep_directory.locked(held),
        ):
            raise AssertionError("the lock was given twice")
        other.kill()
        other.wait()
        with sweep_directory.locked(held):
            pass


def test_the_folder_of_a_sweep_that_was_refused_does_not_stay(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="no sweep"), sweep_directory.locked(tmp_path / "new"):
        resume.prepare(tmp_path / "new", small.config(), resume=True)
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(RuntimeError), sweep_directory.locked(tmp_path / "mine"):
        raise RuntimeError
    assert (tmp_path / "mine").exists()


@pytest.mark.parametrize(("best", "left"), [(False, ["best"]), (True, [])])
def test_checkpoints_of_a_finished_trial_are_forgotten(
    tmp_path: Path, best: bool, left: list[str]
) -> None:
    trial = tmp_path / "trials" / "t"
    for part in ("last", "last.new", "best", "best.old"):
        (trial / part).mkdir(parents=True)
    sweep_directory.forget_checkpoints(tmp_path, "t", best=best)
    sweep_directory.forget_checkpoints(tmp_path, "never-there", best=best)
    assert sorted(path.name for path in trial.iterdir()) == left
