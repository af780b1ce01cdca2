"""F1 of whole entities against worked examples and seqeval."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mtl_search.metrics.compute import compute
from mtl_search.metrics.span_f1 import span_f1

BIO = ("O", "B-x", "I-x", "B-y", "I-y")


def _tags(text: str) -> torch.Tensor:
    """Sentences on lines; `.` is missing."""
    short = {"O": 0, "Bx": 1, "Ix": 2, "By": 3, "Iy": 4, ".": -1}
    return torch.tensor(
        [[short[tag] for tag in line.split()] for line in text.strip().splitlines()]
    )


@pytest.mark.parametrize(
    ("target", "tags", "wanted"),
    [
        ("Bx Ix O By", "Bx Ix O By", 1.0),
        ("Bx Ix O By", "Bx O O By", 1 / 2),  # one of two; a part of an entity is no entity
        ("Bx Ix O By", "Bx Ix O Bx", 1 / 2),  # the right place and the wrong kind
        ("Bx Bx", "Bx Ix", 0.0),  # two entities side by side are not one
        ("Bx Ix", "Ix Ix", 1.0),  # an I that follows nothing begins an entity
        ("Bx Iy", "Bx By", 1.0),
        ("O O Bx", "O O O", 0.0),
        ("O O Bx", "Bx O Bx", 2 / 3),
        ("Bx . Ix O", "Bx O Ix O", 1.0),  # a token without a label is left out
        (
            "Bx Ix .\nIx O .",
            "Bx Ix Ix\nIx O Bx",
            1.0,
        ),  # a sentence ends an entity, padding is nothing
        ("Bx Ix .\nIx O .", "Bx O .\n. O .", 0.0),
    ],
)
def test_worked_examples_of_entities(target: str, tags: str, wanted: float) -> None:
    assert float(span_f1(_tags(tags), _tags(target), BIO)) == pytest.approx(wanted)


def test_no_entity_anywhere_is_undefined() -> None:
    assert math.isnan(span_f1(_tags("O O"), _tags("O ."), BIO))
    assert math.isnan(span_f1(_tags("O O"), _tags(". ."), BIO))


def test_entities_as_seqeval_counts_them() -> None:
    seqeval = pytest.importorskip(
        "seqeval.metrics", reason="only to compare with: pip install seqeval"
    )
    rng = np.random.default_rng(0)
    for _ in range(20):
        target, other = torch.from_numpy(rng.integers(0, 5, (2, 30, 9)))
        tags = torch.where(torch.from_numpy(rng.random((30, 9)) < 0.3), other, target)
        target[torch.arange(9) >= torch.from_numpy(rng.integers(1, 10, (30, 1)))] = -1
        lines = [
            [[BIO[k] for k in row[real].tolist()] for row, real in zip(x, target >= 0, strict=True)]
            for x in (target, tags)
        ]
        assert float(span_f1(tags, target, BIO)) == pytest.approx(seqeval.f1_score(*lines))


def test_compute_hands_on_the_names_of_the_tags() -> None:
    tags = torch.tensor([[1, 2, 0]])
    assert compute("span_f1", tags, tags, "tags", 3, names=BIO) == 1


def test_names_without_a_prefix_are_kinds() -> None:
    names = ("O", "verb", "noun")
    target = torch.tensor([[1, 1, 2]])
    assert float(span_f1(target, target, names)) == 1
    assert float(span_f1(torch.tensor([[1, 2, 2]]), target, names)) == 0
