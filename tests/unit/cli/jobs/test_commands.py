"""The cluster's side of `jobs result`, and formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtl_search import Result
from mtl_search.api.submitting import SweepJob
from mtl_search.cli.errors import WRONG_INPUT
from mtl_search.cli.jobs.commands import stop_command
from mtl_search.jobs.courier import decode
from tests.unit.cli.test_fuzzing import run_cli
from tests.unit.jobs.test_courier import FINISHED
from tests.unit.jobs.test_job import Client


def test_the_head_prints_the_files_of_a_sweep(tmp_path: Path) -> None:
    status, output = run_cli("jobs", "send", str(FINISHED))
    assert status == 0
    decode(output, tmp_path / "here")
    assert Result(tmp_path / "here").complete


@pytest.mark.parametrize("stopped", [False, True])
def test_how_a_job_was_stopped_is_told_to_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, stopped: bool
) -> None:
    server = Client("8 trials, 1 at a time: x\nStopped. Go on with: mtl-search submit a")
    server.stopped = stopped
    client: Any = server
    found = SweepJob(client, "toy-2")
    monkeypatch.setattr(SweepJob, "find", lambda *arguments, **options: found)
    assert stop_command("toy-2", None, "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["job"], told["state"]) == ("toy-2", "STOPPED")
    assert told["stopped"] == (None if stopped else "in order")


def test_another_format_is_refused() -> None:
    status, output = run_cli("jobs", "list", "--format", "xml")
    assert status == WRONG_INPUT
    assert "--format: not a format" in output
