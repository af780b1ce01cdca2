"""`mtl-search export`: the file is there, the line after it opens it, mistakes are sentences."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from mtl_search.cli.comparison.export import dashboard_command
from mtl_search.cli.errors import WRONG_INPUT
from tests.support.repository import REPOSITORY
from tests.unit.cli.test_fuzzing import run_cli

SWEEP = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_interrupted"


def test_the_studies_are_written_and_the_dashboard_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, printed = run_cli("export", str(SWEEP), "--optuna", "study.db")
    assert status == 0, printed
    names = optuna.get_all_study_names("sqlite:///study.db")
    assert f"{len(names)} studies with " in printed
    assert "optuna-dashboard sqlite:///study.db" in printed
    status, printed = run_cli("export", str(SWEEP), "--optuna", "study.db")
    assert status == WRONG_INPUT
    assert "study.db exists already" in printed
    status, _ = run_cli("export", str(SWEEP), "--optuna", "study.db", "--overwrite")
    assert status == 0


def test_a_name_with_a_blank_is_quoted() -> None:
    assert dashboard_command(Path("my study.db")) == "optuna-dashboard 'sqlite:///my study.db'"
