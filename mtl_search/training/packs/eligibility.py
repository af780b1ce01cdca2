"""Which trials can be members of a pack, by their trainers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtl_search.data.loading.device_memory import device_memory
from mtl_search.training.balanced_step import BalancedStep
from mtl_search.training.checkpoint import state_tensors
from mtl_search.training.packs.optimizers import reason_against as reason_against_optimizer
from mtl_search.training.step import Step
from mtl_search.training.trainer import Trainer

# With `training.pack: auto` larger networks are trained one after another: on a CPU the numbers of
# many no longer fit its cache (docs/benchmarks.md, "Packs").
AUTO_PARAMETERS = 2**17
# What a pack may take of the device's memory, beside the features of a batch: parameters,
# gradients, two moments, and the copies from which an epoch that fails is taken back.
MEMORY_SHARE = 0.125
_COPIES = 8


def reason_against(trainers: Sequence[Trainer]) -> str:
    """Return why trials cannot be trained as one program; empty: they may.

    An operation without a batching rule shows only when the program runs.

    Args:
        trainers: The trainers of the trials.
    """
    for trainer in trainers:
        if why := _reason_against_one(trainer):
            return why
    if why := _reason_against_size(trainers):
        return why
    first = trainers[0]
    for other in trainers[1:]:
        if why := _difference(first, other):
            return why
    return ""


def _reason_against_one(trainer: Trainer) -> str:
    if why := _reason_against_step(trainer):
        return why
    if trainer.communicator.size > 1:
        return "several workers"
    if trainer.config.compile:
        return "training.compile"
    if trainer.probes.active:
        return "measurements of gradients"
    if not trainer.train_loader.resident_tensors:
        return "data that are fetched in the course of training"
    return reason_against_optimizer(trainer.optimizer)


def _reason_against_step(trainer: Trainer) -> str:
    step = trainer.step
    if type(step) is Step:
        return ""
    if not isinstance(step, BalancedStep) or not step.weighs_losses_alone:
        return "a weighting or an aggregator that reads more than the losses of a step"
    return "a weighting over accumulated batches" if trainer.config.accumulate > 1 else ""


def _reason_against_size(trainers: Sequence[Trainer]) -> str:
    first = trainers[0]
    numbers = sum(p.numel() for p in first.network.parameters())
    if first.config.pack == "auto" and numbers > AUTO_PARAMETERS:
        return f"networks of {numbers:,} parameters, more than the {AUTO_PARAMETERS:,} that pay"
    size = sum(x.numel() * x.element_size() for x in state_tensors(first.network))
    needed = _COPIES * len(trainers) * size
    room = device_memory(first.device) * MEMORY_SHARE
    if needed > room:
        return (
            f"{len(trainers)} networks at once, which take {needed / 1e9:.1f} GB beside their "
            f"features, more than {MEMORY_SHARE:.0%} of the device's memory"
        )
    return ""


def _difference(one: Trainer, other: Trainer) -> str:
    for reason, part in _ALIKE.items():
        if part(one) != part(other):
            return reason
    return ""


def _kinds_of_modules(trainer: Trainer) -> list[type]:
    return [type(module) for module in trainer.network.modules()]


def _shapes(trainer: Trainer) -> list[object]:
    return [(x.shape, x.dtype, x.requires_grad) for x in state_tensors(trainer.network)]


def _target_numbers(trainer: Trainer) -> list[int]:
    """Return the number of each task's target among the targets of the network."""
    names = list(trainer.target_names.values())
    return [list(dict.fromkeys(names)).index(name) for name in names]


# Reason → what the members have in common.
_ALIKE: dict[str, Callable[[Trainer], object]] = {
    "trials that are at different epochs": lambda trainer: trainer.progress.epoch,
    "different optimizers": lambda trainer: type(trainer.optimizer),
    "networks of different layers": _kinds_of_modules,
    "networks of different shapes": _shapes,
    "batches of different sizes": lambda trainer: trainer.train_loader.sizes,
    "tasks that share their targets in different ways": _target_numbers,
}
