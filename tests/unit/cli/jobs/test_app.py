"""`submit` and `jobs` on the command line, as far as they go without a cluster."""

from __future__ import annotations

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from tests.unit.cli.conftest import config  # noqa: F401
from tests.unit.cli.test_fuzzing import run_cli

NOBODY = ("--address", "http://127.0.0.1:1")


def test_help_names_the_commands() -> None:
    status, output = run_cli("jobs", "--help")
    assert status == 0
    assert all(verb in output for verb in ("list", "status", "logs", "stop", "result"))
    assert "send" not in output  # it is for the cluster's side
    assert "submit" in run_cli("--help")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("submit", "small.yaml"),
        ("jobs", "list"),
        ("jobs", "status", "toy"),
        ("jobs", "logs", "toy", "--follow"),
        ("jobs", "stop", "toy"),
        ("jobs", "result"),
    ],
)
@pytest.mark.usefixtures("config")
def test_without_a_cluster_each_command_is_one_sentence(arguments: tuple[str, ...]) -> None:
    status, output = run_cli(*arguments, *NOBODY)
    assert status == WRONG_INPUT
    assert output.count("error: no Ray cluster answers at http://127.0.0.1:1") == 1
    assert "Traceback" not in output
