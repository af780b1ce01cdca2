"""The command that goes on with a sweep is that of its job, else the one the user has typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.jobs import submission
from mtl_search.tracking.resume_command import VARIABLE, resume_command, resumed_by


def test_the_command_of_a_job_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert resume_command(Path("/x/toy")) == "mtl_search.run(config, output='/x/toy', resume=True)"
    with resumed_by("mtl-search run a.yaml --resume"):
        assert resume_command(Path("/x/toy")) == "mtl-search run a.yaml --resume"
        monkeypatch.setenv(submission.RESUME, "mtl-search submit a.yaml --resume toy-1")
        assert resume_command(Path("/x/toy")) == "mtl-search submit a.yaml --resume toy-1"
    assert VARIABLE == submission.RESUME
