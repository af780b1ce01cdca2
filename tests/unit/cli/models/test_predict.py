"""The command with its options, from the command line to the file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from mtl_search.cli.app import app
from mtl_search.errors import ConfigError


def test_options_reach_the_model(sweep: Path) -> None:
    arguments = ["predict", str(sweep), "rows.npz", "--output", "a.csv"]
    done = CliRunner().invoke(app, [*arguments, "--task", "same", "--ensemble"])
    assert done.exit_code == 0, done.output
    frame = pd.read_csv("a.csv")
    assert list(frame.columns) == ["row", "same", "same:same", "same:spread"]
    assert set(frame["same"]) <= {"same", "different"}
    done = CliRunner().invoke(app, [*arguments, "--arm", "single/left", "--batch-size", "7"])
    assert done.exit_code == 0, done.output
    assert "left:9" in pd.read_csv("a.csv")
    done = CliRunner().invoke(app, [*arguments, "--arm", "nothing"])
    assert isinstance(done.exception, ConfigError)
