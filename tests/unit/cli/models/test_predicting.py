"""Rows of a file, printed or written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_search.cli.models.predicting import predict_command
from mtl_search.errors import ConfigError, DataError

OPTIONS: dict[str, Any] = {
    "tasks": None,
    "source": None,
    "batch_size": 16,
    "names": {"trial": None, "arm": None},
    "ensemble": False,
    "trust_code": False,
}


def test_the_first_rows_are_printed(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict_command(sweep, Path("rows.npz"), None, **OPTIONS)
    shown = capsys.readouterr()
    header, first = shown.out.splitlines()[:2]
    assert header.split() == ["row", "left", "right", "same"]  # of 24 columns those of the tasks
    assert first.split()[0] == "0"
    assert "These are 10 of 60 rows and 3 of 24 columns" in shown.err


def test_all_rows_are_written(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict_command(sweep, Path("rows.npz"), Path("a.parquet"), **OPTIONS)
    assert capsys.readouterr().err.strip().endswith("60 rows predicted: a.parquet")
    assert len(pd.read_parquet("a.parquet")) == 60


def test_mistakes_end_before_a_model_is_loaded(sweep: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file or folder no.npz"):
        predict_command(sweep, Path("no.npz"), None, **OPTIONS)
    with pytest.raises(ConfigError, match=r"no format has this ending"):
        predict_command(Path("no"), Path("rows.npz"), Path("a.xls"), **OPTIONS)


def test_the_rows_are_not_written_over(sweep: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("x\n1\n")
    (tmp_path / "other.csv").symlink_to(rows)
    for output in (rows, tmp_path / "other.csv"):
        with pytest.raises(ConfigError, match="--output: this is the file of the rows"):
            predict_command(
                sweep,
                rows,
                output,
                tasks=None,
                source=None,
                batch_size=None,
                names={},
                ensemble=False,
                trust_code=False,
            )
    assert rows.read_text() == "x\n1\n"
