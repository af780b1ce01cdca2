"""What `submit` prints before and after: a dry run, and how a job ended."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mtl_search.cli.errors import FAILED, WRONG_INPUT
from mtl_search.cli.jobs.submitting import INTERRUPTED, conclude, follow, resume_command
from mtl_search.jobs.job import JobState
from tests.unit.cli.conftest import config  # noqa: F401
from tests.unit.cli.test_fuzzing import run_cli


def _state(state: str, exit_status: int | None = None) -> JobState:
    return JobState(
        job="toy-1",
        sweep="toy",
        state=state,
        folder="/x",
        started=1.0,
        ended=2.0,
        exit_status=exit_status,
        message="the package cannot be read",
        mlflow="",
        resume="mtl-search submit toy.yaml --resume toy-1",
    )


def test_a_dry_run_sends_nothing_and_hides_secrets(config: str) -> None:  # noqa: F811
    options = ("--dry-run", "--address", "http://127.0.0.1:1", "--format", "json")
    Path("numbers").mkdir()
    Path("numbers/a.csv").write_text("1")
    status, output = run_cli(
        "submit", config, "search.trials=9", "--include", "numbers", "--job-id", "toy-1", *options
    )
    assert status == 0, output
    shown = json.loads(output)
    assert shown["job"] == "toy-1"
    assert shown["entrypoint"].startswith("exec mtl-search run small.yaml search.trials=9 --addr")
    assert {"small.yaml", "numbers/a.csv"} < set(shown["package"]["files"])
    assert shown["package"]["bytes"] < 2 * 2**20
    status, output = run_cli("submit", config, "tracking.uri=mysql://me:hunter2@h/x", *options)
    assert status == WRONG_INPUT
    assert "write ${NAME} in its place" in output
    assert "hunter2" not in output


def test_a_call_of_python_gets_no_option() -> None:
    state = _state("STOPPED")
    assert resume_command(state, "http://h:1").endswith(" --resume toy-1 --address http://h:1")
    call = "mtl_search.submit(config, resume='toy-1')"
    assert resume_command(replace(state, resume=call), "http://h:1") == call


def test_the_table_lists_files_with_their_sizes(config: str) -> None:  # noqa: F811
    status, output = run_cli("submit", config, "--dry-run")
    assert status == 0
    assert "small.yaml\n" in output
    assert output.endswith("Nothing was sent.\n")


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        (_state("SUCCEEDED", 0), 0, "mtl-search jobs result toy-1 --address http://h:1"),
        (_state("STOPPED"), INTERRUPTED, "--resume toy-1 --address http://h:1"),
        (_state("FAILED", 2), WRONG_INPUT, "exit status 2"),
        (_state("FAILED", 130), INTERRUPTED, "exit status 130"),
        (_state("FAILED", 1), FAILED, "exit status 1"),
        (_state("FAILED", -9), FAILED, "exit status -9"),
        (_state("FAILED", 127), WRONG_INPUT, "does not find the command mtl-search"),
        (_state("FAILED"), FAILED, "did not run: the package cannot be read"),
    ],
)
def test_the_exit_status_is_that_of_the_sweep(
    state: JobState, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conclude(state, "http://h:1") == status
    assert words in capsys.readouterr().err


def test_an_interrupt_leaves_the_job_running(capsys: pytest.CaptureFixture[str]) -> None:
    class Job:
        id = "toy-1"

        def follow(self, on_lost: object) -> object:
            yield "a line\n"
            raise KeyboardInterrupt

    assert follow(Job(), None) == INTERRUPTED  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert out == "a line\n"
    assert "The job runs on. Stop it: mtl-search jobs stop toy-1" in err
    assert "mtl-search jobs logs toy-1 --follow" in err
