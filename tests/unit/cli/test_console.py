"""The width of the console."""

from __future__ import annotations

import pytest

from mtl_search.cli.console import console


def test_a_pipe_is_wide_and_columns_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == 140
    monkeypatch.setenv("COLUMNS", "77")
    assert console().width == 77
