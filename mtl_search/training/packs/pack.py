"""A pack: the training loop of several trials of one shape, an epoch at a time.

B members, P numbers in the parameters of one of them, T tasks, G batches of a step
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mtl_search.data.loading.stacked import StackedBatch, StackedBatches
from mtl_search.metrics.objective import Objective
from mtl_search.training.balanced_step import BalancedStep
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.packs.dense.evaluation import judge
from mtl_search.training.packs.dense.plan import dense_plan
from mtl_search.training.packs.dense.program import DenseProgram
from mtl_search.training.packs.flat_parameters import FlatParameters
from mtl_search.training.packs.optimizers import RULES
from mtl_search.training.packs.program import Program
from mtl_search.training.packs.record import PackRecord, member_records, validation_labels
from mtl_search.training.seeds import RandomState
from mtl_search.training.step import autocast
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial_loaders import step_batches
from mtl_search.training.trial_report import TrialReport


@dataclass
class Member:
    """A trial of a pack, with its own random numbers.

    Attributes:
        trainer: The trial, built as if it were alone.
        random: Where its generators are between its turns.
        generator: The generator of its dropout.
    """

    trainer: Trainer
    random: RandomState
    generator: torch.Generator

    @contextmanager
    def turn(self, *, trains: bool = True) -> Iterator[None]:
        """Let the process draw from this member's generators.

        Args:
            trains: Whether its network is run, which may draw from Python's and NumPy's generators
                if it is the user's. To put these back takes longer than to judge an epoch.
        """
        device = self.generator.device
        on_gpu = device.type == "cuda"
        draws_elsewhere = trains or self._is_judged_by_own_functions
        if draws_elsewhere:
            self.random.restore()
        if on_gpu:
            torch.cuda.set_rng_state(self.generator.get_state(), device)
        else:
            torch.set_rng_state(self.generator.get_state())
        try:
            yield
        finally:
            if draws_elsewhere:
                self.random = RandomState.capture(device)
            state = torch.cuda.get_rng_state(device) if on_gpu else torch.get_rng_state()
            self.generator.set_state(state)

    @property
    def _is_judged_by_own_functions(self) -> bool:
        trainer = self.trainer
        return bool(trainer.evaluator.own_metrics) or not isinstance(trainer.objective, Objective)


class _Snapshot(NamedTuple):
    """Hold all that changes in an epoch."""

    parameters: list[Tensor]
    optimizer: list[Tensor]
    random: list[Tensor]
    steps: list[dict[str, Any]]


class Pack:
    """Train several trials of one shape as one batched program.

    Each member has a trainer of its own, which evaluates, stores and reports it. The steps of an
    epoch alone are taken together.

    Args:
        members: The trials, all of them at the same epoch.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)
        first = self.members[0].trainer
        self.device = first.device
        networks = [member.trainer.network for member in self.members]
        heads = zip(*[network.heads.values() for network in networks], strict=True)
        complete = [all(head.complete for head in same) for same in heads]
        plan = dense_plan(first.network, first.spec.config, complete)
        self._parameters = FlatParameters(networks, plan.order if plan else None)
        rule = RULES[type(first.optimizer)]
        self._optimizer = rule([m.trainer.optimizer for m in self.members], self._parameters)
        self._generators = [member.generator for member in self.members]
        parts = self._parameters, self._generators
        self._program: Program | DenseProgram
        if plan is not None:
            self._program = DenseProgram(first.network, plan, *parts)
        else:
            self._program = Program(first.network, *parts, complete)
        self._labels = validation_labels([member.trainer for member in self.members])
        self._batches = StackedBatches([member.trainer.train_loader for member in self.members])
        self._autocast = autocast(first.config.precision, self.device)
        # The parts of a dense network draw nothing but the masks of dropout.
        own_weighting = ":" in first.config.weighting.name
        self._may_draw = own_weighting or isinstance(self._program, Program)

    def run_epoch(self) -> list[TrialReport | Exception]:
        """Train an epoch of all members; return the report of each, or the error that ended it.

        Members that are done, or whose loss is not finite, leave the pack.

        Raises:
            Exception: The program cannot run. The members are as they were before the epoch then.
        """
        began = time.perf_counter()
        before = self._snapshot()
        try:
            trained = self._train()
            validated = self._validate()
        except Exception:
            self._restore(before)
            raise
        share = (time.perf_counter() - began) / len(self.members)
        records = enumerate(zip(trained, validated, strict=True))
        results = [self._finish(number, share, *both) for number, both in records]
        staying = [
            number
            for number, result in enumerate(results)
            if isinstance(result, TrialReport) and result.state == "RUNNING"
        ]
        self.keep(staying)
        return results

    def keep(self, numbers: Sequence[int]) -> None:
        """Let the other members leave, such as those that are pruned.

        Args:
            numbers: The places of the members that stay, in order.
        """
        if len(numbers) == len(self.members):
            return
        self._optimizer.leave(numbers)
        self._parameters.keep(numbers)
        self._optimizer.keep(numbers)
        self.members = [self.members[number] for number in numbers]
        self._generators[:] = [member.generator for member in self.members]
        self._labels = [x[list(numbers)] for x in self._labels]
        if numbers:
            loaders = [member.trainer.train_loader for member in self.members]
            self._batches = StackedBatches(loaders)

    # ---------------------------------------------------------------- its parts

    def _snapshot(self) -> _Snapshot:
        steps = [copy.deepcopy(member.trainer.step.state_dict()) for member in self.members]
        states = [generator.get_state() for generator in self._generators]
        return _Snapshot(self._parameters.snapshot(), self._optimizer.snapshot(), states, steps)

    def _restore(self, before: _Snapshot) -> None:
        self._parameters.restore(before.parameters)
        self._optimizer.restore(before.optimizer)
        for member, state, step in zip(self.members, before.random, before.steps, strict=True):
            member.generator.set_state(state)
            member.trainer.step.load_state_dict(step)

    def _train(self) -> list[EpochOutputs]:
        """Take the steps of one epoch."""
        trainers = [member.trainer for member in self.members]
        for trainer in trainers:
            trainer.train_loader.set_epoch(trainer.progress.epoch)
        limit = self._clip_limit()
        record = PackRecord(keep_outputs=trainers[0].config.train_metrics)
        random = RandomState.capture(self.device) if self._may_draw else None
        for group in step_batches(self._batches, trainers[0].config.accumulate):
            self._step(group, limit, record)
        if random is not None and not random.is_current():
            raise ValueError("random numbers that each member has to draw by itself")
        records = self._split(record.outputs, record.targets, record.losses)
        return record.complete(records)

    @torch.inference_mode()
    def _validate(self) -> list[EpochOutputs]:
        """Return the outputs of all members over the validation split."""
        batches = []
        for batch in self.members[0].trainer.evaluation_loader("validation"):
            with self._autocast:
                batches.append(self._program.predict(batch.inputs, batch.masks))
        outputs = [torch.cat(parts, 1).float() for parts in zip(*batches, strict=True)]
        return self._split(outputs, self._labels)

    def _split(
        self, outputs: Sequence[Tensor], labels: Sequence[Tensor], losses: Tensor | None = None
    ) -> list[EpochOutputs]:
        """Return the record of each member.

        Args:
            outputs: (B, N, ...) of each task; empty where they are not kept.
            labels: (B, N, ...) of each target.
            losses: (B, batches, T); None for a split that is not trained on.
        """
        trainers = [member.trainer for member in self.members]
        records = member_records(trainers, outputs, labels, losses)
        if outputs and isinstance(self._program, DenseProgram):
            buffers = self._parameters.buffers
            found = judge(self._program.judges, buffers, trainers, outputs, labels)
            for record, judged in zip(records, found, strict=True):
                record.judged = judged
        return records

    def _step(
        self, group: Sequence[StackedBatch], limit: Tensor | None, record: PackRecord
    ) -> None:
        """Take one step on the G batches of a group."""
        shares = self._factors(group)
        for number, batch in enumerate(group):
            with self._autocast:
                passed = self._program.train(batch)
            total = (passed.losses * self._weighed(batch, passed.losses, shares[number])).sum()
            if passed.penalty is not None and number == 0:  # it counts once a step
                total = total + passed.penalty.sum()
                record.penalties.append(passed.penalty.detach())
            total.backward()
            record.add(batch, passed)
        gradient = self._parameters.matrix.grad
        assert gradient is not None
        if limit is not None:  # as `clip_grad_norm_` does
            norm = gradient.norm(dim=1, keepdim=True)
            gradient.mul_((limit / (norm + 1e-6)).clamp_(max=1.0))
        self._optimizer.step(gradient)
        self._parameters.matrix.grad = None

    def _weighed(self, batch: StackedBatch, losses: Tensor, factors: Tensor) -> Tensor:
        """Return the factors of the losses (B, T), as the members' weightings have them."""
        steps = [member.trainer.step for member in self.members]
        rows = [
            step.begin_step(own, row)
            for step, own, row in zip(steps, batch.counts, losses.detach(), strict=True)
            if isinstance(step, BalancedStep)
        ]
        return torch.stack(rows) if rows else factors

    def _factors(self, group: Sequence[StackedBatch]) -> list[Tensor]:
        """Return the factors of the losses (B, T) for each batch of a step."""
        steps = [member.trainer.step for member in self.members]
        coefficients = torch.stack([step.coefficients for step in steps])
        if len(group) == 1:
            return [coefficients]
        batches = zip(*[batch.counts for batch in group], strict=True)  # of each member
        shares = [step.shares(own) for step, own in zip(steps, batches, strict=True)]  # (G, T) each
        return list((coefficients.unsqueeze(1) * torch.stack(shares)).unbind(1))

    def _clip_limit(self) -> Tensor | None:
        """Return the largest norm of each member's gradient (B, 1); None where none is clipped."""
        norms = [member.trainer.config.clip_norm for member in self.members]
        if all(norm is None for norm in norms):
            return None
        numbers = [math.inf if norm is None else norm for norm in norms]
        return self._parameters.matrix.new_tensor(numbers).unsqueeze(1)

    def _finish(
        self, number: int, share: float, trained: EpochOutputs, validated: EpochOutputs
    ) -> TrialReport | Exception:
        """Judge, store and report a member after its epoch, as it is done alone."""
        member = self.members[number]
        with member.turn(trains=False):
            try:
                return member.trainer.finish_epoch(trained, share, validated)
            except Exception as error:  # noqa: BLE001  it is this member's, and hurts no other
                return error
