"""Keys of the config that are typed as options, and configs that are typed as commands."""

from __future__ import annotations

import pytest

from mtl_search.cli.commands import _path_of
from tests.unit.cli.test_fuzzing import run_cli


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("trials", "search.trials"),
        ("search.trials", "search.trials"),
        ("seed", "seed"),
        ("batch_size", "training.batch_size"),
        ("tasks.left.loss", "tasks.left.loss"),
        ("model.backbone.widths", "model.backbone.widths"),
        ("resources.workers", "resources.workers"),
        ("top", "search.finalists.top"),
        ("sweep", None),
        ("search.trails", None),
        ("", None),
    ],
)
def test_a_key_is_found_with_and_without_its_section(typed: str, path: str | None) -> None:
    found = _path_of(typed)
    assert found == path or (path is None and found in (None, typed))


def test_what_follows_two_dashes_or_is_an_option_is_left_alone(config: str) -> None:
    assert "an override is written path=value" in run_cli("validate", config, "--", "--trials")[1]
    _, output = run_cli("train", config, "--from", "nothing", "--seed", "3")
    assert "there is no sweep called 'nothing'" in output


def test_the_value_is_part_of_the_answer(config: str) -> None:
    for words in (["--epochs=3"], ["--epochs", "3"], ["training.lr=1", "--epochs", "3"]):
        assert "is written training.epochs=3" in run_cli("run", config, *words)[1]
    assert "is written training.epochs=..." in run_cli("run", config, "--epochs")[1]
