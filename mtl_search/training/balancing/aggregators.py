"""The aggregators of torchjd that need no solver.

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
    """Add the gradients up, Σ g_t, as training without an aggregator does."""

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Sum())


class Mean(Aggregator):
    """Take the mean gradient, Σ g_t / T."""

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Mean())


class RandomGradient(Aggregator):
    """Draw weights in every step: the softmax of T standard normal numbers.

    Only shared parameters follow them; heads keep their own gradients whole.

    Source: Lin et al. 2022, "Reasonable effectiveness of random weighting".
    """

    is_random = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.Random())


class PCGrad(Aggregator):
    """PCGrad: project each gradient off those that it conflicts with, and add them up.

    A gradient loses its component along every other one with which it has a negative inner product,
    in random order.

    Source: Yu et al. 2020, "Gradient surgery for multi-task learning", Algorithm 1.
    """

    is_random = True

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.PCGrad())


class GradVac(Aggregator):
    """GradVac (gradient vaccine): turn gradients towards each pair's usual cosine.

    As PCGrad, with a moving average of the pair's cosine instead of 0.

    Source: Wang et al. 2021, "Gradient vaccine: Investigating and improving multi-task optimization
    in massively multilingual models".

    Args:
        tasks: The number of tasks, T.
        beta: The share of the step's cosine in the moving average, in [0, 1].
    """

    is_random = True

    def __init__(self, tasks: int, *, beta: float = 0.5) -> None:
        super().__init__(jd.GradVac(_share(beta, "beta")))


class GradDrop(Aggregator):
    """GradDrop (gradient sign dropout): draw one sign in each parameter, and drop the other.

    A sign is drawn with its share of the gradients' absolute values.

    Source: Chen et al. 2020, "Just pick a sign", Algorithm 1, lines 10 to 15.

    Args:
        tasks: The number of tasks, T.
        leak: The share of each gradient that passes whatever its sign, in [0, 1].
    """

    is_random = True

    def __init__(self, tasks: int, *, leak: float = 0.0) -> None:
        super().__init__(jd.GradDrop(leak=torch.full((tasks,), _share(leak, "leak"))))


class MGDA(Aggregator):
    """MGDA: take the shortest vector in the convex hull of the gradients, by Frank-Wolfe.

    Source: Sener & Koltun 2018, "Multi-task learning as multi-objective optimization", Algorithm 2.

    Args:
        tasks: The number of tasks, T.
        epsilon: The size of a step below which the search ends.
        max_iters: The most steps of the search.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, epsilon: float = 1e-3, max_iters: int = 100) -> None:
        low = check_number(epsilon, "epsilon", exclude_low=True)
        super().__init__(jd.MGDA(low, check_int(max_iters, "max_iters")))


class IMTLG(Aggregator):
    """IMTL-G: take the combination whose projections on all gradients are equal.

    Its weights add up to 1 and may be negative.

    Source: Liu et al. 2021, "Towards impartial multi-task learning", by the pseudo-inverse.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.IMTLG())


class AlignedMTL(Aggregator):
    """Aligned-MTL: turn the gradients into orthogonal ones of one length, and take their mean.

    Source: Senushkin et al. 2023, "Independent component alignment for multi-task learning",
    Algorithm 1.

    Args:
        tasks: The number of tasks, T.
        scale_mode: The eigenvalue of JJᵀ that gives this length: `min`, `median` or the mean
            (`rmse`).
    """

    def __init__(self, tasks: int, *, scale_mode: str = "min") -> None:
        mode: Any = check_choice(scale_mode, "scale_mode", ("min", "median", "rmse"))
        super().__init__(jd.AlignedMTL(scale_mode=mode))


class ConFIG(Aggregator):
    """ConFIG: take the direction with one positive cosine to all gradients.

    Its length is the sum of their projections on it.

    Source: Liu, Chu & Thuerey 2024, "ConFIG: Towards conflict-free training", Equation 2.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.ConFIG())


