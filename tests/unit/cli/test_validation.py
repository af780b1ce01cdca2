"""`mtl-search validate`: what it prints, draws and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from tests.unit.cli.test_fuzzing import run_cli


def test_validate_shows_everything_that_a_sweep_would_be(config: str) -> None:
    status, output = run_cli("validate", config, "search.trials=6")
    assert status == 0
    for words in (
        "kind",
        "regression",
        "dense 4",
        "Softmax head",
        "tasks.*.loss_weight",
        "single/size",
        "log-uniform",
    ):
        assert words in output
    assert "is valid" in output
    assert f"mtl-search run {config} search.trials=6" in output
    assert not (Path.cwd() / "runs").exists()


@pytest.mark.parametrize("file", ["model.png", "pictures/model.svg", "model.PDF"])
def test_validate_draws_the_network(config: str, file: str) -> None:
    status, output = run_cli("validate", config, "--graph", file)
    assert status == 0
    assert f"Picture of the network: {file}" in output
    assert Path(file).stat().st_size > 4000


def test_a_picture_that_cannot_be_is_refused_before_the_data_are_read(config: str) -> None:
    status, output = run_cli("validate", config, "data=no.such.module:x", "--graph", "model.jpg")
    assert status == WRONG_INPUT
    assert "error: --graph: the ending of a picture's file" in output
    assert ".png, .svg, .pdf" in output
    status, output = run_cli("validate", config, "--graph", f"{config}/model.png")
    assert (status, "error: --graph: cannot write the picture" in output) == (WRONG_INPUT, True)
