"""A sweep's small files travel as one line."""

from __future__ import annotations

import base64
import io
import shutil
import tarfile
from pathlib import Path

import pytest

from mtl_search import Result
from mtl_search.errors import SweepError
from mtl_search.jobs.courier import decode, encode
from tests.support.repository import REPOSITORY

FINISHED = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished"


def test_the_report_is_the_same_afterwards(tmp_path: Path) -> None:
    shutil.copytree(FINISHED, tmp_path / "there")
    trial = tmp_path / "there" / "trials" / "final-0"
    (trial / "best").mkdir(parents=True)
    (trial / "best" / "model.safetensors").write_bytes(b"large")
    (trial / "test_items.npz").write_bytes(b"items")
    line = encode(tmp_path / "there")
    assert "\n" not in line
    decode(f"noise of Ray\n{line}\nmore", tmp_path / "here")
    sent = {path.name for path in (tmp_path / "here").rglob("*") if path.is_file()}
    assert sent == {"config.yaml", "journal.jsonl", "test_items.npz"}
    there, here = Result(FINISHED), Result(tmp_path / "here")
    assert here.trials.equals(there.trials)
    assert here.verdict.sentence() == there.verdict.sentence()


def test_no_sweep_and_no_line(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="holds no sweep"):
        encode(tmp_path)
    with pytest.raises(SweepError, match="did not arrive"):
        decode("nothing", tmp_path)


def test_no_file_leaves_the_folder(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        archive.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    line = "mtl-search-files:" + base64.b64encode(buffer.getvalue()).decode()
    with pytest.raises(SweepError, match=r"forbidden name: '\.\./outside'"):
        decode(line, tmp_path / "here")
    assert not (tmp_path / "outside").exists()
