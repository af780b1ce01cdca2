"""`mtl-search export`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtl_search.cli.app import app
from mtl_search.cli.models.export import export_model_command
from mtl_search.errors import ConfigError


def test_a_sweep_goes_out(sweep: Path) -> None:
    command = ["export", str(sweep), "--format", "torch", "--task", "left"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == "exports/digits-torch/model.pt2: left"
    assert 'inputs ["left"], outputs ["left"]' in done.output
    card = Path("exports/digits-torch/README.md").read_text()
    assert "Verdict of the sweep: Whether sharing helps is not known" in card
    assert "test/left/accuracy | 0.2875" in card
    assert "test/right" not in card


def test_a_format_that_is_none(sweep: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)--format.*did you mean 'onnx'"):
        export_model_command(
            sweep,
            "onxx",
            None,
            tasks=None,
            names={"trial": None, "arm": None},
            ensemble=False,
            trust_code=False,
        )
