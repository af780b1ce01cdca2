"""Random numbers that are the same on all ranks, whatever each has drawn for its own dropout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def same_draws(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """Within, torch's generators are seeded by the trial and the step alone; afterwards they go on as before.

    So there is no state to exchange between ranks or to keep in checkpoints.

    Args:
        seed: Of the trial.
        step: Number of the step in the trial.
        device: Where numbers may be drawn, beside the CPU.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1)[0]))
        yield
