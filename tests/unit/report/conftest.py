from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.recorded_sweeps import Builder


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()
