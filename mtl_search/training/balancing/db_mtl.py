"""DB-MTL: balance losses by their logarithm, and gradients by their norm.

T tasks, P shared parameters
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mtl_search.config.checks import check_number
from mtl_search.training.balancing.weighting_base import Weighting

_EPS = 1e-8


class DBMTL(Weighting):
    """DB-MTL: let shared parameters follow moving averages of ∇ log L_t, all of one norm.

    At step k: ĝ_t ← β_k ĝ_t + (1 − β_k) ∇ log L_t with β_k = β/k^σ, from ĝ_t = 0 before the first;
    the shared gradient is α Σ_t ĝ_t/‖ĝ_t‖ with α = max_t ‖ĝ_t‖. Heads follow ∇ log L_t. Loss
    weights and trivial losses change nothing here: the logarithm turns them into constants. An
    average that is zero (of a task that shares nothing, or had no label yet) is not scaled. The
    averages take T × P numbers, in memory and in checkpoints.

    Source: Lin et al. 2023, "Dual-balancing for multi-task learning", Algorithm 1.

    Args:
        tasks: The number of tasks, T.
        beta: The decay β in [0, 1); 0 keeps no average.
        sigma: The exponent σ ≥ 0: how fast the average gives way to the step's own gradient.
    """

    needs_gradients = True

    def __init__(self, tasks: int, *, beta: float = 0.9, sigma: float = 0.0) -> None:
        self.beta = check_number(beta, "beta", high=1.0, exclude_high=True)
        self.sigma = check_number(sigma, "sigma")
        self._steps = 0
        self._average: Tensor | None = None

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return ∂ log L_t/∂L_t."""
        return 1 / (losses + _EPS)

    def rows(self, jacobian: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the moving averages of the rows ∇ log L_t (T, P), scaled to one norm."""
        self._steps += 1
        beta = self.beta / self._steps**self.sigma
        if self._average is None:
            self._average = torch.zeros_like(jacobian)
        self._average = beta * self._average + (1 - beta) * jacobian
        norms = self._average.norm(dim=1)
        scales = torch.where(norms > _EPS, norms.max() / norms.clamp(min=_EPS), 1.0)
        return scales.unsqueeze(1) * self._average, scales

    def state_dict(self) -> dict[str, Any]:
        """Return the averages and the number of steps."""
        return {"steps": self._steps, "average": self._average}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Load the averages and the number of steps."""
        self._steps = state["steps"]
        self._average = None if state["average"] is None else state["average"].to(device)
