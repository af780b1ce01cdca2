"""What `mtl-search train` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.cli.models.training import train_command
from mtl_search.errors import ConfigError


def test_metrics_and_the_folder_are_printed(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {"trial": None, "output": Path("final"), "seed": None}
    options["trust_code"] = False
    config = sweep / "config.yaml"
    train_command(config, [], sweep, **options, form="table")
    shown = capsys.readouterr().out
    assert "left/accuracy" in shown
    assert "epochs: this is the best shared network" in shown
    assert shown.rstrip().endswith("Model: final")
    with pytest.raises(ConfigError, match="--format"):
        train_command(config, [], sweep, **options, form="yaml")
