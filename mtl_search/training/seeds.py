"""The random generators of a process."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed torch, and the generators that a network or a data set of the user's may draw from."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002


@dataclass(frozen=True)
class RandomState:
    """Remember where all random generators are, to go on from there again.

    Attributes:
        torch_states: The state of torch's generator of the CPU, and of the device where it is a
            GPU.
        device: The device.
        others: The states of Python's and NumPy's generators.

    Examples:
        >>> state = RandomState.capture(torch.device("cpu"))
        >>> first = torch.rand(3)
        >>> state.restore()
        >>> bool((torch.rand(3) == first).all())
        True
    """

    torch_states: tuple[torch.Tensor, ...]
    device: torch.device
    others: tuple[Any, Any]

    @classmethod
    def capture(cls, device: torch.device) -> RandomState:
        """Read the states of all generators that a step on this device may draw from."""
        states = [torch.get_rng_state()]
        if device.type == "cuda":
            states.append(torch.cuda.get_rng_state(device))
        others = (random.getstate(), np.random.get_state())  # noqa: NPY002
        return cls(tuple(states), device, others)

    def is_current(self) -> bool:
        """Return whether nothing was drawn since."""
        now = RandomState.capture(self.device)
        pairs = zip(self.torch_states, now.torch_states, strict=True)
        (python, numpy), (python_now, numpy_now) = self.others, now.others
        return (
            all(torch.equal(before, after) for before, after in pairs)
            and python == python_now
            and all(
                np.array_equal(before, after)
                for before, after in zip(numpy, numpy_now, strict=True)
            )
        )

    def restore(self) -> None:
        """Put all generators back to where they were."""
        torch.set_rng_state(self.torch_states[0])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(self.torch_states[1], self.device)
        random.setstate(self.others[0])
        np.random.set_state(self.others[1])  # noqa: NPY002
