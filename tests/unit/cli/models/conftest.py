"""A sweep with networks, and rows for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.kept_sweeps import kept_sweep
from tests.support.raw_rows import digits


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a sweep inside the working directory, beside `rows.npz`."""
    folder = kept_sweep(tmp_path)
    np.savez(tmp_path / "rows.npz", **digits(tmp_path).raw)
    monkeypatch.chdir(tmp_path)
    return folder.relative_to(tmp_path)
