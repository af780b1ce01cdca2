from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtl_search.cli.app import app


def test_it_says_where_the_version_is(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["register", str(sweep), "digits", "--alias", "champion"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    assert done.output.strip().endswith(
        "is version 1 of digits: models:/digits/1 and models:/digits@champion"
    )
