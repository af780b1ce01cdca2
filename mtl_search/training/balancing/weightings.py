"""The weightings that torchjd has as scalarizers, with checked arguments and named capabilities.

T tasks, L_t their losses (over trivial losses, times loss weights)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torchjd.scalarization as jd
from torch import Tensor
from torch.optim import Adam

from mtl_search.config.checks import check_number
from mtl_search.training.balancing.weighting_base import Scalarized

# The least loss for methods that divide by it or take its logarithm: a cross-entropy of two samples
# may be 0 in single precision.
_LEAST = 1e-8


class Static(Scalarized):
    """Add the losses up, Σ L_t: the loss weights of the config alone decide.

    torchjd calls it `Sum`; with the loss weights, which come before every weighting, it is also its
    `Constant`.
    """

    plain = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Sum())


class Mean(Scalarized):
    """Take the mean of the losses, Σ L_t / T.

    It is `static` at 1/T of its scale, which only matters to clipping and plain gradient descent.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Mean())


class UW(Scalarized):
    """UW (uncertainty weighting): minimise Σ ½(e^(−s_t) L_t + s_t), s learned from 0.

    Source: Kendall, Gal & Cipolla 2018, "Multi-task learning using uncertainty to weigh losses".

    Args:
        tasks: The number of tasks, T.
        lr: The learning rate of s.
    """

    def __init__(self, tasks: int, *, lr: float = 0.01) -> None:
        super().__init__(jd.UW(tasks), lr)


class IMTLL(Scalarized):
    """IMTL-L: minimise Σ (e^(s_t) L_t − s_t), s learned from 0, so that scaled losses become alike.

    Source: Liu et al. 2021, "Towards impartial multi-task learning".

    Args:
        tasks: The number of tasks, T.
        lr: The learning rate of s.
    """

    def __init__(self, tasks: int, *, lr: float = 0.01) -> None:
        super().__init__(jd.IMTLL(tasks), lr)


class DWA(Scalarized):
    """DWA (dynamic weight average): let tasks count more whose mean loss fell less.

    The weights are T · softmax(r/τ) with r_t = L_t(epoch − 1)/L_t(epoch − 2); in the first two
    epochs all are 1.

    Source: Liu, Johns & Davison 2019, "End-to-end multi-task learning with attention".

    Args:
        tasks: The number of tasks, T.
        temperature: The temperature τ > 0; the larger, the more alike the weights are.
    """

    def __init__(self, tasks: int, *, temperature: float = 2.0) -> None:
        self._averages = jd.DWA(check_number(temperature, "temperature", exclude_low=True))
        super().__init__(self._averages)

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return the weights by the history, and add the losses to it."""
        return super().weigh(losses.clamp(min=_LEAST), jacobian)

    def end_epoch(self) -> None:
        """Add the epoch's mean losses to the history."""
        self._averages.step()


class _Famo(jd.FAMO):
    """Add the state of the optimiser, which torchjd builds at its first update."""

    def optimizer_state(self) -> dict[str, Any] | None:
        return None if self._optimizer is None else self._optimizer.state_dict()

    def load_optimizer_state(self, state: dict[str, Any] | None) -> None:
        self._optimizer = None
        if state is not None:
            self._optimizer = Adam([self._w], lr=self.lr, weight_decay=self.weight_decay)
            self._optimizer.load_state_dict(state)


class FAMO(Scalarized):
    """FAMO: let all losses fall at one rate, by the change of the log losses over each step.

    It costs one forward pass more in each step, in training mode as in the authors' code: dropout
    draws again, and running statistics of batch normalisation count the batch twice.

    Source: Liu et al. 2023, "FAMO: Fast adaptive multitask optimization".

    Args:
        tasks: The number of tasks, T.
        lr: The learning rate of the weights' logits.
        weight_decay: The weight decay of the logits, which pulls towards equal weights.
    """

    needs_losses_after_step = True

    def __init__(self, tasks: int, *, lr: float = 0.025, weight_decay: float = 1e-3) -> None:
        rate = check_number(lr, "lr")
        decay = check_number(weight_decay, "weight_decay")
        self._famo = _Famo(tasks, None, rate, decay)
        super().__init__(self._famo)

    def after_optimizer_step(self, losses: Tensor) -> None:
        """Take one step of the logits."""
        self._famo.update(losses)

    def state_dict(self) -> dict[str, Any]:
        """Return the state with that of the optimiser inside."""
        return {**super().state_dict(), "logits": self._famo.optimizer_state()}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Load the state with that of the optimiser inside."""
        super().load_state_dict(state, device)
        self._famo.load_optimizer_state(state["logits"])


class GeometricMean(Scalarized):
    """Minimise the geometric mean (Π L_t)^(1/T): each loss counts by 1/L_t.

    So tasks are equal in relative progress, not in absolute.

    Source: Chennupati et al. 2019, "MultiNet++: Multi-stream feature aggregation and geometric loss
    strategy".
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.GeometricMean())

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return the gradient at losses above 0."""
        return super().weigh(losses.clamp(min=_LEAST), jacobian)


class RandomLoss(Scalarized):
    """Draw weights in every step: the softmax of T standard normal numbers.

    Source: Lin et al. 2022, "Reasonable effectiveness of random weighting".
    """

    is_random = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Random())


class STCH(Scalarized):
    """STCH: minimise μ log Σ exp(L_t/(Tμ)), a smooth maximum, in which the worst task counts most.

    Source: Lin et al. 2024, "Smooth Tchebycheff scalarization for multi-objective optimization".

    Args:
        tasks: The number of tasks, T.
        mu: The smoothness μ > 0; the smaller, the more the worst task alone counts.
    """

    def __init__(self, tasks: int, *, mu: float = 1.0) -> None:
        super().__init__(jd.STCH(check_number(mu, "mu", exclude_low=True)))


class COSMOS(Scalarized):
    """COSMOS: minimise Σ r_t L_t − λ cos(r, L) with r_t = 1/T.

    The loss weights of the config are the preference, and the network does not see r.

    Source: Ruchte & Grabocka 2021, "Scalable Pareto front approximation for deep multi-objective
    learning", without its conditioning of the network on sampled preferences.

    Args:
        tasks: The number of tasks, T.
        lambda_: The price λ ≥ 0 of leaving the preferred direction.
    """

    def __init__(self, tasks: int, *, lambda_: float = 1.0) -> None:
        super().__init__(
            jd.COSMOS(check_number(lambda_, "lambda_"), torch.full((tasks,), 1 / tasks))
        )


class PBI(Scalarized):
    """PBI (penalty-based boundary intersection): minimise d_1 + θ d_2.

    d_1 is the losses' length along the preferred direction (1, ..., 1), d_2 their distance from it.

    Source: Zhang & Li 2007, "MOEA/D: A multiobjective evolutionary algorithm based on
    decomposition".

    Args:
        tasks: The number of tasks, T.
        theta: The price θ ≥ 0 of the distance.
    """

    def __init__(self, tasks: int, *, theta: float = 5.0) -> None:
        super().__init__(jd.PBI(check_number(theta, "theta"), torch.ones(tasks)))
