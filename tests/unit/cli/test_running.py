"""`mtl-search run` up to the start of Ray, and its exit status."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
import ray

from mtl_search import Callback, api
from mtl_search.cli import running
from mtl_search.cli.errors import FAILED, WRONG_INPUT
from mtl_search.cluster import connection
from mtl_search.config import Config
from mtl_search.errors import DiskFullError, SweepError
from mtl_search.search import resume
from mtl_search.storage import sweep_directory
from mtl_search.storage.events import (
    EpochEnded,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from mtl_search.storage.journal import Journal
from mtl_search.storage.trial_info import State
from mtl_search.tracking.resume_command import resume_command
from tests.unit.cli.test_fuzzing import run_cli


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--address", "127.0.0.1:1"], "no Ray cluster answers at"),
        (["--address", "nowhere"], "cannot use the Ray address 'nowhere', which is no HOST:PORT"),
        (["--address", "no.such.host.invalid:6379"], "no.such.host.invalid"),
        (["--address", "ray://127.0.0.1:10001"], "start it there"),
        (
            ["resources.storage=/proc/mtl_search"],
            "resources.storage: no folder that can be written to",
        ),
        (["resources.storage=nowhere://x"], "resources.storage: no folder that can be written to"),
    ],
)
def test_a_cluster_or_storage_that_is_not_there_is_wrong_input(
    config: str, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(connection, "_PROBE_TIMEOUT_S", 0.2)
    status, output = run_cli("run", config, *arguments)
    assert status == WRONG_INPUT
    assert words in output
    assert output.count("error: ") == 1
    assert "Traceback" not in output
    assert not (Path.cwd() / "runs").exists()


def test_a_line_says_where_the_environment_sends_the_runs(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(connection, "_PROBE_TIMEOUT_S", 0.2)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hidden@mlflow:5000")
    nowhere = ["--address", "127.0.0.1:1"]
    _, output = run_cli("run", config, "tracking.enabled=true", *nowhere)
    line = "MLflow: http://mlflow:5000, from the environment variable MLFLOW_TRACKING_URI"
    assert line in output
    assert "hidden" not in output
    assert "MLFLOW_" not in run_cli("run", config, "tracking.enabled=false", *nowhere)[1]
    other = ["tracking.enabled=true", "tracking.uri=http://other:5000"]
    _, output = run_cli("run", config, *other, *nowhere)
    assert "MLflow: http://other:5000, from tracking.uri, before MLFLOW_TRACKING_URI" in output


def _stop(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> list[str]:
    """Let every sweep begin and stop so; the list gets the command that MLflow's events tell."""
    told: list[str] = []

    def run(parsed: Config, *, output: Path, callbacks: Sequence[Callback], **rest: object) -> None:
        told.append(resume_command(output))
        resume.prepare(output, parsed, resume=False)
        journal = Journal(output / sweep_directory.JOURNAL)
        journal.write(SweepStarted(id="0", name=parsed.name, budget={"search": 1}))
        journal.close()
        for callback in callbacks:
            callback.on_sweep_start(journal.record)
        raise error

    monkeypatch.setattr(api, "run", run)
    return told


SECRET = "tracking.uri=https://me:hunter2@host"


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ([], "runs/small/config.yaml --output runs/small --resume"),
        (["search.trials=9"], "runs/small/config.yaml --output runs/small --resume"),
        (["--smoke"], "runs/small-smoke/config.yaml --output runs/small-smoke --resume"),
        (
            ["--output", "my runs/a", "--trust-code", "--address", "local"],
            "'my runs/a'/config.yaml --output 'my runs/a' --resume --address local --trust-code",
        ),
        ([SECRET], "small.yaml 'tracking.uri=https://me:***@host' --output runs/small --resume"),
    ],
)
def test_one_command_goes_on_wherever_it_is_told(
    config: str, words: list[str], again: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _stop(monkeypatch, KeyboardInterrupt())
    status, output = run_cli("run", config, *words)
    assert status == 130
    assert told == [f"mtl-search run {again}"]
    assert f"Stopped. Go on with: {told[0]}" in output
    if SECRET not in words:
        folder = again.split(" --output ")[1].split(" --resume", maxsplit=1)[0]
        report = run_cli("report", folder.strip("'"))[1]
        assert f"{told[0].split(' --resume')[0]} --resume" in report


def test_a_sweep_that_could_not_go_on_names_the_command_that_does(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _stop(monkeypatch, DiskFullError("no room left in runs/small"))
    status, output = run_cli("run", config)
    assert status == FAILED
    assert output.endswith(f"error: no room left in runs/small\n  Go on with: {told[0]}\n")


def test_before_a_sweep_has_begun_there_is_nothing_to_go_on_with(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*args: object, **kwargs: object) -> None:
        raise SweepError("MLflow does not answer")

    monkeypatch.setattr(api, "run", run)
    status, output = run_cli("run", config)
    assert status == FAILED
    assert output.endswith("error: MLflow does not answer\n")


@pytest.mark.parametrize("state", ["COMPLETE", "FAIL"])
def test_a_sweep_in_which_nothing_was_trained_has_failed(
    config: str, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(parsed: Config, *, output: Path, **rest: object) -> api.Result:
        resume.prepare(output, parsed, resume=False)
        journal = Journal(output / sweep_directory.JOURNAL)
        journal.write(SweepStarted(id="0", name="small", budget={"search": 1}))
        journal.write(
            TrialStarted(
                id="search-0000",
                arm="search",
                number=0,
                params={},
                distributions={},
                overrides={},
                seed=0,
            )
        )
        if state == "COMPLETE":
            metrics = {
                "val/kind/accuracy": 0.5,
                "val/size/r2": 0.1,
                "val/size/mae": 1.0,
                "val/flag/accuracy": 0.5,
            }
            journal.write(
                EpochEnded(id="search-0000", epoch=1, metrics=metrics, objective=0.1, seconds=1.0)
            )
        journal.write(TrialEnded(id="search-0000", state=state, reason=""))
        journal.write(SweepCompleted())
        journal.close()
        return api.Result(output)

    monkeypatch.setattr(api, "run", run)
    assert run_cli("run", config)[0] == (0 if state == "COMPLETE" else FAILED)


def test_resume_without_a_sweep_says_so(config: str) -> None:
    status, output = run_cli("run", config, "--resume")
    assert status == WRONG_INPUT
    assert "no sweep called 'small'" in output


def test_sigterm_ends_a_sweep_in_the_background_of_a_script() -> None:
    """A shell without job control lets what it starts with `&` ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt):
            running._as_interrupt(signal.SIGTERM, None)
    finally:
        signal.signal(signal.SIGINT, before)
