"""Which trials can be members of a pack, by their trainers."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_search.training.packs.optimizers import reason_against as reason_against_optimizer
from mtl_search.training.step import Step
from mtl_search.training.trainer import Trainer


def reason_against(trainers: Sequence[Trainer]) -> str:
    """Return why trials cannot be trained as one program; empty: they may.

    An operation without a batching rule shows only when the program runs.

    Args:
        trainers: The trainers of the trials.
    """
    for trainer in trainers:
        if why := _reason_against_one(trainer):
            return why
    first = trainers[0]
    for other in trainers[1:]:
        if why := _difference(first, other):
            return why
    return ""


def _reason_against_one(trainer: Trainer) -> str:
    if type(trainer.step) is not Step:
        return "an adaptive weighting or an aggregator"
    if trainer.communicator.size > 1:
        return "several workers"
    if trainer.config.compile:
        return "training.compile"
    if trainer.probes.active:
        return "measurements of gradients"
    if not trainer.train_loader.resident_tensors:
        return "data that are fetched in the course of training"
    return reason_against_optimizer(trainer.optimizer)


def _difference(one: Trainer, other: Trainer) -> str:
    if one.progress.epoch != other.progress.epoch:
        return "trials that are at different epochs"
    if type(one.optimizer) is not type(other.optimizer):
        return "different optimizers"
    shapes = [
        [(name, x.shape, x.dtype) for name, x in trainer.network.state_dict().items()]
        for trainer in (one, other)
    ]
    if [shape[1:] for shape in shapes[0]] != [shape[1:] for shape in shapes[1]]:
        return "networks of different shapes"
    if one.train_loader.sizes != other.train_loader.sizes:
        return "batches of different sizes"
    return ""
