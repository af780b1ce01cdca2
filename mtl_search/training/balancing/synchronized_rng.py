"""Random numbers that are the same on all ranks, whatever each has drawn for its own dropout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def synchronized_rng(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators by trial and step; at the end they go on as before.

    So there is no state to exchange between ranks or to store in checkpoints.

    Args:
        seed: The seed of the trial.
        step: The number of the step in the trial.
        device: The device on which numbers may be drawn, besides the CPU.
    """
    generators = [torch.default_generator]
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        generators.append(torch.cuda.default_generators[index])
    before = [generator.get_state() for generator in generators]
    # The factor spreads seeds so far apart that the steps of two trials never share a number.
    step_seed = (seed * 0x9E3779B97F4A7C15 + step) % 2**63
    for generator in generators:
        generator.manual_seed(step_seed)
    try:
        yield
    finally:
        for generator, state in zip(generators, before, strict=True):
            generator.set_state(state)
