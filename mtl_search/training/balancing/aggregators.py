"""The aggregators that torchjd has and that need no solver.

T tasks, g_t the gradient of task t with respect to the shared parameters, J their matrix (T, P)
"""

from __future__ import annotations

from typing import Any

import torch
import torchjd.aggregation as jd

from mtl_search.config.checks import check_choice, check_int, check_number
from mtl_search.errors import ConfigError
from mtl_search.training.balancing.aggregator_base import Aggregator, TwoBatchAggregator


class Sum(Aggregator):
    """Σ g_t: what training without an aggregator does."""

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Sum())


class Mean(Aggregator):
    """Σ g_t / T, the mean gradient."""

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Mean())


class RandomGradient(Aggregator):
    """Random weights every step: softmax of T standard normal numbers; heads keep their own gradients whole.

    Source: Lin et al. 2022, "Reasonable effectiveness of random weighting".
    """

    is_random = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Random())


class PCGrad(Aggregator):
    """PCGrad: each gradient loses its part against every other that it conflicts with, in random order; then their sum.

    Source: Yu et al. 2020, "Gradient surgery for multi-task learning", Algorithm 1.
    """

    is_random = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.PCGrad())


class GradVac(Aggregator):
    """Gradient vaccine: as PCGrad, towards a moving average of each pair's cosine instead of 0.

    Source: Wang et al. 2021, "Gradient vaccine".

    Args:
        tasks: T.
        beta: Share of the step's cosine in the moving average, in [0, 1].
    """

    is_random = True

    def __init__(self, tasks: int, *, beta: float = 0.5) -> None:
        super().__init__(jd.GradVac(_share(beta, "beta")))


class GradDrop(Aggregator):
    """Gradient sign dropout: in each parameter one sign is drawn by its purity, and gradients of the other are dropped.

    Source: Chen et al. 2020, "Just pick a sign", Algorithm 1, lines 10 to 15.

    Args:
        tasks: T.
        leak: Share of each gradient that passes whatever its sign, in [0, 1].
    """

    is_random = True

    def __init__(self, tasks: int, *, leak: float = 0.0) -> None:
        super().__init__(jd.GradDrop(leak=torch.full((tasks,), _share(leak, "leak"))))


class MGDA(Aggregator):
    """MGDA: the shortest vector in the convex hull of the gradients, by Frank-Wolfe.

    Source: Sener & Koltun 2018, "Multi-task learning as multi-objective optimization", Algorithm 2.

    Args:
        tasks: T.
        epsilon: The search ends with a step below this.
        max_iters: Or after so many.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, epsilon: float = 1e-3, max_iters: int = 100) -> None:
        low = check_number(epsilon, "epsilon", exclude_low=True)
        super().__init__(jd.MGDA(low, check_int(max_iters, "max_iters")))


class IMTLG(Aggregator):
    """IMTL-G: the combination whose projections on all gradients are equal; weights add up to 1 and may be negative.

    Source: Liu et al. 2021, "Towards impartial multi-task learning", by the pseudo-inverse.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.IMTLG())


class AlignedMTL(Aggregator):
    """Aligned-MTL: gradients turned into orthogonal ones of one length, then their mean.

    Source: Senushkin et al. 2023, "Independent component alignment for multi-task learning", Algorithm 1.

    Args:
        tasks: T.
        scale_mode: That length: of the `min`, `median` or mean (`rmse`) eigenvalue of JJᵀ.
    """

    def __init__(self, tasks: int, *, scale_mode: str = "min") -> None:
        mode: Any = check_choice(scale_mode, "scale_mode", ("min", "median", "rmse"))
        super().__init__(jd.AlignedMTL(scale_mode=mode))


