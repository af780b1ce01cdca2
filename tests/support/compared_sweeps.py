"""Made-up sweeps to be compared, each in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.config import load_config, to_yaml
from mtl_search.storage.journal import read_record
from tests.support.journals import resealed
from tests.support.recorded_sweeps import TASKS, Builder, config, whole
from tests.support.repository import REPOSITORY

_IDENTITY = b"identity-of-the-sweep"
OLD = REPOSITORY / "tests" / "fixtures" / "sweeps"


@dataclass(frozen=True)
class KnownSweep(Sweep):
    """A sweep whose journal says which data and versions it had.

    Attributes:
        known_data: What it says of the data.
        known_versions: What it says of the versions.
    """

    known_data: Mapping[str, Any] = field(default_factory=dict)
    known_versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Mapping[str, Any]:
        return self.known_data

    @property
    def versions(self) -> Mapping[str, str]:
        return self.known_versions


def write_sweep(
    folder: Path,
    tasks: Sequence[str] = TASKS,
    *,
    seeds: int = 3,
    items: int = 0,
    gain: float = 0.02,
    random: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Write a finished sweep with finalists, or with seeds = 0 one that has only begun.

    Args:
        folder: Its folder.
        tasks: Its main tasks.
        seeds: Fresh seeds of each finalist.
        items: Test items whose scores are kept.
        gain: What the search arm is better by.
        random: Seed of the made-up numbers.
        settings: Changes to the config.
    """
    for path, content in _files(tuple(tasks), seeds, items, gain, random).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        mine = content.replace(_IDENTITY, folder.name.encode())
        (folder / path).write_bytes(resealed(mine) if path == "journal.jsonl" else mine)
    (folder / "config.yaml").write_text(to_yaml(config(tasks=tasks, **(settings or {}))))
    return folder


@cache
def _files(
    tasks: tuple[str, ...], seeds: int, items: int, gain: float, random: int
) -> dict[str, bytes]:
    """Path → content of the files of a sweep, made once: each event waits for the disk."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        builder = Builder(folder / "journal.jsonl", tasks).sweep(_IDENTITY.decode()).scales()
        if seeds:
            whole(builder, seeds=seeds, gain=gain, twins=True, items=items, random=random)
        else:
            builder.trial("search", 0, 0.8)
            builder.trial("equal", 0, 0.7)
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def read_sweep(
    folder: Path, label: str = "", *, digest: str = "", versions: Mapping[str, str] | None = None
) -> Sweep:
    """A sweep that lies in a folder, with a digest where one is given."""
    record = read_record(folder / "journal.jsonl")
    evidence = Evidence.of(record, load_config(folder / "config.yaml"), folder)
    data = {"name": "digit_pairs", "digest": digest, "splits": {"test": 50}} if digest else {}
    return KnownSweep(label or folder.name, evidence, folder, data, versions or {})
