"""The commands: version, help, and one message with status 2 for a wrong config."""

from __future__ import annotations

import atexit
import gc
from pathlib import Path

import pytest

from mtl_search import __version__
from mtl_search.cli.errors import WRONG_INPUT
from tests.unit.cli.test_fuzzing import run_cli


def test_version_and_help() -> None:
    assert run_cli("--version") == (0, f"mtl-search {__version__}\n")
    status, output = run_cli("--help")
    assert status == 0
    assert all(
        command in output
        for command in ("run", "validate", "doctor", "report", "export-weights", "list", "ui")
    )


@pytest.mark.parametrize(
    ("override", "where"),
    [
        ("search.trails=3", "search.trails: unknown key"),
        ("tasks.kind.head=softmx", "tasks.kind.head.name: there is no head"),
        ("model.sharing.depth=9", "model.sharing.depth: "),
        (
            "search.space.training.optimizer.lrr={log: [1e-4, 1e-2]}",
            "search.space.training.optimizer.lrr: ",
        ),
        ("tasks.kind.metrics=[r2]", "tasks.kind.metrics: "),
        ("data=no.such.module:x", "data.name: cannot import module"),
        ("nothing", "an override is written path=value"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "run"])
def test_a_wrong_config_ends_in_one_message_and_status_2(
    config: str, command: str, override: str, where: str
) -> None:
    status, output = run_cli(command, config, override)
    assert status == WRONG_INPUT
    assert f"error: {where}" in output
    assert "Traceback" not in output
    assert not (Path.cwd() / "runs").exists()


def test_a_missing_config_names_the_nearest(config: str) -> None:
    status, output = run_cli("validate", "smal.yaml")
    assert status == WRONG_INPUT
    assert f"did you mean '{config}'?" in output


def test_the_end_of_the_process_collects_no_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a sweep it would take two seconds, in which the terminal waits."""
    at_the_end: list[object] = []
    monkeypatch.setattr(atexit, "register", at_the_end.append)
    run_cli("--version")
    assert gc.freeze in at_the_end
