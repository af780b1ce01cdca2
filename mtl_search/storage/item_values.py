"""The item values of a finalist: what each sample of the test split adds to its metrics.

They are kept beside the finalist's network, in `trials/<id>/test_items.npz` in the sweep's folder,
for intervals that cover both seeds and test samples. Each metric is an array whose mean is the
metric (see `mtl_search.metrics.item_values`), all in the order of the test split. Beside them
stand the scores of single labels (see `mtl_search.metrics.by_label`).

Legend: N items, B blocks, L labels.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mtl_search.storage import atomic, disk
from mtl_search.storage.sweep_directory import TRIALS

FILE = "test_items.npz"
# More items than this are put together in so many blocks. It is far more than an interval can tell
# apart, and keeps a file below 40 kB a metric.
MOST = 10_000
# Name under which the number of items stands beside the values, where they are blocks.
COUNT = "items"
# What the names of the arrays of labels begin with; no task's name has a colon.
_SCORES = "scores of labels:"
_LABELS = "labels:"

Array = npt.NDArray[Any]
# `<task>/<score>` → label → value.
LabelScores = Mapping[str, Mapping[str, float]]


def encode(values: Mapping[str, Array], label_scores: LabelScores | None = None) -> str:
    """Return arrays as one text: a compressed `.npz` file in single precision, as base64.

    Args:
        values: `<task>/<metric>` → item values (N,); of more than 10,000 items, blocks of them
            (see `blocks`), and their number N as `items`.
        label_scores: `<task>/<score>` → label → value, as far as targets have several labels.

    Examples:
        >>> decode(encode({"left/accuracy": np.array([1.0, 0.0])}))
        {'left/accuracy': array([1., 0.], dtype=float32)}
    """
    file = io.BytesIO()
    arrays: dict[str, Any] = {key: blocks(x).astype(np.float32) for key, x in values.items()}
    counts = {len(x) for x in values.values()}
    if max(counts, default=0) > MOST:
        arrays[COUNT] = np.array(max(counts))
    for key, scores in (label_scores or {}).items():
        arrays[_LABELS + key.rpartition("/")[0]] = np.array(list(scores))
        arrays[_SCORES + key] = np.array(list(scores.values()), np.float32)
    np.savez_compressed(file, **arrays)
    return base64.b64encode(file.getvalue()).decode("ascii")


def decode(text: str) -> dict[str, Array]:
    """Return the arrays that `encode` made a text of; none for an empty text."""
    return _items(io.BytesIO(base64.b64decode(text))) if text else {}


def write(sweep_directory: Path, trial_id: str, text: str) -> None:
    """Write the item values of a trial to its folder; nothing where the text is empty.

    Args:
        sweep_directory: The sweep's folder.
        trial_id: The trial's id.
        text: The text that `encode` made.

    Raises:
        DiskFullError: There is no room.
    """
    if not text:
        return
    path = _path(sweep_directory, trial_id)
    with disk.writes_to(sweep_directory):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replace_file(path) as new_file:
            new_file.write_bytes(base64.b64decode(text))


def read(sweep_directory: Path, trial_id: str) -> dict[str, Array]:
    """Return `<task>/<metric>` → item values of a trial; empty where there is no file.

    Args:
        sweep_directory: The sweep's folder.
        trial_id: The trial's id.
    """
    path = _path(sweep_directory, trial_id)
    return _items(io.BytesIO(path.read_bytes())) if path.exists() else {}


def read_label_scores(sweep_directory: Path, trial_id: str) -> dict[str, dict[str, float]]:
    """Return `<task>/<score>` → label → value of a trial; empty where there are none.

    A value is NaN where the test split leaves it undefined.

    Args:
        sweep_directory: The sweep's folder.
        trial_id: The trial's id.
    """
    path = _path(sweep_directory, trial_id)
    if not path.exists():
        return {}
    arrays = _arrays(io.BytesIO(path.read_bytes()))
    scores = {}
    for name, values in arrays.items():
        if name.startswith(_SCORES):
            key = name.removeprefix(_SCORES)
            labels = arrays[_LABELS + key.rpartition("/")[0]]
            scores[key] = dict(zip(labels.tolist(), values.tolist(), strict=True))
    return scores


def blocks(values_N: Array, most: int = MOST) -> Array:
    """Return values of at most so many blocks of items, (B,), with the same mean.

    Block b holds the items b, b + B, b + 2B, ... As blocks may differ in size by one item, the
    value of a block is not the mean of its items but

        mean of all + B / N · Σ over its items of (value - mean of all).

    So the mean of the blocks is the mean of the items, and the variance of this mean is, but for
    chance, that of the items, too.

    Args:
        values_N: The values of the items.
        most: B, where there are more items.

    Examples:
        >>> blocks(np.array([1.0, 2.0, 3.0, 6.0]), most=2)
        array([2., 4.])
    """
    items = len(values_N)
    if items <= most:
        return values_N
    mean = values_N.mean()
    sums_B = np.bincount(np.arange(items) % most, weights=values_N - mean, minlength=most)
    blocks_B: Array = mean + most / items * sums_B
    return blocks_B


def _items(file: io.BytesIO) -> dict[str, Array]:
    return {name: x for name, x in _arrays(file).items() if ":" not in name}


def _arrays(file: io.BytesIO) -> dict[str, Array]:
    with np.load(file, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _path(sweep_directory: Path, trial_id: str) -> Path:
    return sweep_directory / TRIALS / trial_id / FILE
