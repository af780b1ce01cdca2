"""A disk that fills up in the middle of a sweep: one message, no trial that failed by it, and a
resume to the end.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl_search import Callback, DiskFullError, run
from mtl_search.storage.journal import read_record
from mtl_search.storage.trial_record import TrialRecord
from tests.support.sweeps import assert_mirrored, assert_sound, tiny, whole_lines

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]


@pytest.fixture
def small_disk(runs: Path) -> Iterator[Path]:
    """The sweep's folder, a disk of its own of 2 MB."""
    folder = runs / "tiny"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs to mount a tmpfs, which root may: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Filler(Callback):
    """Fills the disk with a file when this trial has done an epoch."""

    def __init__(self, file: Path, trial: str) -> None:
        self.file, self.trial = file, trial

    def on_epoch_end(self, trial: TrialRecord) -> None:
        if trial.id == self.trial and not self.file.exists():
            with pytest.raises(OSError, match="No space left"):
                self.file.write_bytes(bytes(4 * 2**20))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.large)])
def test_a_full_disk_ends_the_sweep_and_no_trial(small_disk: Path, workers: int) -> None:
    config = tiny(
        {
            "search.trials": 2,
            "search.finalists.top": 0,
            "training.checkpoint_every_s": 0,
            "resources": {"workers": workers, "max_concurrent": 2 // workers},
        }
    )
    ballast = small_disk / "ballast"
    with pytest.raises(DiskFullError) as caught:
        run(config, output=small_disk, callbacks=[Filler(ballast, "search-0000")])
    assert f"no room to write to {small_disk}" in str(caught.value)
    assert "goes on with the sweep" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    record = read_record(small_disk / "journal.jsonl")
    assert not record.complete
    assert {trial.state for trial in record} == {"COMPLETE", "RUNNING"}
    assert_mirrored(small_disk)

    before = whole_lines(small_disk)
    ballast.unlink()
    run(config, output=small_disk, resume=True)
    assert whole_lines(small_disk).startswith(before)
    assert {trial.state for trial in assert_sound(small_disk)} == {"COMPLETE"}
    assert_mirrored(small_disk)
