"""The folder of a sweep: numbering, the latest, changes on resume, one driver at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import load_config, override
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


def test_new_folders_are_numbered(tmp_path: Path) -> None:
    assert sweep_directory.new_folder(tmp_path, "demo") == tmp_path / "demo"
    (tmp_path / "demo").mkdir()
    assert sweep_directory.new_folder(tmp_path, "demo") == tmp_path / "demo-2"
    (tmp_path / "demo-2").mkdir()
    (tmp_path / "demo-4").mkdir()
    assert sweep_directory.new_folder(tmp_path, "demo") == tmp_path / "demo-3"


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


def test_a_new_sweep_leaves_its_resolved_config(tmp_path: Path) -> None:
    config = small.config({"search.trials": 9})
    resume.prepare(tmp_path / "demo", config, resume=False)
    assert load_config(tmp_path / "demo" / sweep_directory.CONFIG) == config


def test_a_sweep_is_not_overwritten_and_nothing_is_not_resumed(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="holds no sweep to resume"):
        resume.prepare(tmp_path / "demo", small.config(), resume=True)
    sweep(tmp_path / "demo")
    with pytest.raises(SweepError, match="holds a sweep already"):
        resume.prepare(tmp_path / "demo", small.config(), resume=False)


MAY_CHANGE: list[tuple[str, Any]] = [
    ("search.trials", 7),
    ("search.finalists.top", 2),
    ("search.retries", 9),
    ("search.stop_after_failures", 1),
    ("resources.max_concurrent", 1),
    ("tracking.uri", "sqlite:///x.db"),
    ("training.checkpoint_every_s", 1),
    ("training.cache_on_device", "never"),
]
MUST_NOT_CHANGE: list[tuple[str, Any]] = [
    ("name", "other"),
    ("seed", 5),
    ("data", "digit_pairs"),
    ("tasks.kind.loss_weight", 2),
    ("tasks.kind.metrics", ["f1"]),
    ("model.sharing.depth", 2),
    ("training.epochs", 9),
    ("training.optimizer.weight_decay", 0.1),
    ("search.space.model.sharing.depth", {"int": [0, 1]}),
    ("search.space.model.sharing.depth", None),
    ("search.space.training.clip_norm", {"float": [1, 2]}),
    ("search.arms", ["search"]),
    ("search.sampler", "random"),
    ("search.scheduler", "asha"),
    ("search.objective", "val/kind/accuracy"),
    ("search.finalists.seeds", 5),
]


def test_a_population_keeps_its_size(tmp_path: Path) -> None:
    config = small.config({"search.scheduler": {"name": "pbt", "interval": 1}})
    resume.prepare(tmp_path / "demo", config, resume=False)
    sweep(tmp_path / "other")
    (tmp_path / "demo" / sweep_directory.JOURNAL).write_text("{}\n")
    resume.prepare(tmp_path / "demo", config, resume=True)
    for trials in (3, 9):
        with pytest.raises(
            ConfigError, match=r"^search.trials: a population keeps its size \(it was 4\)"
        ):
            resume.prepare(
                tmp_path / "demo", override(config, {"search.trials": trials}), resume=True
            )


def resumed(tmp_path: Path, change: dict[str, Any]) -> None:
    resume.prepare(tmp_path / "demo", small.config(), resume=False)
    (tmp_path / "demo" / sweep_directory.JOURNAL).write_text("{}\n")
    resume.prepare(tmp_path / "demo", small.config(change), resume=True)


@pytest.mark.parametrize(("path", "value"), MAY_CHANGE)
def test_what_may_change_on_resume_is_written_down(tmp_path: Path, path: str, value: Any) -> None:
    resumed(tmp_path, {path: value})
    assert load_config(tmp_path / "demo" / sweep_directory.CONFIG) == small.config({path: value})


@pytest.mark.parametrize(
    ("path", "value"), MUST_NOT_CHANGE, ids=[f"{path} {value}" for path, value in MUST_NOT_CHANGE]
)
def test_what_a_trial_is_must_not_change(tmp_path: Path, path: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        resumed(tmp_path, {path: value})
    assert caught.value.path.startswith(path)
    assert "cannot change when a sweep is resumed" in str(caught.value)
    assert load_config(tmp_path / "demo" / sweep_directory.CONFIG) == small.config()


def test_a_sweep_is_extended_and_never_cut(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"search\.trials: a sweep can be extended, not cut \(it had 4\)"
    ):
        resumed(tmp_path, {"search.trials": 3})


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
