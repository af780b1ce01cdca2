"""Files of strangers are read as numbers and texts: no pickle, and no way out of their folder."""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_search import SweepError
from mtl_search.config import load_config
from mtl_search.data.datasets import load_data
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.models.backbones.weights_file import read_weights
from mtl_search.storage import item_values
from mtl_search.storage.journal import read_record
from mtl_search.storage.remote import RemoteStorage
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training import exploit
from tests.support.config_trees import tree
from tests.support.repository import REPOSITORY


class _Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.mark,)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "executed"


def test_the_trap_works(mark: Path) -> None:
    pickle.loads(pickle.dumps(_Evil(mark)))
    assert mark.exists()


def _npy(evil: _Evil) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([evil], dtype=object), allow_pickle=True)
    return file.getvalue()


def test_pickled_arrays_are_refused(mark: Path, tmp_path: Path) -> None:
    evil = _Evil(mark)
    folder = tmp_path / "arrays"
    folder.mkdir()
    (folder / "x.npy").write_bytes(_npy(evil))
    file = tmp_path / "arrays.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", _npy(evil))
        archive.writestr("../outside.npy", _npy(evil))
    trial = tmp_path / "trials" / "a"
    trial.mkdir(parents=True)
    (trial / item_values.FILE).write_bytes(file.read_bytes())
    readers: list[Callable[[], object]] = [
        lambda: np.asarray(MemmapArray(folder / "x.npy", 1.0)[:]),
        lambda: item_values.read(tmp_path, "a"),
    ]
    for place in (folder, file):
        section = {"name": "arrays", "path": str(place), "inputs": ["x"], "targets": {"y": "x"}}
        config = load_config({**tree(), "data": section})
        readers.append(lambda config=config: load_data(config))  # type: ignore[misc]
    for read in readers:
        with pytest.raises(Exception, match=r".+"):
            read()
    assert not mark.exists()
    assert not (tmp_path.parent / "outside.npy").exists()


def test_pickled_weights_are_refused(mark: Path, tmp_path: Path) -> None:
    torch.save({"state_dict": _Evil(mark)}, tmp_path / "weights.pt")
    with pytest.raises(Exception, match=r".+"):
        read_weights(str(tmp_path / "weights.pt"), "model.backbone.weights")
    assert not mark.exists()


def test_pickled_checkpoints_are_refused(mark: Path, tmp_path: Path) -> None:
    last = tmp_path / "last"
    last.mkdir()
    torch.save({"random": _Evil(mark)}, last / "optimizer.pt")
    (last / "progress.json").write_text("{}")
    directory = TrialDirectory(tmp_path)
    with pytest.raises(Exception, match=r"(?i)weights"):
        exploit.take_over(directory, directory)
    assert not mark.exists()


def test_no_source_reads_pickles() -> None:
    """What is not listed here is refused; Ray's own messages between processes are pickles."""
    wrong = []
    unsafe = re.compile(
        r"pickle\.loads?\(|cloudpickle\.loads?\(|joblib|read_pickle|Unpickler|marshal\.load|"
        r"shelve|yaml\.(unsafe|full)_load|[^.\w](eval|exec)\(|trust_remote_code=True|"
        r"allow_pickle=True|weights_only=False|extractall"
    )
    loads = re.compile(r"(np|numpy|torch)\.load\((?:[^()]|\([^()]*\))*\)")
    for file in sorted((REPOSITORY / "mtl_search").rglob("*.py")):
        text = file.read_text()
        wrong += [(file.name, match.group()) for match in unsafe.finditer(text)]
        for match in loads.finditer(text):
            if not re.search(r"allow_pickle=False|weights_only=True", match.group()):
                wrong.append((file.name, match.group()))
    assert wrong == []


@pytest.mark.parametrize("name", ["../x", "..", ".", "", "a/b", "a\\b", "a\0b", 3, None])
def test_ids_in_a_journal_stay_in_their_folder(name: object, tmp_path: Path) -> None:
    trial = {
        "event": "trial", "time": 1.0, "id": name, "arm": "search", "number": 0, "params": {},
        "distributions": {}, "overrides": {}, "seed": 0,
    }  # fmt: skip
    sweeps = [
        {"event": "sweep", "time": 1.0, "id": name, "name": "a"},
        {"event": "sweep", "time": 1.0, "id": "a", "name": name},
    ]
    for event in [trial, *sweeps]:
        file = tmp_path / "journal.jsonl"
        file.write_text(json.dumps(event) + "\n")
        with pytest.raises(SweepError, match=r"cannot name a folder|a text is needed"):
            read_record(file)


def test_names_in_a_storage_stay_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("x")
    storage = tmp_path / "storage"
    storage.mkdir()
    for name in ("../secret", "last.../../secret", "last.x/../../secret", "", "."):
        (storage / "last").write_text(name)
        with pytest.raises(OSError, match="names no folder of this checkpoint"):
            RemoteStorage(str(storage)).get("last", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../x", "..", "a/b", "/x", "", "a\n", ".hidden"])
def test_names_of_sweeps_and_tasks_stay_in_their_folder(name: str) -> None:
    from mtl_search import ConfigError
    from mtl_search.config.consistency import check_task_names

    with pytest.raises(ConfigError):
        load_config({**tree(), "name": name})
    tasks = {name: next(iter(tree()["tasks"].values()))}
    with pytest.raises(ConfigError):
        check_task_names(load_config({**tree(), "tasks": tasks}))
