"""GradNorm, from the gradients of all shared parameters.

T tasks, P shared parameters
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from mtl_search.config.checks import check_number
from mtl_search.training.balancing.weighting_base import Weighting

_FLOOR = 1e-3


class GradNorm(Weighting):
    """GradNorm: learn weights w that give the gradients of slow tasks larger norms.

    With G_t = ‖w_t ∇L_t‖ over the shared parameters, Ḡ their mean, and
    r_t = (L_t/L_t(0)) / mean(L/L(0)) how slowly a task trains compared with the others, w takes a
    step down Σ_t |G_t − Ḡ·r_t^α|, with Ḡ·r_t^α held constant; then Σ w = T.

    Differs from the paper in that the norm is over all shared parameters, not the last shared layer
    (their gradients are computed anyway), and in that no weight falls below 0.001: the paper's
    could become negative. Means and sums are over the tasks with a gradient in the step, and the
    others keep their weights: those that share nothing, and those without a label. Where a step has
    one such task (each batch from a source of its own), nothing is learned.

    Source: Chen et al. 2018, "GradNorm: Gradient normalization for adaptive loss balancing",
    Algorithm 1.

    Args:
        tasks: The number of tasks, T.
        alpha: The exponent α ≥ 0; the larger, the harder slow tasks are pushed. The paper's is 0.12
            to 1.5.
        lr: The learning rate of w, by Adam; the paper's is 0.025.
    """

    needs_gradients = True

    def __init__(self, tasks: int, *, alpha: float = 1.5, lr: float = 0.025) -> None:
        self.alpha = check_number(alpha, "alpha")
        self._weights = torch.ones(tasks, requires_grad=True)
        self._first: Tensor | None = None
        self._optimizer = Adam([self._weights], lr=check_number(lr, "lr"))

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return the weights as they are before their own step, as in Algorithm 1."""
        assert jacobian is not None
        if self._first is None:
            self._first = losses.clone()
        used = self._weights.detach().clone()
        self._learn(losses / self._first.clamp(min=1e-12), jacobian.norm(dim=1))
        return used

    def _learn(self, ratios: Tensor, norms: Tensor) -> None:
        """Take one step of w.

        Args:
            ratios: The losses over the first ones, L/L(0), (T,).
            norms: The norms ‖∇L_t‖, (T,).
        """
        has_gradient = norms > 0
        if int(has_gradient.sum()) < 2:
            return
        before = self._weights.detach().clone()
        ratios = ratios[has_gradient]
        with torch.enable_grad():
            weighted = self._weights[has_gradient] * norms[has_gradient]
            slowness = ratios / ratios.mean().clamp(min=1e-12)
            target = (weighted.mean() * slowness**self.alpha).detach()
            (weighted - target).abs().sum().backward()
        self._optimizer.step()
        self._optimizer.zero_grad()
        with torch.no_grad():
            moved = self._weights[has_gradient].clamp(min=_FLOOR)
            moved *= (len(before) - before[~has_gradient].sum()) / moved.sum()
            # The others get their old weights back: Adam's momentum has moved them, too.
            self._weights.copy_(before.masked_scatter(has_gradient, moved))

    def state_dict(self) -> dict[str, Any]:
        """Return weights, first losses and the state of the optimiser."""
        weights = self._weights.detach().clone()
        return {"weights": weights, "first": self._first, "optimizer": self._optimizer.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Load weights, first losses and the state of the optimiser."""
        with torch.no_grad():
            self._weights.copy_(state["weights"])
        self._first = None if state["first"] is None else state["first"].to(device)
        self._optimizer.load_state_dict(state["optimizer"])
