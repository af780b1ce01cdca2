"""Whether a config may start or resume the sweep in a folder."""

from __future__ import annotations

from pathlib import Path

from mtl_search.config import Config, load_config, paths, to_dict, to_yaml
from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage import atomic
from mtl_search.storage.sweep_directory import CONFIG, holds_sweep

# What may change when a sweep is resumed: how much more is done, and where; never what a trial is.
_RESUMABLE = ("search.trials", "search.finalists.top", "search.retries", "search.stop_after_failures", "resources.",
              "tracking.", "training.checkpoint_every_s", "training.cache_on_device", "training.on_out_of_memory")  # fmt: skip


def prepare(folder: Path, config: Config, *, resume: bool) -> None:
    """Make the folder of a new sweep, or check that this config may go on in an old one; then write the config.

    Raises:
        SweepError: The folder holds a sweep already, or nothing to resume.
        ConfigError: A value differs from the sweep's that must not change.
    """
    held = holds_sweep(folder)
    if held and not resume:
        raise SweepError(
            f"{folder} holds a sweep already: --resume goes on with it, --output names another folder"
        )
    if resume and not held:
        raise SweepError(f"{folder} holds no sweep to resume")
    if resume:
        _check_same(load_config(folder / CONFIG), config)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic.replace_file(folder / CONFIG) as new_config:
        new_config.write_text(to_yaml(config), encoding="utf-8")


def _check_same(old: Config, new: Config) -> None:
    before, after = paths.flatten(to_dict(old)), paths.flatten(to_dict(new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path) and not path.startswith(_RESUMABLE):
            raise ConfigError(
                f"cannot change when a sweep is resumed (it was {before.get(path)!r}): finished trials would not fit;"
                f" start a new sweep, or change only {', '.join(p.rstrip('.') for p in _RESUMABLE)}",
                path=path, value=after.get(path),
            )  # fmt: skip
    _check_extension(old, new)


def _check_extension(old: Config, new: Config) -> None:
    from mtl_search.search.schedulers import (
        pbt_config,
    )  # Ray is slow to import, and most uses need none of it

    if new.search.trials != old.search.trials and pbt_config(new) is not None:
        raise ConfigError(
            f"a population keeps its size (it was {old.search.trials}): what its members did depends on all of them",
            path="search.trials",
            value=new.search.trials,
        )
    if new.search.trials < old.search.trials:
        raise ConfigError(
            f"a sweep can be extended, not cut (it had {old.search.trials})",
            path="search.trials",
            value=new.search.trials,
        )
