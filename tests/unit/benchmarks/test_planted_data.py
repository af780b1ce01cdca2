"""The planted sets are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.planted_sets import data
from tests.benchmarks.planted_sets.rows import ROWS, Row


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_seed_gives_one_set(row: Row) -> None:
    one, same, other = (row.draw(seed) for seed in (3, 3, 4))
    assert list(one.planted.labels) == list(row.tasks) == list(one.config.tasks)
    for task, labels_N in one.planted.labels.items():
        np.testing.assert_array_equal(labels_N, same.planted.labels[task])
        assert not np.allclose(labels_N[-100:], other.planted.labels[task][-100:])
    assert one.config == same.config
    inputs_NI, labels_TN = one.fresh(row.tasks)
    assert inputs_NI.shape == (data.FRESH, data.INPUTS)
    assert labels_TN.shape == (len(row.tasks), data.FRESH)
    sizes = {name: len(rows) for name, rows in one.data().splits.items()}
    assert 300 <= sizes.pop("train") <= 600
    assert sizes == {"validation": data.VALIDATION, "test": data.TEST}


def test_only_the_fresh_samples_are_kept_from_the_sweep() -> None:
    planted = ROWS["null2"].draw(0)
    seen = planted.data()
    assert len(seen) == planted.planted.size == len(planted.planted.inputs) - data.FRESH
    fresh_NI, _ = planted.fresh(["t0"])
    rows = {row.tobytes() for row in seen.inputs["x"][:].astype(np.float32)}
    assert not rows & {row.tobytes() for row in fresh_NI.astype(np.float32)}


def test_unrelated_tasks_are_unrelated() -> None:
    planted = data.unrelated(np.random.default_rng(0), 4)
    correlations_TT = np.corrcoef(list(planted.labels.values()))
    assert np.abs(correlations_TT - np.eye(4)).max() < 0.3
    variance = 1 + data.HARD_NOISE**2
    assert np.var(list(planted.labels.values()), 1) == pytest.approx(variance, rel=0.1)


def test_related_tasks_are_of_two_dimensions() -> None:
    planted = data.related(np.random.default_rng(0), 4)
    values = np.linalg.eigvalsh(np.cov(list(planted.labels.values())))
    assert values[:2] == pytest.approx([data.HARD_NOISE**2] * 2, rel=0.1)
    assert values[2] > 2 * data.HARD_NOISE**2


def test_each_task_depends_on_its_own_inputs() -> None:
    planted = data.own_inputs(np.random.default_rng(1), 4)
    for number, labels_N in enumerate(planted.labels.values()):
        slopes_I = np.abs(planted.inputs.T @ labels_N / len(labels_N))
        own = slice(5 * number, 5 * number + 5)
        assert slopes_I[own].max() > 0.2
        assert np.delete(slopes_I, own).max() < 0.05


def test_few_training_labels_and_no_other_label_missing() -> None:
    planted = ROWS["few"].draw(0).planted
    missing_N = np.isnan(planted.labels["t0"])
    assert (~missing_N[: planted.train]).sum() == 60
    assert not missing_N[planted.train :].any()
    assert not np.isnan(planted.labels["auxiliary"]).any()


def test_sharing_is_searched_unless_nothing_can_be_shared() -> None:
    assert "model.sharing.depth" in ROWS["conflict3"].draw(0).config.search.space
    null = ROWS["null8"].draw(0).config
    assert "model.sharing.depth" not in null.search.space
    assert null.model.sharing.arguments == {"depth": 1}
    assert ROWS["few"].draw(0).config.main_tasks == ("t0",)


def test_a_config_may_be_changed() -> None:
    config = ROWS["few"].draw(7, ["search.trials=3", "training.epochs=2"]).config
    assert (config.seed, config.search.trials, config.training.epochs) == (7, 3, 2)
