from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.analysis.sweeps.sweep import Sweep
from tests.support.compared_sweeps import read_sweep, write_sweep


@pytest.fixture
def sweep(tmp_path: Path) -> Callable[..., Sweep]:
    """Makes a sweep by name, as `write_sweep` does, with a digest of its data if one is given."""

    def make(name: str, *tasks: str, digest: str = "", **how: Any) -> Sweep:
        versions = how.pop("versions", None)
        folder = write_sweep(tmp_path / name, *([tasks] if tasks else []), **how)
        return read_sweep(folder, digest=digest, versions=versions)

    return make
