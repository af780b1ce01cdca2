"""Stub."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def encode(arrays: Mapping[str, np.ndarray]) -> str:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(arrays))
    return base64.b64encode(buffer.getvalue()).decode()


def write(directory: Path, trial_id: str, text: str) -> None:
    file = directory / "trials" / trial_id / "test_items.npz"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(base64.b64decode(text))


def read(directory: Path, trial_id: str) -> dict[str, np.ndarray]:
    file = directory / "trials" / trial_id / "test_items.npz"
    if not file.exists():
        return {}
    with np.load(file) as data:
        return {k: data[k] for k in data.files}
