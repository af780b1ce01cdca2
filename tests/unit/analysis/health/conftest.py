from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.recorded_sweeps import Builder


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """A sweep with scales; a constant prediction has an accuracy of 0.5."""
    return Builder(tmp_path / "journal.jsonl").sweep().scales(0.5)
