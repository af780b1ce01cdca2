"""Random numbers that are the same on all ranks, whatever each has drawn for its own dropout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def synchronized_rng(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """Within, torch's generators are seeded by the trial and the step alone; afterwards they go on as before.

    So there is no state to exchange between ranks or to keep in checkpoints.

    Args:
        seed: Of the trial.
        step: Number of the step in the trial.
        device: Where numbers may be drawn, beside the CPU.
    """
    generators = [torch.default_generator]
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        generators.append(torch.cuda.default_generators[index])
    before = [generator.get_state() for generator in generators]
    for generator in generators:
        generator.manual_seed(
            (seed * 0x9E3779B97F4A7C15 + step) % 2**63
        )  # steps of two trials do not meet
    try:
        yield
    finally:
        for generator, state in zip(generators, before, strict=True):
            generator.set_state(state)
