"""The labels that are there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mtl_search.metrics import labels


def test_missing_labels_are_left_out() -> None:
    assert labels.known_values(np.array([2, -1, 0]), "class").tolist() == [2, 0]
    assert labels.known_values(np.array([2.0, math.nan]), "real").tolist() == [2.0]


def test_outcomes_by_label_and_by_class() -> None:
    many = labels.outcome_columns(np.array([[1, -1, 0], [0, -1, -1]]), "multilabel", 3)
    assert [column.tolist() for column in many] == [[1, 0], [0]]
    classes = labels.outcome_columns(np.array([0, 2, -1]), "class", 3)
    assert [column.tolist() for column in classes] == [[1, 0], [0, 0], [0, 1]]


def test_variance_of_labels_that_are_alike_is_0_and_not_rounding() -> None:
    assert labels.label_variance(np.full(7, 0.1, np.float32), "real") == 0
    vectors = np.array([[1.0, 0.1], [3.0, 0.1]])
    assert labels.label_variance(vectors, "vector") == pytest.approx(0.5)


def test_elements_and_entities() -> None:
    elements = labels.element_values(np.array([[1.0, math.nan], [2.0, math.nan]]), "vector")
    assert [element.tolist() for element in elements] == [[1.0, 2.0]]
    tags = np.array([[1, 2, 0], [0, 1, -1]])
    assert labels.labelled_entities(tags, ("O", "B-x", "I-x")).tolist() == [[0, 1, 0], [4, 4, 0]]
