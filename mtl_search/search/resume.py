"""Whether a config may start or resume the sweep in a folder."""

from __future__ import annotations

from pathlib import Path

from mtl_search.config import Config, to_yaml
from mtl_search.errors import ConfigError, RequestError
from mtl_search.search.schedulers import pbt_config
from mtl_search.storage import atomic, sweep_directory
from mtl_search.storage.binding.config import RESUMABLE, differences
from mtl_search.storage.binding.folder import check_original
from mtl_search.storage.binding.reading import read_sweep
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import CONFIG, JOURNAL, TRIALS, holds_sweep


def prepare(folder: Path, config: Config, *, resume: bool) -> None:
    """Make the folder of a new sweep, or check that this config may resume the one in it.

    Then write the config to the folder.

    Args:
        folder: The sweep's folder.
        config: The config of this session.
        resume: Whether to go on with the sweep in the folder.

    Raises:
        RequestError: The folder holds a sweep already, or nothing to resume.
        ConfigError: A value that must not change differs from the sweep's.
    """
    check_folder(folder, config, resume=resume)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic.replace_file(folder / CONFIG) as new_file:
        new_file.write_text(to_yaml(config), encoding="utf-8")


def check_folder(folder: Path, config: Config, *, resume: bool) -> SweepRecord:
    """Check that a new sweep may begin in a folder, or that this config may resume the one in it.

    Args:
        folder: The sweep's folder.
        config: The config of this session.
        resume: Whether to go on with the sweep in the folder.

    Returns:
        The record of the sweep to resume, or an empty one.

    Raises:
        RequestError: The folder is a file or a copy, holds a sweep already, or nothing to resume.
        SweepError: What it holds is damaged.
        ConfigError: A value that must not change differs from the sweep's.
    """
    if not holds_sweep(folder) and _has_trials(folder):
        raise RequestError(
            f"{folder / JOURNAL} is empty or not there, though the folder holds trials: the sweep "
            "has lost its journal. Put it back from a copy, or name another folder (--output)"
        )
    sweep_directory.check_folder(folder, resume=resume)
    if not resume:
        return SweepRecord()
    before, record = read_sweep(folder)
    check_original(folder, record.id)
    _check_same(before, config)
    return record


def _has_trials(folder: Path) -> bool:
    try:
        return any((folder / TRIALS).iterdir())
    except OSError:
        return False


def _check_same(old: Config, new: Config) -> None:
    for path, (before, after) in differences(old, new).items():
        changeable = ", ".join(prefix.rstrip(".") for prefix in RESUMABLE)
        raise ConfigError(
            f"cannot change when a sweep is resumed (it was {before!r}): finished "
            f"trials would not fit; start a new sweep, or change only {changeable}",
            path=path,
            value=after,
        )
    _check_extension(old.search.trials, new)


def _check_extension(trials: int, new: Config) -> None:
    if new.search.trials == trials:
        return
    problem = ""
    if pbt_config(new) is not None:
        problem = (
            f"a population keeps its size (it was {trials}): "
            "what its members did depends on all of them"
        )
    elif new.search.trials < trials:
        problem = f"a sweep can be extended, not cut (it had {trials})"
    if problem:
        raise ConfigError(problem, path="search.trials", value=new.search.trials)
