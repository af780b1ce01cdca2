"""The sweep in a folder is read where its files belong together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mtl_search.errors import SweepError
from mtl_search.storage.binding.folder import write_mark
from mtl_search.storage.binding.reading import read_sweep

SWEEPS = Path("tests/fixtures/sweeps")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SWEEPS / "v0_1_finished", tmp_path / "sweep")
    return tmp_path / "sweep"


@pytest.mark.parametrize("content", [b"", b'{"event": "swe'])
def test_an_empty_journal_is_no_sweep(folder: Path, content: bytes) -> None:
    (folder / "journal.jsonl").write_bytes(content)
    with pytest.raises(SweepError, match=r"journal.jsonl, line 1: there is no whole line"):
        read_sweep(folder)


def test_a_journal_of_another_sweep(folder: Path) -> None:
    config, record = read_sweep(folder)
    assert config.name == record.name
    write_mark(folder, record.id)
    shutil.copy(SWEEPS / "v0_1_interrupted" / "journal.jsonl", folder / "journal.jsonl")
    with pytest.raises(SweepError, match="the journal of another sweep"):
        read_sweep(folder)
    shutil.copy(SWEEPS / "v0_1_population" / "config.yaml", folder / "config.yaml")
    with pytest.raises(SweepError, match="journal of"):
        read_sweep(folder)
