"""Models of scikit-learn: each kind of target, missing labels, and labels that never change."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from mtl_search.data import Target
from mtl_search.search.baselines import models
from mtl_search.search.baselines.inputs import TableInputs
from mtl_search.search.baselines.models import MODELS, ModelName, Recipe

N = 240
RNG = np.random.default_rng(0)
X = RNG.normal(3.0, [1.0, 20.0, 0.1], size=(N, 3)).astype(np.float32)
CODES = RNG.integers(0, 4, size=(N, 1))
TABLE = TableInputs([X], [])
TRAIN = np.arange(0, N, 2)
REST = np.arange(1, N, 2)


def recipe(model: ModelName, **changes: Any) -> Recipe:
    return Recipe(model, seed=0, **{"deadline": math.inf, **changes})


def fitted(target: Target, model: ModelName, table: TableInputs = TABLE, **changes: Any) -> Any:
    with models.one_quiet_thread():
        made = models.fit(table, target, TRAIN, recipe(model, **changes))
        return models.predict(table, REST, made)


CLASS = Target(np.digitize(X[:, 0], [2.5, 3.5]), "class", ("low", "middle", "high"))
BINARY = Target((X[:, 0] > 3).astype(int), "binary", ("no", "yes"))
MULTILABEL = Target(np.stack([X[:, 0] > 3, X[:, 1] > 3], 1).astype(int), "multilabel", ("a", "b"))
REAL = Target(1000 + 5 * X[:, 0] - X[:, 1], "real")


@pytest.mark.parametrize("model", MODELS)
def test_what_can_be_learned_is_learned(model: ModelName) -> None:
    p = fitted(CLASS, model)
    assert p.shape == (len(REST), 3)
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
    assert (p.argmax(1) == CLASS.values[REST]).mean() > 0.8
    p = fitted(BINARY, model)
    assert p.shape == (len(REST),)
    assert ((p > 0.5) == BINARY.values[REST]).mean() > 0.9
    p = fitted(MULTILABEL, model)
    assert ((p > 0.5) == MULTILABEL.values[REST]).mean() > 0.9
    error = fitted(REAL, model) - REAL.values[REST]
    assert error.std() < 0.5 * REAL.values.std()


@pytest.mark.parametrize("model", MODELS)
def test_a_vector_is_learned_element_by_element(model: ModelName) -> None:
    values = np.stack([REAL.values, np.full(N, 7.5, np.float32), -REAL.values], 1)
    values[TRAIN[0], 0] = np.nan
    p = fitted(Target(values, "vector", ("a", "b", "c")), model)
    first = Target(values[:, 0], "real")
    np.testing.assert_array_equal(p[:, 0], fitted(first, model))
    assert (p[:, 1] == 7.5).all()
    np.testing.assert_array_equal(p[:, 2], fitted(Target(-REAL.values, "real"), model))


def test_the_linear_models_are_those_of_scikit_learn_on_standardised_columns() -> None:
    scaler = StandardScaler().fit(X[TRAIN])
    x_train, x_rest = scaler.transform(X[TRAIN]), scaler.transform(X[REST])
    ridge = Ridge(alpha=10).fit(x_train, REAL.values[TRAIN])
    np.testing.assert_allclose(fitted(REAL, "linear", penalty=10), ridge.predict(x_rest), rtol=1e-5)
    logistic = LogisticRegression(C=0.1).fit(x_train, CLASS.values[TRAIN])
    np.testing.assert_allclose(
        fitted(CLASS, "linear", penalty=10), logistic.predict_proba(x_rest), atol=1e-4
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("target", [CLASS, BINARY, MULTILABEL, REAL], ids=lambda t: t.kind)
def test_samples_without_a_label_change_nothing(model: ModelName, target: Target) -> None:
    hidden = TRAIN[::3]
    values = target.values.copy()
    values[hidden] = np.nan if target.kind == "real" else -1
    missing = Target(values, target.kind, target.classes)
    kept = np.setdiff1d(TRAIN, hidden)
    with models.one_quiet_thread():
        without = models.fit(TABLE, target, kept, recipe(model))
        expected = models.predict(TABLE, REST, without)
    np.testing.assert_array_equal(fitted(missing, model), expected)
    assert not np.array_equal(fitted(target, model), expected)


@pytest.mark.parametrize("model", MODELS)
def test_a_label_that_never_changes_is_predicted_as_it_is(model: ModelName) -> None:
    same = Target(np.full(N, 2), "class", ("a", "b", "c"))
    assert np.array_equal(fitted(same, model), np.tile([0, 0, 1], (len(REST), 1)))
    assert (fitted(Target(np.full(N, 7.5), "real"), model) == 7.5).all()
    labels = np.stack([X[:, 0] > 3, np.zeros(N)], 1).astype(int)
    assert (fitted(Target(labels, "multilabel", ("a", "b")), model)[:, 1] == 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_a_class_that_no_training_sample_has_gets_nothing(model: ModelName) -> None:
    values = np.where(np.isin(np.arange(N), TRAIN), BINARY.values * 2, 1)
    p = fitted(Target(values, "class", ("a", "b", "c")), model)
    assert (p[:, 1] == 0).all()
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_a_class_of_one_sample_does_not_matter_to_early_stopping(model: ModelName) -> None:
    values = BINARY.values.copy()
    values[TRAIN[0]] = 2
    assert fitted(Target(values, "class", ("a", "b", "c")), model).shape == (len(REST), 3)


def test_whole_numbers_are_categories_to_the_linear_model() -> None:
    table = TableInputs([X], [CODES])
    real = Target(np.array([5.0, -3.0, 9.0, 0.0])[CODES[:, 0]], "real")
    np.testing.assert_allclose(fitted(real, "linear", table), real.values[REST], atol=0.5)
    only_codes = TableInputs([], [CODES])
    np.testing.assert_allclose(fitted(real, "linear", only_codes), real.values[REST], atol=0.5)
    # A category that no training sample has counts as none.
    new = TableInputs([], [np.where(np.isin(np.arange(N), TRAIN)[:, None], CODES, 99)])
    assert np.isfinite(fitted(real, "linear", new)).all()


def test_large_tables_are_trained_on_some_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    whole = TableInputs.read

    def count(self: TableInputs, rows: Any) -> Any:
        read.append(len(rows))
        return whole(self, rows)

    monkeypatch.setattr(TableInputs, "read", count)
    monkeypatch.setattr(models, "MAX_ROWS", 30)
    fitted(REAL, "linear")
    assert read == [30, len(REST)]
    read.clear()
    monkeypatch.setattr(models, "_MAX_CELLS", 3 * 20)
    monkeypatch.setattr(models, "_CHUNK", 50)
    fitted(REAL, "linear")
    assert read == [20, 50, 50, 20]


def test_there_must_be_labels_and_time() -> None:
    with pytest.raises(ValueError, match="no training sample has a label"):
        fitted(Target(np.full(N, np.nan), "real"), "linear")
    with pytest.raises(TimeoutError, match="takes too long"):
        fitted(REAL, "linear", deadline=0.0)
