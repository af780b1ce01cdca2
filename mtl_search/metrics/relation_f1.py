"""The official score of SemEval-2010 Task 8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.types import MISSING, Array

OTHER = "Other"


def relation_f1(probabilities: Tensor, target: Tensor, names: Sequence[str]) -> Tensor:
    """Compute macro-F1 over the relations without `Other`, with their direction; in 0 .. 1.

    A relation is right when its direction is, too: Cause-Effect(e1,e2) in place of
    Cause-Effect(e2,e1) is a wrong answer that counts as proposed for Cause-Effect. With n_k samples
    of relation k in both directions, m_k proposed and c_k right in relation and direction,
    F1_k = 2·c_k / (n_k + m_k), and the score is their mean over the relations that occur. An
    `Other` that is taken for a relation costs that relation precision; `Other` itself is not
    averaged.

    It is "(9+1)-way evaluation taking directionality into account" of
    `semeval2010_task8_scorer-v1.2.pl` (P. Nakov, 2010) over 100. Classes without a direction are
    scored by the same rule, which is then no longer the official one: the official score needs 19
    classes.

    Args:
        probabilities: (N, C) probabilities.
        target: (N,) class numbers, -1 where missing.
        names: The names of the C classes; `(e1,e2)` or `(e2,e1)` at the end is the direction.

    Returns:
        () the score; NaN when no relation occurs.

    Examples:
        >>> names = ["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other"]
        >>> right_relation_wrong_direction = torch.tensor([[0.0, 1.0, 0.0]])
        >>> relation_f1(right_relation_wrong_direction, torch.tensor([0]), names)
        tensor(0.)
    """
    is_labelled = target != MISSING
    predicted = probabilities[is_labelled].argmax(1)
    target = target[is_labelled]
    numbers, other = relation_numbers(names)
    relation_of = torch.from_numpy(numbers).to(target.device)

    def count(classes: Tensor) -> Tensor:
        # `Other` is the last one and left out.
        return torch.bincount(relation_of[classes], minlength=other + 1)[:-1]

    actual = count(target)
    proposed = count(predicted)
    right = count(target[predicted == target])
    occurs = actual > 0
    return (2 * right[occurs] / (actual + proposed)[occurs]).mean()


def relation_numbers(names: Sequence[str]) -> tuple[Array, int]:
    """Return the number of each class's relation, (C,), and that of `Other`, the highest.

    Examples:
        >>> relation_numbers(["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other"])
        (array([0, 0, 1]), 1)
    """
    undirected = [name.partition("(")[0] for name in names]
    relations = [*sorted(set(undirected) - {OTHER}), OTHER]
    numbers = [relations.index(name) for name in undirected]
    return np.array(numbers, np.int64), len(relations) - 1
