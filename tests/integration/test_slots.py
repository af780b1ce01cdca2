"""Slots stay warm from the first trial to the last, and give back what they held."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search import run
from tests.support.free_cpus import free_cpus
from tests.support.sweeps import (
    ASHA,
    PARTS,
    assert_mirrored,
    assert_sound,
    driver,
    finished,
    tiny,
    whole_lines,
    write_config,
)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]


def test_two_slots_are_two_processes_from_the_first_trial_to_the_last(runs: Path) -> None:
    log = runs.parent / "pids"
    changes = {
        **ASHA,
        "search.trials": 6,
        "resources.max_concurrent": 2,
        "model.backbone": {"name": f"{PARTS}:backbone", "log": str(log), "pause": 0.03},
    }
    run(tiny(changes), output=runs / "tiny")
    record = assert_sound(runs / "tiny")
    assert record.slots == 2
    assert len(set(log.read_text().split())) == 2
    states = [trial.state for trial in record]
    assert states.count("PRUNED") >= 2
    assert "FAIL" not in states
    for trial in record:
        assert (len(trial.epochs) == 4) == (trial.state == "COMPLETE"), trial.id
    assert all(trial.state == "COMPLETE" for trial in record if trial.is_finalist)
    free, all_cpus = free_cpus(patience=20)
    assert free == all_cpus
    assert_mirrored(runs / "tiny")


@pytest.mark.slow
def test_resume_after_the_driver_of_two_slots_and_their_packs_was_killed(runs: Path) -> None:
    sweep = runs / "tiny"
    backbone = {"name": f"{PARTS}:backbone", "pause": 0.01}
    changes = {
        **ASHA,
        "search.trials": 4,
        "model.backbone": backbone,
        "training.pack": 4,
        "resources.max_concurrent": 2,
    }
    config = write_config(runs.parent, changes)
    with driver(["run", str(config)], runs.parent, sweep) as first:
        first.wait_for(
            lambda record: (
                finished(record, "equal") >= 1 and sum(not t.finished for t in record) >= 2
            )
        )
        first.kill()
    before = whole_lines(sweep)
    run(config, output=sweep, resume=True, trust_code=True)
    assert whole_lines(sweep).startswith(before)
    record = assert_sound(sweep)
    assert {4, 2} & {trial.info.get("pack") for trial in record}
    assert_mirrored(sweep)
