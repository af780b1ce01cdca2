from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.report.sweeps.document import SweepsDocument
from tests.support.compared_sweeps import read_sweep, write_sweep


@pytest.fixture
def document(tmp_path: Path) -> SweepsDocument:
    """Two sweeps of which one has a task more; its name is what HTML and Markdown must escape."""
    one = read_sweep(write_sweep(tmp_path / "one", ("left", "right"), items=50), digest="a1")
    tasks = ("left", "right", "a_b")
    two = read_sweep(write_sweep(tmp_path / "two", tasks, items=50, random=1), digest="a1")
    return SweepsDocument.of([one, two])
