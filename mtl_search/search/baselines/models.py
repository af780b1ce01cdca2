"""Fit one of scikit-learn's models to one target of a table, whatever its kind.

N samples, F columns, C classes, L labels
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mtl_search.data.dataset import Target
from mtl_search.data.types import Array
from mtl_search.search.baselines.inputs import TableInputs

ModelName = Literal["linear", "gradient_boosting"]
MODELS: tuple[ModelName, ...] = ("linear", "gradient_boosting")
PENALTIES = (1.0, 10.0, 100.0, 1000.0)  # of a linear model, on standardised columns

MAX_ROWS = 20_000
_MAX_CELLS = 8_000_000  # a wide table is trained on fewer rows
_MAX_CATEGORIES = 64
_CHUNK = 65_536
SECONDS = 120.0  # of one model
SECONDS_IN_ALL = 300.0  # of all models of a sweep

# (N, F) → predictions as the product's metrics take them.
Predict = Callable[[npt.NDArray[np.float32]], Array]


@dataclass(frozen=True)
class Recipe:
    """Say which model is fitted, and how.

    Attributes:
        model: The name of the model.
        seed: The seed of the choice of rows, and of what a model draws.
        deadline: When to give up between two fits, by `time.monotonic`.
        penalty: The strength of the L2 penalty of the linear model.
    """

    model: ModelName
    seed: int
    deadline: float
    penalty: float = 1.0


@dataclass(frozen=True)
class Labels:
    """One column of labels.

    Attributes:
        values: The labels of all samples, (N,).
        labelled: Whether a sample has one, (N,) bool.
        classes: The number of classes; 0 for real numbers.
    """

    values: Array
    labelled: Array
    classes: int


def fit(
    inputs: TableInputs, target: Target, train_N: npt.NDArray[np.int64], recipe: Recipe
) -> Predict:
    """Fit a model to the labelled training rows.

    `linear` is logistic or ridge regression on standardised columns, `gradient_boosting` is that
    of histograms, which stops early by a tenth of its rows. Whole numbers are categories to the
    linear model and numbers to the other. A label that never changes is predicted as it is.

    Args:
        inputs: The columns.
        target: The labels of all samples, with missing ones.
        train_N: The numbers of the training samples.
        recipe: The model.

    Returns:
        A function of the columns (N, F): probabilities (N, C) of a class, (N,) of a binary label,
        (N, L) of several, or values (N,) or (N, L).

    Raises:
        ValueError: There is no label to train on.
        TimeoutError: It takes too long.
    """
    if target.kind in ("multilabel", "vector"):
        pairs = zip(target.values.T, target.labelled.T, strict=True)
        of_each = 2 if target.kind == "multilabel" else 0
        columns = [_fit_column(inputs, Labels(*pair, of_each), train_N, recipe) for pair in pairs]
        if target.kind == "vector":
            return lambda x_NF: np.stack([column(x_NF) for column in columns], axis=1)
        return lambda x_NF: np.stack([column(x_NF)[:, 1] for column in columns], axis=1)
    classes = {"real": 0, "binary": 2}.get(target.kind, target.size)
    labels = Labels(target.values, target.labelled, classes)
    column = _fit_column(inputs, labels, train_N, recipe)
    if target.kind == "binary":
        return lambda x_NF: column(x_NF)[:, 1]
    return column


def predict(inputs: TableInputs, rows_N: npt.NDArray[np.int64], model: Predict) -> Array:
    """Return the predictions of some samples, read in chunks."""
    chunks = range(0, len(rows_N), _CHUNK)
    return np.concatenate([model(inputs.read(rows_N[i : i + _CHUNK])) for i in chunks])


def _fit_column(
    inputs: TableInputs, labels: Labels, train_N: npt.NDArray[np.int64], recipe: Recipe
) -> Predict:
    if time.monotonic() > recipe.deadline:
        raise TimeoutError("it takes too long")
    rows = _training_rows(inputs, train_N[labels.labelled[train_N]], recipe.seed)
    if len(rows) == 0:
        raise ValueError("no training sample has a label")
    y_N = labels.values[rows]
    if (y_N == y_N[0]).all():
        return _constant(y_N[0], labels.classes)
    if recipe.model == "linear":
        estimator = _linear(inputs, labels.classes, recipe.penalty)
    else:
        estimator = _gradient_boosting(y_N, labels.classes, recipe.seed)
    estimator.fit(inputs.read(rows), y_N)
    if labels.classes == 0:
        return lambda x_NF: np.asarray(estimator.predict(x_NF), np.float32)
    return lambda x_NF: _probabilities(estimator, x_NF, labels.classes)


def _training_rows(
    inputs: TableInputs, rows_N: npt.NDArray[np.int64], seed: int
) -> npt.NDArray[np.int64]:
    """Return the rows, or as many of them as are trained on."""
    most = min(MAX_ROWS, max(1, _MAX_CELLS // inputs.columns))
    if len(rows_N) <= most:
        return rows_N
    return np.sort(np.random.default_rng(seed).choice(rows_N, most, replace=False))


def _constant(value: Any, classes: int) -> Predict:
    if classes == 0:
        return lambda x_NF: np.full(len(x_NF), value, np.float32)
    return lambda x_NF: np.tile(np.eye(classes, dtype=np.float32)[value], (len(x_NF), 1))


def _probabilities(estimator: Any, x_NF: Array, classes: int) -> Array:
    """Return (N, C), 0 for classes that no training sample has."""
    found = np.zeros((len(x_NF), classes), np.float32)
    found[:, estimator.classes_] = estimator.predict_proba(x_NF)
    return found


def _linear(inputs: TableInputs, classes: int, penalty: float) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    one_hot = OneHotEncoder(
        max_categories=_MAX_CATEGORIES, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    real = inputs.real_columns
    parts = [
        ("real", StandardScaler(), slice(0, real)),
        ("integers", one_hot, slice(real, inputs.columns)),
    ]
    # scikit-learn refuses a part without columns.
    columns = ColumnTransformer([part for part in parts if part[2].start < part[2].stop])
    if classes == 0:
        return make_pipeline(columns, Ridge(alpha=penalty))
    return make_pipeline(columns, LogisticRegression(C=1 / penalty, max_iter=300))


def _gradient_boosting(y_N: Array, classes: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    options: dict[str, Any] = {"max_iter": 200, "n_iter_no_change": 10, "random_state": seed}
    if classes == 0:
        return HistGradientBoostingRegressor(early_stopping=len(y_N) >= 20, **options)
    counts = np.bincount(y_N)
    counts = counts[counts > 0]
    # scikit-learn draws the tenth by class, which needs two samples of each, and room for all.
    can_stop = counts.min() >= 2 and len(y_N) >= 10 * len(counts)
    return HistGradientBoostingClassifier(early_stopping=bool(can_stop), **options)


@contextmanager
def one_quiet_thread() -> Iterator[None]:
    """Keep scikit-learn to one thread, and its warnings (of convergence, say) to itself."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
