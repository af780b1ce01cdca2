"""The weightings that torchjd has as scalarizers, with their arguments checked and their capabilities named.

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

# A cross-entropy of two samples may be 0 in single precision, where its logarithm and ratios to it are no numbers.
_LEAST = 1e-8


class Static(Scalarized):
    """Σ L_t: the loss weights of the config are all there is.

    torchjd calls it `Sum`; with the loss weights, which come before every weighting, it is its `Constant`, too.
    """

    plain = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Sum())


class Mean(Scalarized):
    """Σ L_t / T: as static, at 1/T of its scale, which matters to no more than clipping and plain gradient descent."""

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Mean())


class UW(Scalarized):
    """Learned uncertainty: Σ ½(e^(−s_t) L_t + s_t), s learned from 0.

    Source: Kendall, Gal & Cipolla 2018, "Multi-task learning using uncertainty to weigh losses".

    Args:
        tasks: T.
        lr: Learning rate of s.
    """

    def __init__(self, tasks: int, *, lr: float = 0.01) -> None:
        super().__init__(jd.UW(tasks), lr)


class IMTLL(Scalarized):
    """IMTL-L: Σ (e^(s_t) L_t − s_t), s learned from 0, so that scaled losses become alike.

    Source: Liu et al. 2021, "Towards impartial multi-task learning".

    Args:
        tasks: T.
        lr: Learning rate of s.
    """

    def __init__(self, tasks: int, *, lr: float = 0.01) -> None:
        super().__init__(jd.IMTLL(tasks), lr)


class DWA(Scalarized):
    """Dynamic weight average: tasks whose mean loss fell less over the last two epochs count more; Σ weights = T.

    Weights T · softmax(r/τ) with r_t = L_t(epoch − 1)/L_t(epoch − 2); all 1 in the first two epochs.

    Source: Liu, Johns & Davison 2019, "End-to-end multi-task learning with attention".

    Args:
        tasks: T.
        temperature: τ > 0; the larger, the more alike.
    """

    def __init__(self, tasks: int, *, temperature: float = 2.0) -> None:
        self._averages = jd.DWA(check_number(temperature, "temperature", exclude_low=True))
        super().__init__(self._averages)

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """By the history, which takes in the losses."""
        return super().weigh(losses.clamp(min=_LEAST), jacobian)

    def end_epoch(self) -> None:
        """The epoch's mean losses become history."""
        self._averages.step()


class _Famo(jd.FAMO):
    """torchjd's, with the state of the optimiser that it makes at its first update."""

    def optimizer_state(self) -> dict[str, Any] | None:
        return None if self._optimizer is None else self._optimizer.state_dict()

    def load_optimizer_state(self, state: dict[str, Any] | None) -> None:
        self._optimizer = None
        if state is not None:
            self._optimizer = Adam([self._w], lr=self.lr, weight_decay=self.weight_decay)
            self._optimizer.load_state_dict(state)


class FAMO(Scalarized):
    """FAMO: all losses fall at one rate; weights follow the change of the log losses over each step.

    Costs a forward pass more a step, in training mode as in the authors' code: dropout draws again, and running
    statistics of batch normalisation take the batch in twice.

    Source: Liu et al. 2023, "FAMO: Fast adaptive multitask optimization".

    Args:
        tasks: T.
        lr: Learning rate of the weights' logits.
        weight_decay: Of the logits: pulls towards equal weights.
    """

    needs_losses_after_step = True

    def __init__(self, tasks: int, *, lr: float = 0.025, weight_decay: float = 1e-3) -> None:
        self._famo = _Famo(
            tasks, None, check_number(lr, "lr"), check_number(weight_decay, "weight_decay")
        )
        super().__init__(self._famo)

    def after_optimizer_step(self, losses: Tensor) -> None:
        """One step of the logits."""
        self._famo.update(losses)

    def state_dict(self) -> dict[str, Any]:
        """With the optimiser inside."""
        return {**super().state_dict(), "logits": self._famo.optimizer_state()}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """With the optimiser inside."""
        super().load_state_dict(state, device)
        self._famo.load_optimizer_state(state["logits"])


class GeometricMean(Scalarized):
    """(Π L_t)^(1/T): each loss counts by 1/L_t, so that relative and not absolute progress is alike.

    Source: Chennupati et al. 2019, "MultiNet++: Multi-stream feature aggregation and geometric loss strategy".
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.GeometricMean())

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """The gradient, of losses above 0."""
        return super().weigh(losses.clamp(min=_LEAST), jacobian)


class RandomLoss(Scalarized):
    """Random weights every step: softmax of T standard normal numbers.

    Source: Lin et al. 2022, "Reasonable effectiveness of random weighting".
    """

    is_random = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Random())


class STCH(Scalarized):
    """STCH: μ log Σ exp(L_t/(Tμ)), a smooth maximum, which presses on the worst task.

    Source: Lin et al. 2024, "Smooth Tchebycheff scalarization for multi-objective optimization".

    Args:
        tasks: T.
        mu: μ > 0; the smaller, the more the worst task alone counts.
    """

    def __init__(self, tasks: int, *, mu: float = 1.0) -> None:
        super().__init__(jd.STCH(check_number(mu, "mu", exclude_low=True)))


class COSMOS(Scalarized):
    """COSMOS: Σ r_t L_t − λ cos(r, L) with r_t = 1/T; loss weights are the preference. The network does not see r.

    Source: Ruchte & Grabocka 2021, "Scalable Pareto front approximation for deep multi-objective learning", without
    its conditioning of the network on sampled preferences.

    Args:
        tasks: T.
        lambda_: λ ≥ 0, the price on leaving the preferred direction.
    """

    def __init__(self, tasks: int, *, lambda_: float = 1.0) -> None:
        super().__init__(
            jd.COSMOS(check_number(lambda_, "lambda_"), torch.full((tasks,), 1 / tasks))
        )


class PBI(Scalarized):
    """PBI: d_1 + θ d_2, the losses' length along the preferred direction (1, ..., 1) and their distance from it.

    Source: Zhang & Li 2007, "MOEA/D: A multiobjective evolutionary algorithm based on decomposition".

    Args:
        tasks: T.
        theta: θ ≥ 0, the price on the distance.
    """

    def __init__(self, tasks: int, *, theta: float = 5.0) -> None:
        super().__init__(jd.PBI(check_number(theta, "theta"), torch.ones(tasks)))