class ExcessMTL(Aggregator):
    """ExcessMTL: let tasks with more excess risk count more, by exponentiated gradients.

    Its state has T × P numbers, in memory and in checkpoints.

    Source: He et al. 2024, "Robust multi-task learning with excess risks".

    Args:
        tasks: The number of tasks, T.
        robust_step_size: How fast weights follow the risk, above 0.
        n_warmup_steps: The steps of equal weights in which the first risk is measured. A task
            without a label in all of them has none, and takes all the weight later.
    """

    def __init__(
        self, tasks: int, *, robust_step_size: float = 1.0, n_warmup_steps: int = 0
    ) -> None:
        size = check_number(robust_step_size, "robust_step_size", exclude_low=True)
        super().__init__(jd.ExcessMTL(size, check_int(n_warmup_steps, "n_warmup_steps", low=0)))


class PCD(Aggregator):
    """PCD (priority-constrained descent): follow the first task, and let the others progress.

    The first task's gradient is bent so that each other task makes some progress.

    Source: "Not all objectives are born equal: Priority-constrained descent", TMLR 2026.

    Args:
        tasks: The number of tasks, T.
        tau: The share of its own progress that each other task is granted, in [0, 1].
        beta: The decay of the moving average of squared norms, in [0, 1).
    """

    symmetric = False

    def __init__(self, tasks: int, *, tau: float = 0.02, beta: float = 0.999) -> None:
        super().__init__(
            jd.PCD(_share(tau, "tau"), check_number(beta, "beta", high=1.0, exclude_high=True))
        )


class Krum(Aggregator):
    """Multi-Krum: average the gradients that are nearest to most others.

    It is made against false gradients, and needs 3 tasks or more.

    Source: Blanchard et al. 2017, "Machine learning with adversaries".

    Args:
        tasks: The number of tasks, T.
        n_byzantine: The number of gradients that may be false; T is at least 3 more.
        n_selected: The number of gradients that are averaged.
    """

    def __init__(self, tasks: int, *, n_byzantine: int = 0, n_selected: int = 1) -> None:
        most = _at_most(tasks - 3, "n_byzantine", tasks, "3")
        false = check_int(n_byzantine, "n_byzantine", low=0, high=most)
        super().__init__(jd.Krum(false, check_int(n_selected, "n_selected", high=tasks)))


class TrimmedMean(Aggregator):
    """Take the mean without the largest and smallest values, in each parameter by itself.

    It needs 3 tasks or more.

    Source: Yin et al. 2018, "Byzantine-robust distributed learning".

    Args:
        tasks: The number of tasks, T.
        trim_number: The number of values left out at either end.
    """

    def __init__(self, tasks: int, *, trim_number: int = 1) -> None:
        most = _at_most((tasks - 1) // 2, "trim_number", tasks, "3", least=1)
        super().__init__(jd.TrimmedMean(check_int(trim_number, "trim_number", high=most)))


class SDMGrad(TwoBatchAggregator):
    """SDMGrad: find MGDA's weights by stochastic descent on J₁J₂ᵀ, pulled towards equal ones.

    It needs training.accumulate ≥ 2.

    Source: Xiao, Ban & Ji 2023, "Direction-oriented multi-objective learning". The update follows
    the mean of the two halves that the weights come from, where the paper draws a third batch.

    Args:
        tasks: The number of tasks, T.
        lr: The learning rate of the descent.
        momentum: The momentum of the descent, in [0, 1).
        n_iter: The number of its steps.
        lambda_: The strength of the pull, 0 or more.
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
    """MoDo: let weights λ on the simplex follow −J₁J₂ᵀλ, by one update a step.

    It needs training.accumulate ≥ 2.

    Source: Chen et al. 2024, "Three-way trade-off in multi-objective learning".

    Args:
        tasks: The number of tasks, T.
        gamma: The step size, above 0.
        rho: The pull towards equal weights, 0 or more.
    """

    def __init__(self, tasks: int, *, gamma: float = 0.1, rho: float = 0.1) -> None:
        size = check_number(gamma, "gamma", exclude_low=True)
        super().__init__(jd.MoDoWeighting(size, check_number(rho, "rho")))


def _share(value: object, path: str) -> float:
    """Check a number in [0, 1], both ends included."""
    share = check_number(value, path)
    if share > 1:
        raise ConfigError("not a share", path=path, value=value, allowed=["0 to 1"])
    return share


def _at_most(most: int, path: str, tasks: int, needed: str, *, least: int = 0) -> int:
    if most < least:
        raise ConfigError(f"needs {needed} tasks or more, and there are {tasks}", path=path)
    return most
