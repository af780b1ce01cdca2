"""`mtl-search train` as a command."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from mtl_search import Model
from mtl_search.cli.app import app


def test_a_model_is_trained_and_described_as_json(sweep: Path) -> None:
    config = str(sweep / "config.yaml")
    command = ["train", config, "--from", str(sweep), "--seed", "3", "--format", "json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["model"] == "models/old"
    assert told["trained"]["seed"] == 3
    assert Model.load("models/old").info["trained"] == told["trained"]
    done = CliRunner().invoke(app, ["export", "models/old", "--format", "torch", "-o", "out"])
    assert done.exit_code == 0, done.output
    card = Path("out/README.md").read_text()
    assert "It was trained on the training and the validation split together." in card
    assert "Of this model, once." in card


def test_the_sweep_must_be_named(sweep: Path) -> None:
    done = CliRunner().invoke(app, ["train", str(sweep / "config.yaml")])
    assert done.exit_code == 2
    assert "--from" in done.output
