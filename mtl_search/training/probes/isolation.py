"""Whatever is computed in between, training goes on as if it had not been."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from mtl_search.training.seeds import RandomState


@contextmanager
def isolated(network: nn.Module, device: torch.device) -> Iterator[RandomState]:
    """Put random generators and buffers back at the end, such as statistics of normalisation.

    Parameters and gradients are the caller's to leave alone. What a module of the user's keeps
    outside of its buffers is not known here.

    Args:
        network: The network.
        device: Its device.

    Yields:
        The state of the generators at the beginning, which may be restored in between.
    """
    state = RandomState.capture(device)
    buffers = [buffer.clone() for buffer in network.buffers()]
    try:
        yield state
    finally:
        with torch.no_grad():
            for buffer, before in zip(network.buffers(), buffers, strict=True):
                buffer.copy_(before)
        state.restore()
