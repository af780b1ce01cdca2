"""The options of `export-weights` are explained in the help."""

from __future__ import annotations

from tests.unit.cli.test_fuzzing import run_cli


def test_the_help_names_them() -> None:
    status, output = run_cli("export-weights", "-h")
    assert status == 0
    for part in ("SWEEP", "--trial", "--last", "yaml|overrides|json"):
        assert part in output
