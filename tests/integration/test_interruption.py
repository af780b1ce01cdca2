"""Ctrl-C and SIGTERM: a clean end with a word on how to go on, and the sweep does go on."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import Any

import pytest

from mtl_search import run
from mtl_search.storage.journal import read_record
from tests.support.sweeps import (
    PARTS,
    assert_mirrored,
    assert_sound,
    driver,
    finished,
    mlflow_runs,
    mtl_search,
    tiny,
    whole_lines,
    write_config,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("ray_cluster")]

_SLOW: dict[str, Any] = {"model.backbone": {"name": f"{PARTS}:backbone", "pause": 0.03}}


@pytest.mark.parametrize(("number", "group"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_a_signal_ends_the_sweep_and_resume_goes_on(
    runs: Path, number: signal.Signals, group: bool
) -> None:
    sweep = runs / "tiny"
    config = write_config(runs.parent, _SLOW)
    with driver(["run", str(config), "search.trials=3"], runs.parent, sweep) as first:
        first.wait_for(lambda record: finished(record, "equal") >= 1)
        assert (
            first.stop(number, group=group) < 30
        )  # what Kubernetes waits; a few seconds on an idle machine
        assert first.process.returncode == 130, first.output
        output = first.output
    assert "Traceback" not in output
    assert not read_record(sweep / "journal.jsonl").complete
    assert_mirrored(sweep)

    before = whole_lines(sweep)
    hint = next(line for line in output.splitlines() if "Go on with:" in line)
    command = shlex.split(hint.partition("Go on with:")[2])
    done = mtl_search(*command[1:], cwd=runs.parent)
    assert done.returncode == 0, done.stderr
    assert whole_lines(sweep).startswith(before)
    assert assert_sound(sweep).budget["search"] == 3
    assert_mirrored(sweep)


def test_a_second_driver_is_refused_and_disturbs_nothing(runs: Path) -> None:
    sweep = runs / "tiny"
    config = write_config(runs.parent, {**_SLOW, "search.trials": 200})
    with driver(["run", str(config)], runs.parent, sweep) as first:
        first.wait_for(lambda record: finished(record, "") >= 1)
        second = mtl_search("run", config, "--resume", cwd=runs.parent)
        assert second.returncode == 1
        assert second.stderr.splitlines() == [
            f"error: another process is running the sweep in {sweep}"
        ]
        (parent,), children = mlflow_runs(sweep)
        assert parent.info.status == "RUNNING"
        assert {run.info.status for run in children} <= {"RUNNING", "FINISHED"}
        assert first.process.poll() is None

    changed = mtl_search("run", config, "training.epochs=7", "--resume", cwd=runs.parent)
    assert changed.returncode == 2
    assert "training.epochs" in changed.stderr
    assert "Traceback" not in changed.stderr


def test_handlers_of_signals_are_put_back(runs: Path) -> None:
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = [signal.getsignal(number) for number in watched]
    run(
        tiny({"search.arms": ["equal"], "search.trials": 1, "search.finalists.top": 0}),
        output=runs / "tiny",
    )
    assert [signal.getsignal(number) for number in watched] == before
