"""Frames in every format, and nothing left where writing fails."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl_search.cli.models.writers import writer
from mtl_search.errors import ConfigError

SPANS = [{"start": 0, "end": 3, "text": "cat", "tag": "e"}]
ONE = pd.DataFrame({"a": ["x"], "p": np.array([0.1], np.float32), "s": [[]]}, index=["r0"])
TWO = pd.DataFrame({"a": ["y"], "p": np.array([0.25], np.float32), "s": [SPANS]}, index=["r1"])


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json", "jsonl"])
def test_frames_follow_each_other(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out.{suffix}"
    with writer(path)(path) as add:
        assert [add(ONE), add(TWO)] == [1, 1]
    if suffix == "csv":
        frame = pd.read_csv(path)
    elif suffix == "parquet":
        frame = pd.read_parquet(path)
    else:
        text = path.read_text()
        rows = json.loads(text) if suffix == "json" else list(map(json.loads, text.splitlines()))
        assert rows[1] == {"row": "r1", "a": "y", "p": 0.25, "s": SPANS}
        assert rows[0]["p"] == 0.1
        return
    assert list(frame["row"]) == ["r0", "r1"]
    assert [json.loads(cell) for cell in frame["s"]] == [[], SPANS]
    np.testing.assert_allclose(frame["p"], [0.1, 0.25], rtol=1e-6)


def test_an_old_file_stays_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def fail() -> None:
        with writer(path)(path) as add:
            add(ONE)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ConfigError, match=r"there is no such folder"):
        writer(tmp_path / "no" / "out.csv")
