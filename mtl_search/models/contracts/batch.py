"""A few samples of the data, and words for what parts do with them.

B samples
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.data.dataset import DataSet
from mtl_search.errors import ConfigError, MtlSearchError, first_line

# Samples of the small batch. Parts are also run on the first half of it.
SAMPLES = 4

# Largest difference that is rounding, relative to the largest value.
_ROUNDING = 1e-3

_MOST_NAMED = 3


class SmallBatch(NamedTuple):
    """A few training samples.

    Attributes:
        inputs: View → (B, ...).
        masks: View → (B, T) bool.
        rows: Their numbers in the data set.
    """

    inputs: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]
    rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]

    def part(self, samples: int) -> SmallBatch:
        """Return the first samples alone."""
        inputs = {view: x[:samples] for view, x in self.inputs.items()}
        masks = {view: mask[:samples] for view, mask in self.masks.items()}
        return SmallBatch(inputs, masks, self.rows[:samples])


def small_batch(data: DataSet) -> SmallBatch:
    """Return the first few training samples of a data set."""
    rows = np.asarray(data.splits["train"][:SAMPLES])
    inputs = {view: torch.from_numpy(np.array(x[rows])) for view, x in data.inputs.items()}
    masks = {view: torch.from_numpy(mask[rows]) for view, mask in data.masks.items()}
    return SmallBatch(inputs, masks, rows)


@contextmanager
def tried(part: str, path: str, given: str = "") -> Iterator[None]:
    """Turn what a part of the user's raises into one sentence.

    Args:
        part: The part, as the subject of a sentence.
        path: Dotted path of its key.
        given: What it was called with, where one thing was.

    Raises:
        ConfigError: It has failed.
    """
    try:
        yield
    except MtlSearchError:
        raise
    except Exception as error:  # code of the user's may raise anything
        reason = f"{type(error).__name__}: {first_line(error)[:300]}"
        when = f"on {given}" if given else "when it is tried"
        raise ConfigError(f"{part} fails {when}: {reason}", path=path) from error


@contextmanager
def evaluated(*modules: nn.Module) -> Iterator[None]:
    """Put modules into evaluation mode, and back; torch's random numbers stay as they were."""
    modes = [module.training for module in modules]
    for module in modules:
        module.eval()
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.train(mode)


def describe(value: object) -> str:
    """Return what a value is, in the words of a message.

    Examples:
        >>> describe(torch.zeros(4, 3)), describe((torch.zeros(4, 3), None))
        ('shape (4, 3)', 'a tuple of shape (4, 3) and a NoneType')
    """
    if isinstance(value, Tensor):
        kind = "" if value.is_floating_point() else f" and type {value.dtype}"
        return f"shape {tuple(value.shape)}{kind}"
    if isinstance(value, tuple) and 0 < len(value) <= _MOST_NAMED:
        return f"a tuple of {' and '.join(map(describe, value))}"
    return f"a {type(value).__name__}"


def is_close(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors of one shape are the same up to rounding."""
    scale = float(other.detach().abs().max()) if other.numel() else 0.0
    difference = (one.detach() - other.detach()).abs()
    return not difference.numel() or float(difference.max()) <= _ROUNDING * max(scale, 1e-6)


def listed(names: Iterable[str]) -> str:
    """Return the first few names, and how many more there are.

    Examples:
        >>> listed("abcde"), listed("ab")
        ('a, b, c and 2 more', 'a, b')
    """
    given = list(names)
    more = len(given) - _MOST_NAMED
    return ", ".join(given[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def without_gradient(module: nn.Module, total: Tensor) -> list[str]:
    """Return the names of the module's parameters that a sum sends no gradient to.

    Frozen parameters do not count, and no gradient is left behind.
    """
    named = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not total.requires_grad:
        return list(named)
    gradients = torch.autograd.grad(total, list(named.values()), allow_unused=True)
    return [name for name, gradient in zip(named, gradients, strict=True) if gradient is None]
