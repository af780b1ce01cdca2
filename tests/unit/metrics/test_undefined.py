"""Which labels leave a metric undefined, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mtl_search.data.types import TargetKind
from mtl_search.metrics.undefined import why_undefined

LEFT_OPEN: list[tuple[str, TargetKind, Any, str]] = [
    ("top_3_accuracy", "class", [0, 1, 2], "each of the 3 classes is among the first 3"),
    ("top_5_accuracy", "class", [0, 1, 2], "each of the 3 classes is among the first 5"),
    ("mcc", "class", [2, 2, -1], "only one outcome occurs"),
    ("average_precision", "class", [1, 1], "only one outcome occurs"),
    ("f1_macro", "multilabel", [[0, 0, -1]], "there is no positive label"),
    ("f1_micro", "multilabel", [[0, 0, -1]], "there is no positive label"),
    ("f1_weighted", "multilabel", [[0, 0, -1]], "there is no positive label"),
    ("pearson_corrcoef", "real", [0.1, 0.1, math.nan], "all labels are alike"),
    ("spearman_corrcoef", "real", [3.0], "all labels are alike"),
    ("spearman_corrcoef", "vector", [[1.0, 2.0], [1.0, 2.0]], "all labels are alike"),
    ("mae", "real", [math.nan], "there is no label"),
]
DEFINED: list[tuple[str, TargetKind, Any]] = [
    ("top_2_accuracy", "class", [0, 1, 2]),
    ("f1_macro", "binary", [0, 0]),
    ("f1_weighted", "binary", [1, 1]),
    ("balanced_accuracy", "binary", [1, 1]),
    ("brier_score_loss", "binary", [1]),
    ("f1_micro", "multilabel", [[0, 1, -1]]),
    ("pearson_corrcoef", "vector", [[1.0, 2.0], [1.0, 3.0]]),
    ("mae", "real", [1.0]),
]


@pytest.mark.parametrize(("name", "kind", "labels", "reason"), LEFT_OPEN)
def test_reasons(name: str, kind: TargetKind, labels: Any, reason: str) -> None:
    assert why_undefined(name, np.array(labels), kind, 3) == reason


@pytest.mark.parametrize(("name", "kind", "labels"), DEFINED)
def test_what_the_reference_defines_is_not_left_out(
    name: str, kind: TargetKind, labels: Any
) -> None:
    assert why_undefined(name, np.array(labels), kind, 3) == ""
