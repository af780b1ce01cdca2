"""What is told of a trial's network and settings."""

from __future__ import annotations

from pathlib import Path

from tests.support.trials import WEIGHTS, config, trainer


def test_facts_are_those_of_the_network_and_the_settings(tmp_path: Path) -> None:
    made = trainer(config(optimizer={"name": "adamw", "lr": 0.02}), tmp_path)
    assert made.info() == {
        "parameters": (6 * 8 + 8) + (8 * 8 + 8) + (8 * 3 + 3) + 2 * (8 + 1),
        "depth": made.network.sharing.depth,
        "weights": WEIGHTS,
        "lr": 0.02,
        "tasks": list(WEIGHTS),
        "samples_per_epoch": 48,
        "device": "cpu",
        "adaptive": False,
        "balancing": "",
    }
    adaptive = trainer(config(weighting="dwa"), tmp_path).info()
    assert (adaptive["adaptive"], adaptive["balancing"]) == (True, "dwa")


def test_a_report_may_be_changed_without_changing_the_next(tmp_path: Path) -> None:
    made = trainer(config(), tmp_path)
    made.info()["node"] = "10.0.0.1"
    assert "node" not in made.info()
