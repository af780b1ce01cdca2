"""Whether a config is still that of its sweep: the journal has the config that it began with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtl_search.config import Config, paths, to_dict, to_stored
from mtl_search.config.stored import from_stored
from mtl_search.errors import ConfigError, RequestError
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import CONFIG, JOURNAL

# What may change when a sweep is resumed: how much more is done, and where; never what a trial is.
RESUMABLE = (
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
# What `to_stored` writes in place of a password.
_MASK = "***"
# So many differences are named.
_NAMED = 3


def differences(old: Config, new: Config) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two configs of a sweep, and must not.

    Args:
        old: The config of a session.
        new: The config of a later one.

    Returns:
        Dotted path → value before and after; None where there is none.

    Examples:
        >>> from mtl_search.config import load_config, override
        >>> tree = {"name": "demo", "data": "digit_pairs", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"left": {"head": "softmax"}}})
        >>> differences(config, override(config, {"training.epochs": 5, "search.trials": 99}))
        {'training.epochs': (10, 5)}
    """
    before, after = paths.flatten(to_stored(old)), paths.flatten(to_stored(new))
    # A sweep of an earlier version has stored the values of variables.
    values_before, values_after = paths.flatten(to_dict(old)), paths.flatten(to_dict(new))
    return {
        path: (before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
        and values_before.get(path) != values_after.get(path)
        and not path.startswith(RESUMABLE)
    }


def check_config(folder: Path, config: Config, record: SweepRecord) -> None:
    """Check that the config in a sweep's folder is the one that its trials were trained with.

    Args:
        folder: The sweep's folder.
        config: The config in it.
        record: What its journal says.

    Raises:
        RequestError: The config was changed by hand, or the journal is that of another sweep.
    """
    if record.name and record.name != config.name:
        raise RequestError(
            f"{folder / JOURNAL} is the journal of the sweep {record.name!r}, and "
            f"{folder / CONFIG} the config of {config.name!r}: put the two files of one sweep "
            "together again"
        )
    if record.config:
        _check_values(folder, config, record.config)
    tasks = {task for arm in record.budget if (task := _task_of(arm)) is not None}
    if record.config or tasks <= config.tasks.keys():
        return
    strange = sorted(tasks - config.tasks.keys())
    raise RequestError(
        f"{folder / JOURNAL} has trials of the task {strange[0]!r}, which {folder / CONFIG} does "
        "not have: put the two files of one sweep together again"
    )


def _task_of(arm: str) -> str | None:
    return ArmName(arm).task


def _check_values(folder: Path, config: Config, stored: Mapping[str, Any]) -> None:
    if paths.flatten(to_stored(config)) == paths.flatten(stored):
        return  # nearly always, and it takes no time
    try:
        before = from_stored(stored)
    except ConfigError:  # a later version has written it, within the same format
        return
    found = {
        path: values
        for path, values in differences(before, config).items()
        if _MASK not in f"{values[0]}{values[1]}"  # one session may know a password, another not
    }
    if found:
        raise RequestError(
            f"{folder / CONFIG} was changed since the sweep began: {_in_words(found)}. Trials of "
            "both kinds would stand in one leaderboard: put the old values back, and extend the "
            "sweep by `--resume search.trials=N`, or start a new one in another folder"
        )


def _in_words(found: Mapping[str, tuple[Any, Any]]) -> str:
    texts = [
        f"{path} was {_short(before)} and is {_short(after)}"
        for path, (before, after) in list(found.items())[:_NAMED]
    ]
    more = len(found) - len(texts)
    return "; ".join([*texts, *([f"and {more:,} more"] if more else [])])


def _short(value: Any) -> str:
    text = "not there" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:56]} ..."
