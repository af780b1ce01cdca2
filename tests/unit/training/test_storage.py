"""Checkpoints by way of a storage: on another node the trial goes on as if nothing had been; half a copy is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mtl_search.training import storage as module
from mtl_search.training.place import fetch
from mtl_search.training.storage import Storage, below
from mtl_search.training.trainer import Trainer
from tests.unit.training import trials


def _trainer(storage: Path, directory: str, *, test: bool = True) -> Trainer:
    """On a node of its own: no folder is shared but the storage."""
    spec = trials.spec(trials.config(checkpoint_every_s=0), Path(directory), test=test)
    return Trainer(dataclasses.replace(spec, storage=str(storage)), trials.data(), trials.CPU)


def test_a_trial_goes_on_where_its_folder_is_not(tmp_path: Path) -> None:
    whole = [trials.told(r) for r in trials.train(_trainer(tmp_path / "one", "/nowhere"))]
    first = _trainer(tmp_path / "two", "/nowhere")
    first.run_epoch()
    first.run_epoch()
    second = _trainer(tmp_path / "two", "/nowhere/else")
    assert second.progress.epoch == 2
    reports = trials.train(second)
    assert [trials.told(report) for report in reports] == whole[2:]
    assert reports[-1].test
    assert not Path("/nowhere").exists()

    for name in ("one", "two"):
        assert fetch(Storage(str(tmp_path / name)), "best", tmp_path / f"best of {name}")
    files = [(tmp_path / f"best of {name}" / "model.safetensors").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


def test_a_trial_leaves_no_file_on_its_node(tmp_path: Path) -> None:
    made = _trainer(tmp_path / "storage", "/nowhere")
    made.run_epoch()
    folder = made.place.folder
    assert (folder / "best").is_dir()
    del made
    assert not folder.exists()


def _write(folder: Path, text: str) -> Path:
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    (folder / "file").write_text(text)
    (folder / "sub" / "file").write_text(text)
    return folder


def test_parts_replace_one_another_and_go(tmp_path: Path) -> None:
    storage = Storage(below(str(tmp_path), "storage", "t-0000"))
    assert not storage.get("last", tmp_path / "out")
    storage.delete()
    for text in ("old", "new"):
        storage.put(_write(tmp_path / "in", text), "last")
    storage.put(_write(tmp_path / "in", "other"), "best")
    (tmp_path / "out").mkdir()
    assert storage.get("last", tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == (tmp_path / "out" / "sub" / "file").read_text() == "new"
    assert len(list((tmp_path / "storage" / "t-0000").iterdir())) == 4  # two parts, each a folder and its name
    storage.delete()
    assert not list((tmp_path / "storage").iterdir())


def test_a_copy_that_broke_off_leaves_the_old_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(tmp_path / "storage"))
    storage.put(_write(tmp_path / "in", "old"), "last")

    def broken(source: str, target: str, *systems: object) -> None:
        (Path(target) / "file").write_text("half")
        raise OSError("the line is dead")

    with monkeypatch.context() as patch:
        patch.setattr(module, "copy_files", broken)
        with pytest.raises(OSError, match="the line is dead"):
            storage.put(_write(tmp_path / "in", "new"), "last")
    assert fetch(storage, "last", tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == "old"
    storage.put(tmp_path / "in", "last")
    assert len(list((tmp_path / "storage").iterdir())) == 2, "what broke off stays behind"


@pytest.mark.parametrize(
    ("uri", "whole"),
    [
        ("/data", "/data/sweep/t"),
        ("/data/", "/data/sweep/t"),
        ("s3://bucket", "s3://bucket/sweep/t"),
        ("s3://bucket/folder/?region=eu-west-1", "s3://bucket/folder/sweep/t?region=eu-west-1"),
    ],
)
def test_a_folder_in_a_storage(uri: str, whole: str) -> None:
    assert below(uri, "sweep", "t") == whole
