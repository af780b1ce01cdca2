"""The folder of a sweep: where it lies, whether it may be resumed, and that one driver at a time writes to it.

<folder>/config.yaml      the resolved config
<folder>/journal.jsonl    the truth
<folder>/trials/<id>/     checkpoints
<folder>/model.png        the network of the best trial, where the sweep is tracked
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtl_search.config import Config, load_config, paths, to_dict, to_yaml
from mtl_search.errors import ConfigError, SweepError, nearest

CONFIG = "config.yaml"
JOURNAL = "journal.jsonl"
PICTURE = "model.png"

# What may change when a sweep is resumed: how much more is done, and where; never what a trial is.
_RESUMABLE = ("search.trials", "search.finalists.top", "search.retries", "search.stop_after_failures", "resources.",
              "tracking.", "training.checkpoint_every_s", "training.resident", "training.on_out_of_memory")  # fmt: skip


def new_folder(root: Path, name: str) -> Path:
    """The first of `<root>/<name>`, `<root>/<name>-2`, ... that does not exist."""
    number = 1
    while (folder := root / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return folder


def latest_folder(root: Path, name: str) -> Path:
    """The sweep of this name that was written to last.

    Raises:
        SweepError: There is none.
    """
    sweeps = [journal.parent for journal in root.glob(f"*/{JOURNAL}")]
    found = [folder for folder in sweeps if _is_numbered(folder.name, name)]
    if not found:
        there = f"; sweeps there: {', '.join(sorted(folder.name for folder in sweeps))}" if sweeps else ""
        near = nearest(name, [folder.name for folder in sweeps])
        hint = f"; did you mean {near!r}?" if near else ""
        raise SweepError(f"no sweep called {name!r} in {root} to resume or read{there}{hint}")
    return max(found, key=lambda folder: (folder / JOURNAL).stat().st_mtime)


def prepare(folder: Path, config: Config, *, resume: bool) -> None:
    """Make the folder of a new sweep, or check that this config may go on in an old one; then write the config.

    Raises:
        SweepError: The folder holds a sweep already, or nothing to resume.
        ConfigError: A value differs from the sweep's that must not change.
    """
    held = _holds_sweep(folder)
    if held and not resume:
        raise SweepError(f"{folder} holds a sweep already: --resume goes on with it, --output names another folder")
    if resume and not held:
        raise SweepError(f"{folder} holds no sweep to resume")
    if resume:
        _check_same(load_config(folder / CONFIG), config)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{CONFIG}.new"
    fresh.write_text(to_yaml(config), encoding="utf-8")
    fresh.replace(folder / CONFIG)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock goes with the process, however it ends.

    Raises:
        SweepError: Another process runs this sweep.
    """
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SweepError(f"another process is running the sweep in {folder}") from None
        try:
            yield
        finally:
            if new and not _holds_sweep(folder):  # refused before it began
                shutil.rmtree(folder, ignore_errors=True)


def forget_checkpoints(folder: Path, trial_id: str, *, best: bool) -> None:
    """Delete what a finished trial no longer needs: where it would have gone on, and its best network unless kept."""
    trial = folder / "trials" / trial_id
    parts = {f"{part}{ending}" for part in ("last", "best", "kept") for ending in ("", ".new", ".old")}
    for part in parts if best else parts - {"best"}:
        shutil.rmtree(trial / part, ignore_errors=True)


def _holds_sweep(folder: Path) -> bool:
    journal = folder / JOURNAL
    return journal.exists() and journal.stat().st_size > 0


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
    from mtl_search.search.schedulers import population_rules  # Ray is slow to import, and most uses need none of it

    if new.search.trials != old.search.trials and population_rules(new) is not None:
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


def _is_numbered(folder: str, name: str) -> bool:
    rest = folder.removeprefix(name)
    return folder == name or (rest != folder and rest.startswith("-") and rest[1:].isdigit())