class ConFIG(Aggregator):
    """ConFIG: the direction with one positive cosine to all gradients, as long as their projections on it together.

    Source: Liu, Chu & Thuerey 2024, "ConFIG: Towards conflict-free training", Equation 2.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.ConFIG())


class ExcessMTL(Aggregator):
    """ExcessMTL: tasks with more excess risk count more, by exponentiated gradients. Keeps T × P numbers.

    Source: He et al. 2024, "Robust multi-task learning with excess risks".

    Args:
        tasks: T.
        robust_step_size: How fast weights follow the risk, above 0.
        n_warmup_steps: Steps of equal weights in which the first risk is measured. A task without a label in all of
            them has none, and takes all the weight later.
    """

    def __init__(
        self, tasks: int, *, robust_step_size: float = 1.0, n_warmup_steps: int = 0
    ) -> None:
        size = check_number(robust_step_size, "robust_step_size", exclude_low=True)
        super().__init__(jd.ExcessMTL(size, check_int(n_warmup_steps, "n_warmup_steps", low=0)))


class PCD(Aggregator):
    """Priority-constrained descent: the first task's gradient, bent so that each other task makes some progress.

    Source: "Not all objectives are born equal: Priority-constrained descent", TMLR 2026.

    Args:
        tasks: T.
        tau: Share of its own progress that each other task is granted, in [0, 1].
        beta: Of the moving average of squared norms, in [0, 1).
    """

    symmetric = False

    def __init__(self, tasks: int, *, tau: float = 0.02, beta: float = 0.999) -> None:
        super().__init__(
            jd.PCD(_share(tau, "tau"), check_number(beta, "beta", high=1.0, exclude_high=True))
        )


class Krum(Aggregator):
    """Multi-Krum: the gradients nearest to most others, averaged; made against false gradients, needs 3 tasks or more.

    Source: Blanchard et al. 2017, "Machine learning with adversaries".

    Args:
        tasks: T.
        n_byzantine: Gradients that may be false; T is at least 3 more.
        n_selected: Gradients that are kept.
    """

    def __init__(self, tasks: int, *, n_byzantine: int = 0, n_selected: int = 1) -> None:
        most = _at_most(tasks - 3, "n_byzantine", tasks, "3")
        false = check_int(n_byzantine, "n_byzantine", low=0, high=most)
        super().__init__(jd.Krum(false, check_int(n_selected, "n_selected", high=tasks)))


class TrimmedMean(Aggregator):
    """In each parameter the mean without the largest and smallest values; needs 3 tasks or more.

    Source: Yin et al. 2018, "Byzantine-robust distributed learning".

    Args:
        tasks: T.
        trim_number: Values left out at either end.
    """

    def __init__(self, tasks: int, *, trim_number: int = 1) -> None:
        most = _at_most((tasks - 1) // 2, "trim_number", tasks, "3", least=1)
        super().__init__(jd.TrimmedMean(check_int(trim_number, "trim_number", high=most)))


class SDMGrad(TwoBatchAggregator):
    """SDMGrad: MGDA's weights by stochastic descent on J₁J₂ᵀ, pulled towards equal ones. Needs training.accumulate ≥ 2.

    Source: Xiao, Ban & Ji 2023, "Direction-oriented multi-objective learning". The update follows the mean of the two
    halves that the weights come from, where the paper draws a third batch.

    Args:
        tasks: T.
        lr: Of the descent.
        momentum: Of the descent, in [0, 1).
        n_iter: Its steps.
        lambda_: Strength of the pull, 0 or more.
    """

    def __init__(
        self,
        tasks: int,
        *,
        lr: float = 10.0,
        momentum: float = 0.5,
        n_iter: int = 20,
        lambda_: float = 0.3,
    ) -> None:
        super().__init__(
            jd.SDMGradWeighting(
                check_number(lr, "lr", exclude_low=True),
                check_number(momentum, "momentum", high=1.0, exclude_high=True),
                check_int(n_iter, "n_iter"),
                check_number(lambda_, "lambda_"),
            )
        )


class MoDo(TwoBatchAggregator):
    """MoDo: weights on the simplex take one step a step against J₁J₂ᵀλ. Needs training.accumulate ≥ 2.

    Source: Chen et al. 2024, "Three-way trade-off in multi-objective learning".

    Args:
        tasks: T.
        gamma: Step size, above 0.
        rho: Pull towards equal weights, 0 or more.
    """

    def __init__(self, tasks: int, *, gamma: float = 0.1, rho: float = 0.1) -> None:
        size = check_number(gamma, "gamma", exclude_low=True)
        super().__init__(jd.MoDoWeighting(size, check_number(rho, "rho")))


def _share(value: object, path: str) -> float:
    """A number in [0, 1], both ends included."""
    given = check_number(value, path)
    if given > 1:
        raise ConfigError("not a share", path=path, value=value, allowed=["0 to 1"])
    return given


def _at_most(most: int, path: str, tasks: int, needed: str, *, least: int = 0) -> int:
    if most < least:
        raise ConfigError(f"needs {needed} tasks or more, and there are {tasks}", path=path)
    return most
