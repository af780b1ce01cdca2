"""The options of models are explained in the help."""

from __future__ import annotations

import re

from typer.testing import CliRunner

from mtl_search.cli.app import app


def test_the_help_names_them() -> None:
    shown = CliRunner().invoke(app, ["predict", "--help"], env={"COLUMNS": "200"}).output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    for part in ("MODEL", "INPUT", "--trial", "--arm", "--ensemble", "--output", "--task"):
        assert part in plain
