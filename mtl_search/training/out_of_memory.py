"""A trial that runs out of memory, and how it may begin again with smaller batches."""

from __future__ import annotations

from dataclasses import replace

import torch

from mtl_search.errors import ConfigError, OutOfMemoryError
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport

# On the CPU torch raises a plain RuntimeError; on a full GPU cuBLAS cannot allocate its workspace.
_MESSAGES = (
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "ALLOC_FAILED",
)

ADVICE = (
    "what helps: training.on_out_of_memory: accumulate, or a smaller training.batch_size with "
    "training.accumulate; training.precision: bf16; a smaller training.eval_batch_size; "
    "training.cache_on_device: never; more of a GPU a worker (resources.gpus_per_worker), or fewer "
    "trials at a time (resources.max_concurrent)"
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether the error says that a GPU or a CPU, of any rank, had too little memory."""
    if isinstance(error, ConfigError) and error.__cause__ is not None:
        error = error.__cause__  # a part of the network could not be built for want of memory
    if isinstance(error, OutOfMemoryError | torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _MESSAGES)


def explain_out_of_memory(error: BaseException) -> str:
    """Return what happened, and what helps."""
    return f"out of memory: {' '.join(str(error).split()) or type(error).__name__}\n  {ADVICE}"


def with_smaller_batches(spec: TrialSpec, report: TrialReport) -> TrialSpec | None:
    """Return the trial to begin in place of one that ended with this report.

    The batch is halved and twice as many are accumulated, so a step sees the same samples and the
    trial can be compared with those that had memory enough. An odd batch is divided by its smallest
    divisor instead. The batch of the evaluation is halved as well, which changes no number. Batch
    normalisation does change: it normalises by the smaller batches' statistics (other norms do not
    look at the batch). Layers that draw random numbers draw other ones.

    It is done once: a trial that runs out of memory again has failed. So has one whose workers have
    one sample each.

    Args:
        spec: The trial.
        report: Its last report.

    Returns:
        None where the trial stays as it is.
    """
    training = spec.config.training
    workers = spec.config.resources.workers
    if report.cause != "memory" or training.on_out_of_memory != "accumulate" or spec.shrunk:
        return None
    if training.batch_size <= workers:
        return None
    parts = _smallest_divisor(training.batch_size)
    batch = training.batch_size // parts
    accumulate = training.accumulate * parts
    sizes = {
        "batch_size": batch,
        "accumulate": accumulate,
        "eval_batch_size": max(1, training.eval_batch_size // 2),
    }
    note = (
        f"batch_size {training.batch_size} → {batch}, "
        f"accumulate {training.accumulate} → {accumulate}"
    )
    config = spec.config.model_copy(update={"training": training.model_copy(update=sizes)})
    return replace(spec, config=config, shrunk=note, pieces=parts)


def _smallest_divisor(number: int) -> int:
    """Return the smallest divisor above 1."""
    return next(divisor for divisor in range(2, number + 1) if number % divisor == 0)
