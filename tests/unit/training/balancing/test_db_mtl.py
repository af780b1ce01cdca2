"""DB-MTL: the moving averages of its gradients."""

from __future__ import annotations

import numpy as np
import torch

from tests.support.balancing import JACOBIAN, LOSSES, weigh
from tests.support.balancing import build_named_weighting as built


def test_db_mtl_scales_no_average_of_zero() -> None:
    made = built("db_mtl")
    rows, scales = made.rows(torch.cat([JACOBIAN[:2], torch.zeros(1, 4)]))
    assert scales is not None
    assert scales[2] == 1
    assert scales[:2].min() == 1
    assert not rows[2].any()
    _, scales = built("db_mtl").rows(torch.zeros(3, 4))
    assert scales is not None
    assert scales.tolist() == [1.0, 1.0, 1.0]


def test_db_mtl_adds_up_moving_averages_of_one_norm() -> None:
    """Lin et al. 2023, Algorithm 1, by numpy."""
    made = built("db_mtl", beta=0.8, sigma=0.5)
    average = np.zeros((3, 4))
    for step, losses in enumerate(LOSSES, start=1):
        weights = weigh(made, losses)
        rows, scales = made.rows(weights.unsqueeze(1) * JACOBIAN)
        beta = 0.8 / step**0.5
        average = beta * average + (1 - beta) * JACOBIAN.numpy() / losses.numpy()[:, None]
        norms = np.linalg.norm(average, axis=1)
        np.testing.assert_allclose(rows, average * (norms.max() / norms)[:, None], rtol=1e-5)
        assert scales is not None
        np.testing.assert_allclose(scales, norms.max() / norms, rtol=1e-5)
