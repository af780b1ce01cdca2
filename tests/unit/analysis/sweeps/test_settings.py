"""The settings that differ between sweeps."""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.analysis.sweeps.settings import differing_settings, settings
from mtl_search.analysis.sweeps.sweep import Sweep

Make = Callable[..., Sweep]


def test_equal_configs_differ_in_nothing(sweep: Make) -> None:
    named = {"name": "other", "tracking.enabled": False}
    view = settings([sweep("one"), sweep("two", settings=named)])
    assert (list(view.rows), view.summary[:26]) == ([], "All settings are the same.")


def test_only_what_differs_is_shown_by_its_path(sweep: Make) -> None:
    changes = {"training.epochs": 3, "tasks.left.loss_weight": 2.0, "seed": 4}
    found = differing_settings([sweep("one"), sweep("two", settings=changes)])
    assert found == {
        "seed": [0, 4],
        "tasks.left.loss_weight": [1.0, 2.0],
        "training.epochs": [10, 3],
    }


def test_components_of_other_names_and_missing_tasks_are_one_setting(sweep: Make) -> None:
    changes = {"model.backbone": {"name": "mlp", "widths": [8]}}
    one, two = sweep("one", "left", "right"), sweep("two", "left", settings=changes)
    found = differing_settings([one, two])
    assert found["model.backbone.widths"] == [None, [8]]
    assert found["tasks.right"][0]["head"] == {"name": "softmax"}
    assert found["tasks.right"][1] is None
    other = sweep("three", "left", settings={"model.backbone": "convnet"})
    assert differing_settings([two, other])["model.backbone"] == [
        {"name": "mlp", "widths": [8]},
        {"name": "convnet"},
    ]


def test_an_entry_of_the_space_is_one_setting(sweep: Make) -> None:
    space = {"training.optimizer.lr": {"log": [0.001, 0.1]}}
    wider = {"training.optimizer.lr": {"log": [0.0001, 0.1]}}
    sweeps = [
        sweep("one", settings={"search.space": space}),
        sweep("two", settings={"search.space": wider}),
    ]
    assert list(differing_settings(sweeps)) == ["search.space.training.optimizer.lr"]
    (row,) = settings(sweeps).rows
    assert row["sweep_1"] == "{log: [0.001, 0.1]}"


def test_data_and_versions_differ_too(sweep: Make) -> None:
    one = sweep("one", digest="a1", versions={"torch": "2.9", "ray": "2.60"})
    two = sweep("two", digest="b2", versions={"torch": "2.10", "ray": "2.60"})
    view = settings([one, two])
    assert [(row["what"], row["name"], row["sweep_1"], row["sweep_2"]) for row in view.rows] == [
        ("data", "digest", "a1", "b2"),
        ("version", "torch", "2.9", "2.10"),
    ]
    assert view.summary == "All settings are the same. Not the same: digest, torch."


def test_what_is_not_recorded_is_said(sweep: Make) -> None:
    view = settings([sweep("one", digest="a1"), sweep("two")])
    assert "Not recorded: digest of the data and versions of two." in view.summary
    assert list(view.rows) == []
