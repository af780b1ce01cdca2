"""The contract of an augmentation: a batch of the same shape and type, by torch's random numbers.

B samples
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.augment import axes_of
from mtl_search.models.contracts.batch import SmallBatch, describe, tried

# Each time with another seed, since many augmentations change a batch only now and then.
_TIMES = 4


def check_augmentation(step: nn.Module, name: str, batch: SmallBatch, path: str) -> None:
    """Run a user's augmentation on those views of a small batch that it takes.

    Args:
        step: The augmentation.
        name: Its name in the config.
        batch: The samples.
        path: Dotted path of its section.

    Raises:
        ConfigError: It changes the shape, the type or the batch itself, gives values that are not
            finite, draws from elsewhere than torch, or there is no view that it takes.
    """
    part = f"the augmentation {name!r}"
    views = {
        view: x
        for view, x in batch.inputs.items()
        if x.is_floating_point() and x.ndim == axes_of(step)
    }
    if not views:
        shapes = ", ".join(f"{view} {tuple(x.shape)}" for view, x in batch.inputs.items())
        raise ConfigError(
            f"{part} takes views of {axes_of(step)} axes (its attribute `axes`), and there is none "
            f"of real numbers: {shapes}",
            path=path,
        )
    step.train()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        for x in views.values():
            for seed in range(_TIMES):
                _check_once(step, part, x, seed, path)


def _check_once(step: nn.Module, part: str, x: Tensor, seed: int, path: str) -> None:
    results = []
    for _ in range(2):
        torch.manual_seed(seed)
        given = x.clone()
        with tried(part, path, describe(x)):
            y = step(given)
        if not isinstance(y, Tensor) or y.shape != x.shape or y.dtype != x.dtype:
            seen = f"{describe(y)}, {y.dtype}" if isinstance(y, Tensor) else describe(y)
            raise ConfigError(
                f"{part} gives {seen} for a batch of {describe(x)}, {x.dtype}, and needed is the "
                "same shape and type",
                path=path,
            )
        if not y.isfinite().all():
            raise ConfigError(f"{part} gives values that are not finite", path=path)
        if not given.equal(x):
            message = f"{part} changes the batch that it is given; let it return a new tensor"
            raise ConfigError(message, path=path)
        results.append(y)
    if not results[0].equal(results[1]):
        raise ConfigError(
            f"{part} gives two results for one seed of torch: draw its random numbers from torch, "
            "so that a trial's seed fixes them",
            path=path,
        )
