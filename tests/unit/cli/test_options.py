"""Options that several commands share have one meaning and one text."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from mtl_search.cli.app import app


def _commands(group: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        is_group = hasattr(command, "commands")
        found |= _commands(command, f"{name} ") if is_group else {f"{prefix}{name}": command}
    return found


COMMANDS = _commands(typer.main.get_command(app))


def parameters(command: str) -> dict[str, Any]:
    return {parameter.name: parameter for parameter in COMMANDS[command].params}


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("config", ["run", "submit", "validate"]),
        ("overrides", ["run", "submit", "validate"]),
        ("address", ["submit", "jobs list", "jobs stop", "jobs result"]),
        ("form", ["submit", "jobs list", "jobs status", "jobs result"]),
        ("form", ["report", "compare"]),
        ("job", ["jobs status", "jobs logs", "jobs stop", "jobs result"]),
        ("sweep", ["report", "export-weights", "sync", "ui"]),
        ("debug", list(COMMANDS)),
    ],
)
def test_a_shared_parameter_is_the_same_everywhere(name: str, commands: list[str]) -> None:
    shared = [parameters(command)[name] for command in commands]
    assert len({(found.help, found.metavar, tuple(found.opts)) for found in shared}) == 1


def test_what_is_required_and_what_is_hidden() -> None:
    run = parameters("run")
    assert {name for name, found in run.items() if found.required} == {"config"}
    assert {name for name, found in run.items() if getattr(found, "hidden", False)} == {"debug"}
    assert (run["overrides"].nargs, run["output"].opts) == (-1, ["--output", "-o"])
    assert not parameters("report")["sweep"].required
