"""The options of `mtl-search doctor`; what it finds is tried in `test_diagnosis`."""

from __future__ import annotations

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from tests.unit.cli.test_fuzzing import run_cli


def test_help_teaches() -> None:
    status, output = run_cli("doctor", "--help")
    assert status == 0
    for word in ("--address", "--output", "--timeout", "--format", "shared memory"):
        assert word in output
    assert "Folder that sweeps go to" in output
    assert "runs/<name>" not in output  # that is the default of `run`


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "xml"), "--format: not a format"),
        (("search.trials=3",), "an override without a config"),
        (("no_such.yaml",), "no such config file"),
    ],
)
def test_mistakes_are_one_message(arguments: tuple[str, ...], message: str) -> None:
    status, output = run_cli("doctor", *arguments)
    assert status == WRONG_INPUT
    assert message in " ".join(output.split())
