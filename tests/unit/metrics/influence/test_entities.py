"""Influence of sentences on the F1 of entities, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.metrics.influence.entities import span_f1

BIO = ("O", "B-x", "I-x")


def test_a_sentence_counts_by_its_entities() -> None:
    labels = np.array([[1, 2, 0], [1, 0, 1], [0, 0, 0], [-1, -1, -1]])
    tags = np.array([[1, 2, 0], [1, 0, 0], [0, 1, 0], [1, 1, 1]])
    # Right 1, 1, 0; predicted 1, 1, 1; labelled 1, 2, 0: F1 = 4 / 6.
    expected = np.array([2 - 2 / 3 * 2, 2 - 2 / 3 * 3, 0 - 2 / 3 * 1, 0]) * 4 / 6
    assert span_f1(tags, labels, BIO) == pytest.approx(expected)
    assert expected.sum() == pytest.approx(0)


def test_an_entity_does_not_go_on_over_sentences() -> None:
    labels = np.array([[1, 2], [2, 0]])
    assert span_f1(labels, labels, BIO) == pytest.approx([0, 0])
    assert span_f1(np.array([[1, 2], [0, 0]]), labels, BIO) == pytest.approx(
        np.array([2 - 2 / 3 * 2, 0 - 2 / 3 * 1]) * 2 / 3
    )
