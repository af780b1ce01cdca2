"""What `mtl-search train` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.cli.models.training import train_command
from mtl_search.errors import ConfigError


def test_metrics_and_the_folder_are_printed(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"trial": None, "output": Path("final"), "seed": None}
    config = sweep / "config.yaml"
    train_command(config, [], sweep, **options, form="table", trust_code=False)  # type: ignore[arg-type]
    shown = capsys.readouterr().out
    assert "left/accuracy" in shown
    assert "epochs: this is the best shared network" in shown
    assert shown.rstrip().endswith("Model: final")
    with pytest.raises(ConfigError, match="--format"):
        train_command(config, [], sweep, **options, form="yaml", trust_code=False)  # type: ignore[arg-type]
