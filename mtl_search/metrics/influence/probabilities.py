"""Influence on metrics that judge probabilities.

Legend: N items, M labelled cells.
"""

from __future__ import annotations

import numpy as np
import torch

from mtl_search.data.types import Array
from mtl_search.metrics import probability
from mtl_search.metrics.influence.cells import Cells


def brier_score(cells: Cells) -> Array:
    """Return the influence on the mean squared distance of the probabilities, (N,)."""
    distance_M = probability.brier_score(*_tensors(cells)).numpy()
    return cells.influence((distance_M - distance_M.mean()) / len(distance_M))


def calibration_error(cells: Cells) -> Array:
    """Return the influence on the expected calibration error, (N,).

    A cell adds its own gap where its bin came true too often, else the opposite. The bins stay.
    """
    sure, came_true = probability.confidence(*_tensors(cells))
    bin_M = probability.bin_numbers(sure).numpy()
    gap_M = (came_true - sure).numpy()
    sign_M = np.sign(np.bincount(bin_M, weights=gap_M))[bin_M]
    part_M = sign_M * gap_M
    return cells.influence((part_M - part_M.mean()) / len(part_M))


def top_accuracy(cells: Cells, k: int) -> Array:
    """Return the influence on the share of samples whose class is among the first k, (N,)."""
    is_hit = probability.top_hits(*_tensors(cells), k).numpy()
    return cells.influence((is_hit - is_hit.mean()) / len(is_hit))


def _tensors(cells: Cells) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(cells.prediction), torch.from_numpy(cells.label)
