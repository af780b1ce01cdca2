from __future__ import annotations

from typer.testing import CliRunner

from mtl_search.cli.app import app


def test_ports_and_workers_have_limits() -> None:
    for option in ("--port=0", "--port=70000", "--workers=0"):
        done = CliRunner().invoke(app, ["serve", "runs/a", option])
        assert done.exit_code == 2, option
