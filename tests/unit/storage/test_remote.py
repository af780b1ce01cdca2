"""Checkpoints by way of a storage: a trial goes on on another node, and half a copy is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mtl_search.storage import remote as module
from mtl_search.storage.remote import RemoteStorage, below
from mtl_search.storage.trial_directory import fetch
from mtl_search.training.trainer import Trainer
from tests.support import trials


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
        assert fetch(RemoteStorage(str(tmp_path / name)), "best", tmp_path / f"best of {name}")
    files = [
        (tmp_path / f"best of {name}" / "model.safetensors").read_bytes() for name in ("one", "two")
    ]
    assert files[0] == files[1]


def test_a_trial_leaves_no_file_on_its_node(tmp_path: Path) -> None:
    made = _trainer(tmp_path / "storage", "/nowhere")
    made.run_epoch()
    folder = made.directory.folder
    assert (folder / "best").is_dir()
    del made
    assert not folder.exists()


def _write(folder: Path, text: str) -> Path:
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    (folder / "file").write_text(text)
    (folder / "sub" / "file").write_text(text)
    return folder


def test_parts_replace_one_another_and_go(tmp_path: Path) -> None:
    storage = RemoteStorage(below(str(tmp_path), "storage", "t-0000"))
    assert not storage.get("last", tmp_path / "out")
    storage.delete()
    for text in ("old", "new"):
        storage.put(_write(tmp_path / "in", text), "last")
    storage.put(_write(tmp_path / "in", "other"), "best")
    (tmp_path / "out").mkdir()
    assert storage.get("last", tmp_path / "out")
    assert (
        (tmp_path / "out" / "file").read_text()
        == (tmp_path / "out" / "sub" / "file").read_text()
        == "new"
    )
    assert (
        len(list((tmp_path / "storage" / "t-0000").iterdir())) == 4
    )  # two parts, each a folder and its name
    storage.delete()
    assert not list((tmp_path / "storage").iterdir())


def test_a_copy_that_broke_off_leaves_the_old_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = RemoteStorage(str(tmp_path / "storage"))
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
        ("s3://key:secret@bucket/a?endpoint_override=host%3A9000&scheme=http",
         "s3://key:secret@bucket/a/sweep/t?endpoint_override=host%3A9000&scheme=http"),
        ("gs://bucket", "gs://bucket/sweep/t"),
        ("gs://anonymous@bucket/folder?retry_limit_seconds=9",
         "gs://anonymous@bucket/folder/sweep/t?retry_limit_seconds=9"),
        ("file:///data/", "file:///data/sweep/t"),
    ],
)  # fmt: skip
def test_a_folder_in_a_storage(uri: str, whole: str) -> None:
    assert below(uri, "sweep", "t") == whole


@pytest.mark.parametrize(
    ("uri", "kind", "root"),
    [
        ("s3://bucket/folder?region=eu-west-1", "s3", "bucket/folder/sweep/t"),
        (
            "s3://bucket?region=us-east-1&endpoint_override=localhost%3A9000&scheme=http",
            "s3",
            "bucket/sweep/t",
        ),
        ("gs://anonymous@bucket/folder?retry_limit_seconds=9", "gcs", "bucket/folder/sweep/t"),
    ],
)
def test_an_object_store_is_opened_with_its_options(uri: str, kind: str, root: str) -> None:
    """Without a network: nothing is asked of it before the first file."""
    storage = RemoteStorage(below(uri, "sweep", "t"))
    assert (storage._files.type_name, storage._root) == (kind, root)
    assert storage._path("last") == f"{root}/last"
    if "region=eu-west-1" in uri:
        assert storage._files.region == "eu-west-1"


def test_a_uri_of_a_local_folder_is_that_folder(tmp_path: Path) -> None:
    storage = RemoteStorage(below(f"file://{tmp_path}/storage", "sweep", "t"))
    storage.put(_write(tmp_path / "in", "text"), "last")
    other = RemoteStorage(str(tmp_path / "storage" / "sweep" / "t"))
    assert fetch(other, "last", tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == "text"
    other.delete()
    assert not storage.get("last", tmp_path / "gone")


def test_a_mark_tells_two_storages_apart(tmp_path: Path) -> None:
    here, there = RemoteStorage(str(tmp_path / "here")), RemoteStorage(str(tmp_path / "there"))
    mark = here.write_mark()
    assert here.has_mark(mark)
    assert not there.has_mark(mark)
    assert not (tmp_path / "there").exists(), "to look makes no folder"
    here.delete_mark(mark)
    here.check()
    assert not list((tmp_path / "here").iterdir())
