"""AutoScale: fixed weights by which the gradients of all tasks are about as long.

T tasks, P shared parameters
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mtl_search.config.checks import check_int
from mtl_search.training.balancing.weighting_base import Weighting

# No task counts more than this many times as much as another: a gradient that has vanished says
# nothing of the weight that its task needs.
_MAX_RATIO = 1e3


class AutoScale(Weighting):
    """AutoScale: weights from the lengths of the first gradients, which then stay as they are.

    In the first epochs, w_t ∝ exp(−mean log ‖∇L_t‖), Σ w = T, where the mean is over the steps so
    far in which the task has a gradient of the shared parameters; from then on w is fixed. Two
    gradients are most similar in magnitude, 2‖g_i‖‖g_j‖/(‖g_i‖² + ‖g_j‖²) = 1, where they are
    equally long, so these weights make the geometric means of all lengths equal. A task without
    such a gradient counts 1, and no weight is more than 1,000 times another.

    The paper has weights follow from a metric of the gradients in a first phase of training, keeps
    them in the second, and finds that good weights go with a high similarity of magnitudes. The
    rule above is the closed form for that metric. It differs from the paper, as far as its abstract
    tells, in that there is this one metric (neither condition number nor balance of losses), and in
    that the first phase takes the mean over single steps.

    Source: Yang et al. 2025, "AutoScale: Linear scalarization guided by multi-task optimization
    metrics".

    Args:
        tasks: The number of tasks, T.
        epochs: The epochs of the first phase; where training has no more, there is no second.
    """

    needs_gradients = True

    def __init__(self, tasks: int, *, epochs: int = 3) -> None:
        self.epochs = check_int(epochs, "epochs")
        self._log_norms = torch.zeros(tasks)  # (T,) sums over steps
        self._steps = torch.zeros(tasks)  # (T,) how many there were
        self._epoch = 0

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return the weights by the steps so far, in the first phase with this one."""
        if self._epoch < self.epochs:
            assert jacobian is not None
            norms = jacobian.norm(dim=1)
            has_gradient = norms > 0
            self._log_norms += torch.where(has_gradient, norms, 1.0).log()
            self._steps += has_gradient
        return self._weights()

    def _weights(self) -> Tensor:
        seen = self._steps > 0
        weights = torch.ones_like(self._log_norms)
        if seen.any():
            means = self._log_norms[seen] / self._steps[seen]
            means = means.clamp(min=means.max() - math.log(_MAX_RATIO))
            weights[seen] = seen.sum() * torch.softmax(-means, dim=0)
        return weights

    def end_epoch(self) -> None:
        """Count the epoch."""
        self._epoch += 1

    def state_dict(self) -> dict[str, Any]:
        """Return the sums, and the number of epochs."""
        return {
            "log_norms": self._log_norms.clone(),
            "steps": self._steps.clone(),
            "epoch": self._epoch,
        }

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Load the sums, and the number of epochs."""
        self._log_norms = state["log_norms"].to(device).clone()
        self._steps = state["steps"].to(device).clone()
        self._epoch = state["epoch"]
