"""One of several sweeps, and its label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtl_search.analysis.sweeps.sweep import Sweep, labels_of
from tests.support.compared_sweeps import OLD, read_sweep


def test_labels_tell_folders_apart() -> None:
    paths = [Path("a/x/run"), Path("b/x/run"), Path("b/x/other")]
    assert labels_of(paths) == ["a/x/run", "b/x/run", "b/x/other"]


def test_the_same_folder_has_numbered_labels() -> None:
    assert labels_of([Path("runs/a")] * 3) == ["a", "a (2)", "a (3)"]


def test_networks_and_metrics_are_those_of_its_main_tasks(sweep: Callable[..., Sweep]) -> None:
    one = sweep("one", "left", "right", items=20)
    assert one.metrics == {"left": "accuracy", "right": "accuracy"}
    assert one.networks.best is not None
    runs = one.networks.runs[one.networks.best.arm]
    assert [len(run.items["left/accuracy"]) for run in runs.values()] == [20, 20, 20]


def test_an_earlier_version_knows_neither_data_nor_versions() -> None:
    known = read_sweep(OLD / "v0_1_finished")
    plain = Sweep(known.label, known.evidence, known.folder)
    assert (plain.data, plain.versions) == ({}, {})
