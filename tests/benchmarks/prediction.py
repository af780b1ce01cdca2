"""Rows a second of `Model.predict` on a table, against the network alone on prepared tensors.

    python -m tests.benchmarks.prediction [--rows 100000]

The table has eight columns of numbers and two of twelve categories. `network` is the network in
batches of 512 and of 2048 on a tensor that is in memory, which all others are divided by, in this
order; `prepared` is `Model.predict` on the prepared array;
`arrays` and `frame` are `Model.predict` on the data frame, the preparation included; `csv` reads
the rows from a file, too. `first` is a new process that imports what prediction needs, loads a
model and predicts 100 rows, beside one that imports torch and pandas alone and does as much. All
times are those of the processor, with one thread, since others may use the machine, too.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mtl_search.config import Component, parse
from mtl_search.data.datasets.build import build_data
from mtl_search.data.spec import data_spec
from mtl_search.export import Model
from mtl_search.models.build import build_network
from mtl_search.training.predictor import Predictor

# The network alone, 512 rows at a time, and 2048, as `Model.predict` takes of such rows by default.
SMALL, LARGE = "network, 512", "network, 2048"
REPETITIONS = 5

_FIRST = """
import re, sys, time
begun = time.process_time()
import mtl_search
frame = mtl_search.Model.load(sys.argv[1], trust_code=True).predict(sys.argv[2])
assert len(frame) == 100
memory = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
print(time.process_time() - begun, int(memory) / 1024)
"""
_PLAIN = """
import re, sys, time
begun = time.process_time()
import pandas, torch
frame = pandas.read_csv(sys.argv[2]).select_dtypes("number")
network = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 3))
with torch.inference_mode():
    network(torch.from_numpy(frame.to_numpy("float32")[:, :8])).softmax(1).numpy()
memory = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
print(time.process_time() - begun, int(memory) / 1024)
"""


def rows_of(count: int) -> pd.DataFrame:
    """Return a table of numbers, categories and targets."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(10, 3, (count, 8)), columns=list("abcdefgh"))
    for name in ("place", "kind"):
        frame[name] = np.array([f"{name}{k}" for k in range(12)])[rng.integers(0, 12, count)]
    frame["size"] = frame["a"] * 2 + rng.normal(size=count)
    frame["group"] = np.array(["low", "middle", "high"])[rng.integers(0, 3, count)]
    return frame


def model_of(folder: Path, widths: list[int]) -> tuple[Model, Predictor]:
    """Return a model of two tasks, with the weights that it begins with."""
    rows_of(2000).to_csv(folder / "train.csv", index=False)
    data_tree = {
        "name": "table",
        "path": str(folder / "train.csv"),
        "targets": {"size": "real", "group": "class"},
    }
    tree = {
        "name": "prediction",
        "data": data_tree,
        "tasks": {"size": {"head": "regression"}, "group": {"head": "softmax"}},
        "model": {"backbone": {"name": "mlp", "widths": widths}},
    }
    config = parse(tree)
    data = build_data(Component.model_validate(data_tree), 0)
    predictor = Predictor(build_network(config, data), config, data_spec(data))
    return Model.of(predictor), predictor


def seconds(function: Callable[[], Any]) -> float:
    """Return the median of the processor seconds that a function takes."""
    function()
    taken = []
    for _ in range(REPETITIONS):
        begun = time.process_time()
        function()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def throughput(count: int, widths: list[int], folder: Path) -> dict[str, float]:
    """Return rows a second of every way to predict."""
    model, predictor = model_of(folder, widths)
    frame = rows_of(count)
    path = folder / "new.csv"
    frame.to_csv(path, index=False)
    assert model.preparation is not None
    prepared = dict(model.preparation.transform(frame).inputs)
    tensor = torch.from_numpy(prepared["table"])

    @torch.inference_mode()
    def network(size: int) -> None:
        for start in range(0, count, size):
            outputs = predictor.network({"table": tensor[start : start + size]})
            predictor.network.predict(outputs)

    ways: dict[str, Callable[[], Any]] = {
        SMALL: lambda: network(512),
        LARGE: lambda: network(2048),
        "prepared": lambda: model.predict(prepared),
        "preparation": lambda: model.preparation.transform(frame),  # type: ignore[union-attr]
        "arrays": lambda: model.predict(frame, output="arrays"),
        "frame": lambda: model.predict(frame),
        "csv": lambda: model.predict(path),
        "arrays, 512": lambda: model.predict(frame, output="arrays", batch_size=512),
    }
    return {name: count / seconds(way) for name, way in ways.items()}


def first_prediction(folder: Path) -> dict[str, tuple[float, float]]:
    """Return seconds and MB of a new process up to its first prediction, and of plain torch."""
    model, _ = model_of(folder, [64, 64])
    model.save(folder / "saved")
    rows_of(100).to_csv(folder / "few.csv", index=False)
    results = {}
    for name, code in (("mtl_search", _FIRST), ("torch", _PLAIN)):
        command = [sys.executable, "-c", code, str(folder / "saved"), str(folder / "few.csv")]
        told = []
        for _ in range(REPETITIONS):
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            told.append(tuple(map(float, done.stdout.split())))
        results[name] = statistics.median(t[0] for t in told), statistics.median(t[1] for t in told)
    return results


def main() -> None:
    """Print both measurements."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for widths in ([64, 64], [512, 512]):
            rates = throughput(count, widths, folder)
            for way, rate in rates.items():
                shares = f"{rate / rates[SMALL]:6.2f}  {rate / rates[LARGE]:6.2f}"
                print(f"mlp {widths}  {way:<13}{rate:>12,.0f} rows/s  {shares}", flush=True)
        for way, (taken, memory) in first_prediction(folder).items():
            print(f"first prediction  {way:<12}{taken:6.2f} s  {memory:6.0f} MB")


if __name__ == "__main__":
    main()
