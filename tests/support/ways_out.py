"""Models on every way out, and what they predict in a process that has nothing but them."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.export import Model
from mtl_search.export.pyfunc.saving import save_pyfunc
from tests.support.repository import REPOSITORY

WAYS = ("pyfunc", "onnx", "torch")
TOLERANCE = 1e-5


def write(model: Model, raw: Any, folder: Path, ways: Collection[str] = WAYS) -> None:
    """Write a model on every way out, raw rows, and what it predicts of them.

    Args:
        model: The model.
        raw: A few raw rows; of images their paths, whose files are copied.
        folder: A new folder.
        ways: The ways beside `Model.save`.
    """
    folder.mkdir(parents=True)
    predicted = model.predict(raw, output="arrays", prepared=False)
    np.savez(folder / "arrays.npz", **predicted)
    frame = model.predict(raw, output="frame", prepared=False)
    frame.reset_index(drop=True).to_pickle(folder / "frame.pkl")
    if isinstance(raw, list) and isinstance(raw[0], Path):
        (folder / "files").mkdir()
        raw = [Path(shutil.copy(path, folder / "files")).name for path in raw]
    (folder / "raw.pkl").write_bytes(pickle.dumps(raw))
    model.save(folder / "model")
    for way in ways:
        if way == "pyfunc":
            save_pyfunc(model, folder / "pyfunc")
        else:
            model.export(folder / way, format=way)  # type: ignore[arg-type]


def predict_elsewhere(
    folders: Sequence[Path], forbidden: Sequence[Path], elsewhere: Path
) -> dict[str, dict[str, float]]:
    """Move what `write` wrote, and predict in a process without data, Ray, Optuna and network.

    Args:
        folders: The folders, whose names differ.
        forbidden: Folders of which the process can open nothing: sweep, data, encoders.
        elsewhere: The folder to which they move.

    Returns:
        Name of the folder → way → the largest difference; `loaded` has the packages that the
        process has imported and should not have.
    """
    elsewhere.mkdir()
    moved = [shutil.move(folder, elsewhere / folder.name) for folder in folders]
    program = Path(__file__).with_name("elsewhere.py")
    done = subprocess.run(
        [sys.executable, str(program), os.pathsep.join(map(str, forbidden)), *map(str, moved)],
        cwd=elsewhere,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(elsewhere),
            "XDG_CACHE_HOME": str(elsewhere / "cache"),
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def assert_same(found: dict[str, dict[str, float]]) -> None:
    """Every way gives the same numbers, and nothing that trains was imported."""
    assert found.pop("loaded") == {}
    wrong = {
        f"{name} {way}": difference
        for name, ways in found.items()
        for way, difference in ways.items()
        if not difference <= TOLERANCE
    }
    assert not wrong
