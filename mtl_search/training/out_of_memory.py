"""A trial that runs out of memory, and how it may begin again with smaller batches."""

from __future__ import annotations

from dataclasses import replace

import torch

from mtl_search.errors import OutOfMemoryError
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport

# On the CPU torch raises a plain RuntimeError; cuBLAS cannot make its workspace when a GPU is full.
_WORDS = (
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "ALLOC_FAILED",
)

ADVICE = (
    "what helps: training.on_out_of_memory: accumulate, or a smaller training.batch_size with training.accumulate; "
    "training.precision: bf16; a smaller training.eval_batch_size; training.cache_on_device: never; "
    "more of a GPU a worker (resources.gpus_per_worker), or fewer trials at a time (resources.max_concurrent)"
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this process, or the rank whose word the error is, had too little memory: on a GPU or not."""
    if isinstance(error, OutOfMemoryError | torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def explain_out_of_memory(error: BaseException) -> str:
    """What happened, and what helps."""
    return f"out of memory: {' '.join(str(error).split()) or type(error).__name__}\n  {ADVICE}"


def with_smaller_batches(spec: TrialSpec, report: TrialReport) -> TrialSpec | None:
    """The trial to begin in place of one that ended with this report; None where it is to stay as it is.

    The batch is halved and twice as many are accumulated, so a step sees the same samples and the trial can be compared
    with those that had memory enough. An odd batch is cut by its smallest divisor for that. The batch of the evaluation
    is halved as well, which changes no number. Batch normalisation does change: it normalises by the smaller batches'
    statistics (other norms do not look at the batch). Layers that draw random numbers draw other ones.

    It is done once: a trial that is out of memory again has failed. So has one whose workers have one sample each.
    """
    training, workers = spec.config.training, spec.config.resources.workers
    asked = (
        report.cause == "memory" and training.on_out_of_memory == "accumulate" and not spec.shrunk
    )
    if not asked or training.batch_size <= workers:
        return None
    parts = _smallest_divisor(training.batch_size)
    batch, accumulate = training.batch_size // parts, training.accumulate * parts
    sizes = {
        "batch_size": batch,
        "accumulate": accumulate,
        "eval_batch_size": max(1, training.eval_batch_size // 2),
    }
    note = f"batch_size {training.batch_size} → {batch}, accumulate {training.accumulate} → {accumulate}"
    config = spec.config.model_copy(update={"training": training.model_copy(update=sizes)})
    return replace(spec, config=config, shrunk=note, pieces=parts)


def _smallest_divisor(number: int) -> int:
    """Above 1."""
    return next(divisor for divisor in range(2, number + 1) if number % divisor == 0)
