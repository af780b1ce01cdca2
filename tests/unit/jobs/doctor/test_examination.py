"""What the checks look at."""

from __future__ import annotations

import shlex

from mtl_search.jobs.doctor.examination import HERE, NodeReport
from tests.support import examinations


def test_machines_are_those_that_answer_or_this_one() -> None:
    assert [name for name, _ in examinations.alone().machines()] == [HERE]
    silent = NodeReport("10.0.0.3", problem="no answer")
    seen = examinations.cluster(examinations.node(), silent)
    assert [name for name, _ in seen.machines()] == ["10.0.0.1 (head)", "10.0.0.2 (worker)"]


def test_a_command_repeats_what_the_user_wrote() -> None:
    seen = examinations.alone(arguments=["a.yaml", "seed=1"])
    assert seen.command("search.trials=2") == "mtl-search run a.yaml seed=1 search.trials=2"
    assert seen.command("seed=2") == "mtl-search run a.yaml seed=2"
    assert examinations.alone().command() == "mtl-search run CONFIG"


def test_a_command_repeats_no_password_and_is_one_for_a_shell() -> None:
    words = ["my config.yaml", "tracking.uri=https://me:hunter2@host?token=hunter2"]
    command = examinations.alone(arguments=words).command("seed=2")
    shown = ["my config.yaml", "tracking.uri=https://me:***@host?token=***", "seed=2"]
    assert shlex.split(command) == ["mtl-search", "run", *shown]
