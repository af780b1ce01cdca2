"""Whether a config may start or resume the sweep in a folder."""

from __future__ import annotations

from pathlib import Path

from mtl_search.config import Config, load_config, paths, to_dict, to_stored, to_yaml
from mtl_search.errors import ConfigError, SweepError
from mtl_search.search.schedulers import pbt_config
from mtl_search.storage import atomic
from mtl_search.storage.sweep_directory import CONFIG, holds_sweep

# What may change when a sweep is resumed: how much more is done, and where; never what a trial is.
_RESUMABLE = (
    "search.trials",
    "search.time_budget",
    "search.finalists.top",
    "search.finalists.seeds",
    "search.finalists.max_seeds",
    "search.finalists.margin",
    "search.finalists.splits",
    "search.retries",
    "search.stop_after_failures",
    "resources.",
    "tracking.",
    "report.",
    "training.checkpoint_every_s",
    "training.cache_on_device",
    "training.on_out_of_memory",
)


def prepare(folder: Path, config: Config, *, resume: bool) -> None:
    """Make the folder of a new sweep, or check that this config may resume the one in it.

    Then write the config to the folder.

    Args:
        folder: The sweep's folder.
        config: The config of this session.
        resume: Whether to go on with the sweep in the folder.

    Raises:
        SweepError: The folder holds a sweep already, or nothing to resume.
        ConfigError: A value that must not change differs from the sweep's.
    """
    has_sweep = holds_sweep(folder)
    if has_sweep and not resume:
        raise SweepError(
            f"{folder} holds a sweep already: --resume goes on with it, "
            "--output names another folder"
        )
    if resume and not has_sweep:
        raise SweepError(f"{folder} holds no sweep to resume")
    if resume:
        _check_same(load_config(folder / CONFIG), config)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic.replace_file(folder / CONFIG) as new_file:
        new_file.write_text(to_yaml(config), encoding="utf-8")


def _check_same(old: Config, new: Config) -> None:
    before, after = paths.flatten(to_stored(old)), paths.flatten(to_stored(new))
    # A sweep of an earlier version has stored the values of variables.
    values_before, values_after = paths.flatten(to_dict(old)), paths.flatten(to_dict(new))
    for path in sorted(before.keys() | after.keys()):
        is_same = before.get(path) == after.get(path)
        is_same |= values_before.get(path) == values_after.get(path)
        if not is_same and not path.startswith(_RESUMABLE):
            changeable = ", ".join(prefix.rstrip(".") for prefix in _RESUMABLE)
            raise ConfigError(
                f"cannot change when a sweep is resumed (it was {before.get(path)!r}): finished "
                f"trials would not fit; start a new sweep, or change only {changeable}",
                path=path,
                value=after.get(path),
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
