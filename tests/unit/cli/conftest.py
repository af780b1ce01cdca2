"""What the tests of several commands share."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support import small_sweeps as small


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A good config, in a folder where there is no sweep yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small.tree()))
    return "small.yaml"
