"""The checkpoints of a trial, in its own folder or by way of a storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_directory import TrialDirectory, trial_storage
from tests.support.recorded_sweeps import config


def writer(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "file").write_text(text)


@pytest.mark.parametrize("stored", [False, True])
def test_another_process_reads_what_was_written_last(tmp_path: Path, *, stored: bool) -> None:
    uri = str(tmp_path / "storage") if stored else ""
    first = TrialDirectory(tmp_path / "trial", uri)
    for text in ("old", "new"):
        first.write("last", writer(text))
    first.copy("last", "best")
    second = TrialDirectory(tmp_path / "trial", uri)
    second.fetch()
    assert second.has("last")
    assert second.has("best")
    assert not second.has("kept")
    assert second.read("last", "file") == second.read("best", "file") == b"new"
    assert (second.folder == first.folder) == (not stored)
    assert (tmp_path / "trial").exists() == (not stored)


def test_a_temporary_folder_goes_with_its_object(tmp_path: Path) -> None:
    trial = TrialDirectory(tmp_path / "unused", str(tmp_path / "storage"))
    folder = trial.folder
    assert folder.is_dir()
    del trial
    assert not folder.exists()


def test_a_trial_has_its_own_folder_in_the_storage() -> None:
    record = SweepRecord(id="f00", name="demo")
    stored = config(**{"resources.storage": "s3://bucket/sweeps?region=eu"})
    uri = trial_storage(stored, record, "search-0001")
    assert uri == "s3://bucket/sweeps/demo-f00/search-0001?region=eu"
    assert trial_storage(config(), record, "search-0001") == ""
