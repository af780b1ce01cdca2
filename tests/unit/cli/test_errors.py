"""Errors as a message and an exit status."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from mtl_search.cli.errors import FAILED, WRONG_INPUT, print_error
from mtl_search.errors import ClusterError, ConfigError, DataError, RequestError, SweepError


def test_each_error_has_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_error(ConfigError("[no] markup", path="a.b")) == WRONG_INPUT
    assert print_error(DataError("x")) == WRONG_INPUT
    assert print_error(SweepError("x")) == FAILED
    assert print_error(RequestError("x")) == WRONG_INPUT
    assert print_error(ClusterError("x")) == WRONG_INPUT
    assert "error: a.b: [no] markup" in capsys.readouterr().err


def test_our_own_mistakes_are_said_to_be_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_error(ZeroDivisionError("oops")) == FAILED
    shown = capsys.readouterr().err
    assert "internal error: ZeroDivisionError: oops" in shown
    assert "This is a bug in mtl_search" in shown
    assert "Traceback" not in shown


def test_a_file_that_cannot_be_used_is_no_bug_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match="Not a directory") as caught:
        (Path(__file__) / "x").write_text("")
    assert print_error(caught.value) == FAILED
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert "test_errors.py/x' cannot be used: Not a directory" in shown
    assert "internal" not in shown


def test_without_a_temporary_folder_the_error_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert print_error(ZeroDivisionError("oops")) == FAILED
    assert "could not be written (No such file or directory)" in capsys.readouterr().err


def test_the_traceback_is_for_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter-two")
    for _ in range(2):
        assert print_error(ZeroDivisionError("no hunter-two")) == FAILED
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    shown = capsys.readouterr().err
    assert all(str(file) in shown for file in files)
    assert "hunter-two" not in shown
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600
        assert "ZeroDivisionError: no ${MLFLOW_TRACKING_PASSWORD}" in file.read_text()
