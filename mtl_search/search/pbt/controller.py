"""The populations of a sweep: which member trains next, and the exchanges between two intervals.

A member trains one interval as a trial of Tune's, reports that it paused, and is handed out again
later: a member that waits holds no slot. When all living members of an arm have paused at the same
epoch, the worst of them copy the networks of the best. Every such exchange is first made and then
written down, and nobody goes on before the whole generation is. Decisions depend on the journal
alone, so after a crash at any point they are taken again, and made as far as they are not in the
journal.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection
from typing import Any

from mtl_search.errors import SweepError
from mtl_search.search.context import SweepContext
from mtl_search.search.pbt.algorithm import (
    ExploitStep,
    Member,
    exploit_steps,
    mean_params,
)
from mtl_search.search.schedulers import pbt_config
from mtl_search.storage.events import ExploitEnded, GenerationEnded
from mtl_search.storage.trial_directory import TrialDirectory, trial_storage
from mtl_search.storage.trial_info import Role
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.exploit import take_over


class PBTController:
    """Run all populations of a sweep; there are none where the scheduler makes none.

    Args:
        context: The objects that the parts of a session share.
    """

    def __init__(self, context: SweepContext) -> None:
        self._context = context
        self._rules = pbt_config(context.config)

    def pause_epoch(self, trial: TrialRecord) -> int | None:
        """Return the epoch at which a trial pauses; None: it is no member and trains to its end."""
        return self._next_generation(trial.arm) if trial.is_member else None

    def next_member(self, names: Collection[str], live: Collection[str]) -> TrialRecord | None:
        """Return a member that has begun and may go on, of the population furthest behind.

        Args:
            names: The arms to choose from.
            live: Ids of the trials that run.

        Raises:
            SweepError: A network cannot be copied.
        """
        ready: list[TrialRecord] = []
        for name in names:
            if self._context.arms[name].members:
                ready += self._ready(name, live)
        return min(
            ready,
            key=lambda member: (self._last_generation(member.arm), member.number),
            default=None,
        )

    def can_start(self, name: str) -> bool:
        """Return whether the population of an arm, if any, lets a new trial of the arm begin.

        The trials after the members need the values of a population that has trained to its end.
        """
        members = self._context.arms[name].members
        trials = self._context.record.arm(name)
        if not members or len(trials) < members:
            return True
        return all(trial.finished for trial in trials[:members]) and bool(
            _complete(trials[:members])
        )

    def export(self, name: str, role: Role) -> dict[str, Any]:
        """Return the fixed values of a trial that follows the population of an arm.

        Args:
            name: The arm.
            role: The role of the trial: `last` or `mean`.
        """
        members = _complete(self._members(name))
        best = max(
            members,
            key=lambda member: (self._objective_at(member, member.last_epoch), -member.number),
        )
        if role == "last":
            return dict(best.params)
        histories = [_params_by_epoch(member) for member in members]
        entries = self._context.spaces[name].entries
        whole = [path for path, entry in entries.items() if entry.int_ is not None]
        return mean_params(histories, _params_by_epoch(best), whole)

    def _members(self, name: str) -> list[TrialRecord]:
        return [trial for trial in self._context.record.arm(name) if trial.is_member]

    def _objective_at(self, member: TrialRecord, epoch: int) -> float:
        """Return the objective of this very epoch; minus infinity where it has none."""
        return self._context.objectives.by_epoch(member).get(epoch, -math.inf)

    def _last_generation(self, name: str) -> int:
        """Return the epoch of the last exchanges; 0 before the first."""
        return self._context.record.generations.get(name, 0)

    def _next_generation(self, name: str) -> int:
        """Return the epoch of the next exchanges, or that of the members' end."""
        assert self._rules is not None, "an arm with members has rules"
        epoch = self._last_generation(name) + self._rules.interval
        return min(epoch, self._context.config.training.epochs)

    def _ready(self, name: str, live: Collection[str]) -> list[TrialRecord]:
        self._run_generation_if_due(name, live)
        pause = self._next_generation(name)
        # At its last epoch a member does not pause. One that has got there and has not ended was
        # interrupted in between.
        is_last = pause == self._context.config.training.epochs
        waiting = [m for m in self._members(name) if not m.finished and m.id not in live]
        return [member for member in waiting if is_last or member.last_epoch < pause]

    def _run_generation_if_due(self, name: str, live: Collection[str]) -> None:
        epoch = self._next_generation(name)
        members = self._members(name)
        if (
            len(members) < self._context.arms[name].members
            or epoch == self._context.config.training.epochs
        ):
            return
        living = [member for member in members if not member.finished]
        if living and all(m.last_epoch >= epoch and m.id not in live for m in living):
            self._run_generation(name, living, epoch)

    def _run_generation(self, name: str, living: list[TrialRecord], epoch: int) -> None:
        """Decide a generation, make its exchanges, and write them down."""
        assert self._rules is not None
        by_number = {member.number: member for member in living}
        members = [
            Member(member.number, self._objective_at(member, epoch), member.params)
            for member in living
        ]
        seeds = [self._context.config.seed, zlib.crc32(name.encode()), epoch]
        for step in exploit_steps(members, self._context.spaces[name].entries, self._rules, seeds):
            member = by_number[step.member]
            if not any(exploit.epoch == epoch for exploit in member.exploits):
                self._exchange(member, by_number[step.donor], step, epoch)
        self._context.journal.write(GenerationEnded(arm=name, epoch=epoch))

    def _exchange(
        self, member: TrialRecord, donor: TrialRecord, step: ExploitStep, epoch: int
    ) -> None:
        try:
            take_over(self._directory_of(donor), self._directory_of(member))
        except OSError as error:
            raise SweepError(
                f"{member.id} cannot go on with the network of {donor.id}: {error}"
            ) from error
        self._context.journal.write(
            ExploitEnded(
                id=member.id,
                epoch=epoch,
                donor=donor.id,
                params=step.params,
                overrides=self._context.spaces[member.arm].overrides(step.params),
            )
        )

    def _directory_of(self, trial: TrialRecord) -> TrialDirectory:
        folder = self._context.directory / "trials" / trial.id
        return TrialDirectory(
            folder, trial_storage(self._context.config, self._context.record, trial.id)
        )


def _complete(members: list[TrialRecord]) -> list[TrialRecord]:
    """Return the members that trained to their end."""
    return [member for member in members if member.state == "COMPLETE" and member.epochs]


def _params_by_epoch(member: TrialRecord) -> list[dict[str, Any]]:
    return [member.params_at(epoch.epoch) for epoch in member.epochs]
