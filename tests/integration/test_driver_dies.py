"""SIGKILL of the driver: what was finished stays, nothing runs twice, and the end is that of a sweep left in peace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search import run
from mtl_search.search.records import SweepRecord
from tests.integration.sweeps import (
    ASHA,
    PARTS,
    assert_mirrored,
    assert_sound,
    driver,
    finished,
    mtl_search,
    outcome,
    tiny,
    whole_lines,
    write_config,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("ray_cluster")]

# A pause in each of the 4 batches of an epoch, so that the end comes in the middle of a trial.
_CHANGES: dict[str, Any] = {**ASHA, "model.backbone": {"name": f"{PARTS}:backbone", "pause": 0.01}, "search.trials": 4}


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> dict[str, Any]:
    """What the sweep finds without an interruption."""
    folder = tmp_path_factory.mktemp("in_peace") / "runs" / "tiny"
    result = run(tiny(_CHANGES), output=folder)
    states = [trial.state for trial in result.record]
    assert states.count("PRUNED") >= 2
    return outcome(result.record)


def _in_singles(record: SweepRecord) -> bool:
    return finished(record, "single/") >= 2


def _in_search(record: SweepRecord) -> bool:
    running = any(trial.arm == "search" and len(trial.epochs) == 2 and not trial.finished for trial in record)
    return finished(record, "search") >= 1 and running


def _in_finals(record: SweepRecord) -> bool:
    return finished(record, "final/") >= 3


@pytest.mark.parametrize(("moment", "by_command_line"), [(_in_singles, False), (_in_search, True), (_in_finals, False)])
def test_resume_after_the_driver_was_killed(
    runs: Path, in_peace: dict[str, Any], moment: Callable[[SweepRecord], bool], by_command_line: bool
) -> None:
    sweep = runs / "tiny"
    config = write_config(runs.parent, _CHANGES)
    with driver(["run", str(config)], runs.parent, sweep) as first:
        first.wait_for(moment)
        first.kill()
        before = whole_lines(sweep)
        if by_command_line:
            done = mtl_search("run", config, "--resume", cwd=runs.parent)
            assert done.returncode == 0, done.stderr
        else:
            run(config, output=sweep, resume=True)

    assert whole_lines(sweep).startswith(before)
    record = assert_sound(sweep)
    assert record.sessions == 2
    assert outcome(record) == in_peace
    assert_mirrored(sweep)


def test_resume_after_two_slots_were_killed(runs: Path) -> None:
    sweep = runs / "tiny"
    config = write_config(runs.parent, {**_CHANGES, "resources.max_concurrent": 2})
    with driver(["run", str(config)], runs.parent, sweep) as first:
        first.wait_for(lambda record: finished(record, "equal") >= 1 and sum(not t.finished for t in record) == 2)
        first.kill()
    before = whole_lines(sweep)
    run(config, output=sweep, resume=True)
    assert whole_lines(sweep).startswith(before)
    assert_sound(sweep)
    assert_mirrored(sweep)
