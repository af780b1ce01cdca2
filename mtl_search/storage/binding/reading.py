"""Read the sweep in a folder, where folder, journal and config belong together."""

from __future__ import annotations

from pathlib import Path

from mtl_search.config import Config, load_config
from mtl_search.errors import SweepError
from mtl_search.storage.binding.config import check_config
from mtl_search.storage.binding.folder import check_owner
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import CONFIG, JOURNAL


def read_sweep(folder: Path) -> tuple[Config, SweepRecord]:
    """Read config and journal of a sweep; nothing is written.

    Args:
        folder: The sweep's folder.

    Raises:
        ConfigError: The config cannot be read.
        SweepError: There is no sweep, its journal is damaged, or config and journal do not belong
            together.

    Examples:
        >>> config, record = read_sweep(Path("tests/fixtures/sweeps/v0_1_finished"))
        >>> config.name == record.name, record.complete
        (True, True)
    """
    journal = folder / JOURNAL
    if not journal.exists():
        raise SweepError(f"{folder} holds no sweep (there is no {JOURNAL} in it)")
    record = read_record(journal)
    if not record.id:
        raise SweepError(
            f"{journal}, line 1: there is no whole line: no trial has begun yet, or the file has "
            "lost its content"
        )
    config = load_config(folder / CONFIG)
    check_owner(folder, record.id)
    check_config(folder, config, record)
    return config, record
