"""The command, the environment and the metadata of a job."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from mtl_search.cli import json_log
from mtl_search.errors import ConfigError
from mtl_search.jobs import submission
from mtl_search.jobs.package import Package
from mtl_search.jobs.submission import Submission, check_overrides, choose_folder, shell_folder
from tests.support import small_sweeps as small


def _draft(folder: str, *, resume: bool = False) -> Submission:
    return Submission(
        job_id="toy-1",
        config=small.config({"tracking": {"enabled": True, "uri": "postgresql://me:secret@h/db"}}),
        package=Package({"a b.yaml": b"name: x"}, "a b.yaml"),
        arguments=("a b.yaml", "data.path=$HOME; x"),
        folder=folder,
        resume=resume,
        again="mtl-search submit 'a b.yaml' --resume toy-1",
        version="1.2.3",
    )


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        (choose_folder(None, "toy-1"), "/shared/runs/toy-1"),
        (choose_folder("/some where/$HOME", "toy-1"), "/some where/$HOME"),
    ],
)
def test_the_shell_gives_the_words_as_they_were(folder: str, place: str, tmp_path: Path) -> None:
    """The head's shell replaces the folder of all sweeps and nothing else."""
    entrypoint = _draft(folder).entrypoint.removeprefix("exec mtl-search")
    script = f"printf '%s\\n' {entrypoint}"
    environment = {"MTL_SEARCH_RUNS": "/shared/runs", "HOME": "/home/x"}
    words = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    sent = ["run", "a b.yaml", "data.path=$HOME; x", "--address", "auto", "--output", place]
    assert words == sent
    assert "--resume" in _draft(folder, resume=True).entrypoint


def test_without_the_variable_sweeps_are_in_the_home() -> None:
    command = f"echo {shell_folder(choose_folder(None, 'a'))}"
    done = subprocess.run(
        ["sh", "-c", command], env={"HOME": "/home/x"}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "/home/x/runs/a\n"


def test_a_relative_output_is_refused() -> None:
    with pytest.raises(ConfigError, match="an absolute path, which all nodes see"):
        choose_folder("runs/x", "toy-1")


def test_the_job_can_be_interrupted_and_knows_that_it_is_one() -> None:
    environment = _draft("/x").environment
    assert environment["RAY_JOB_STOP_SIGNAL"] == "SIGINT"
    assert environment["RAY_JOB_STOP_WAIT_TIME_S"] == "40"
    assert environment["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] == "0"
    assert environment[submission.VERSION] == "1.2.3"
    assert shlex.split(environment[submission.RESUME])[2] == "a b.yaml"


def test_the_format_of_the_log_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(submission.LOG, raising=False)
    assert submission.LOG not in _draft("/x").environment  # that of the head counts
    monkeypatch.setenv(json_log.VARIABLE, "json")
    assert _draft("/x").environment[submission.LOG] == "json"


def test_no_password_is_sent_beside_the_config() -> None:
    draft = _draft("/x")
    assert draft.metadata[submission.MLFLOW] == "postgresql://me:***@h/db"
    assert "secret" not in str(draft.shown())
    assert "secret" not in f"{draft.entrypoint}{draft.environment}{draft.metadata}"
    with pytest.raises(ConfigError, match="write \\$\\{NAME\\} in its place") as caught:
        check_overrides(["seed=1", "tracking.uri=postgresql://me:secret@h/db"])
    assert "secret" not in str(caught.value)
