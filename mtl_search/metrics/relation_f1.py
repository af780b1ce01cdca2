"""The official score of SemEval-2010 Task 8."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_search.data.types import MISSING

OTHER = "Other"


def relation_f1(probabilities: Tensor, target: Tensor, names: Sequence[str]) -> Tensor:
    """Macro-F1 over the relations, `Other` left out, the direction taken into account; in 0 .. 1.

    A relation is right when its direction is, too: Cause-Effect(e1,e2) in place of Cause-Effect(e2,e1) is a wrong
    answer that counts as proposed for Cause-Effect. With n_k samples of relation k in both directions, m_k proposed and
    c_k right in relation and direction, F1_k = 2·c_k / (n_k + m_k), and the score is their mean over the relations that
    occur. An `Other` that is taken for a relation costs that relation precision; `Other` itself is not averaged.

    It is "(9+1)-way evaluation taking directionality into account" of `semeval2010_task8_scorer-v1.2.pl` (P. Nakov,
    2010) over 100. Classes without a direction are scored by the same rule, which is then no longer the official one:
    the official score needs 19 classes.

    Args:
        probabilities: (N, C).
        target: (N,) class numbers, -1 where missing.
        names: C names of classes; `(e1,e2)` and `(e2,e1)` at their end are the direction.

    Returns:
        () the score; NaN when no relation occurs.
    """
    known = target != MISSING
    predicted, target = probabilities[known].argmax(1), target[known]
    plain = [name.partition("(")[0] for name in names]
    relations = sorted(set(plain) - {OTHER})
    relation_of = torch.tensor(
        [relations.index(name) if name != OTHER else len(relations) for name in plain]
    )
    relation_of = relation_of.to(target.device)

    def count(classes: Tensor) -> Tensor:
        return torch.bincount(relation_of[classes], minlength=len(relations) + 1)[: len(relations)]

    actual, proposed, right = count(target), count(predicted), count(target[predicted == target])
    occurs = actual > 0
    return (2 * right[occurs] / (actual + proposed)[occurs]).mean()
