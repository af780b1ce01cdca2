"""The populations of a sweep, generation by generation: whose turn it is, and what happens between two intervals.

A member trains one interval as a trial of Tune's, reports that it paused, and is handed out again later: a member that
waits holds no slot. When all living members of an arm have paused at the same epoch, the worst of them take over the
networks of the best. Every such exchange is first made and then written down, and nobody goes on before the whole
generation is. What is decided depends on what the journal tells, so after a crash at any point it is decided again, and
made as far as it is not in the journal.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mtl_search.config import Config
from mtl_search.errors import SweepError
from mtl_search.search.arms import Arm
from mtl_search.search.objectives import ArmObjectives
from mtl_search.search.schedulers import pbt_config
from mtl_search.search.schedulers.pbt import ExploitStep, Member, exploit_steps, mean_params
from mtl_search.search.space.arm_space import ArmSpace
from mtl_search.storage.events import ExploitEnded, GenerationEnded
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import Role, TrialRecord
from mtl_search.storage.trial_directory import TrialDirectory, trial_storage
from mtl_search.training.exploit import take_over


class PBTController:
    """All populations of a sweep; none where the scheduler makes none.

    Args:
        config: Of the sweep.
        arms: By name; those with members have a population.
        spaces: Of each arm.
        journal: Where exchanges are written.
        referee: Judges the members.
        directory: Of the sweep.
    """

    def __init__(
        self,
        config: Config,
        arms: Mapping[str, Arm],
        spaces: Mapping[str, ArmSpace],
        journal: Journal,
        referee: ArmObjectives,
        *,
        directory: Path,
    ) -> None:
        self._config, self._arms, self._spaces = config, arms, spaces
        self._journal, self._referee, self._directory = journal, referee, directory
        self._rules = pbt_config(config)

    def pause_epoch(self, trial: TrialRecord) -> int | None:
        """Epoch up to which a trial may train now; None: to its end, as it is no member."""
        return self._next_meeting(trial.arm) if trial.is_member else None

    def next_member(self, names: Collection[str], live: Collection[str]) -> TrialRecord | None:
        """A member that has begun and may go on, of the population that is furthest behind.

        Args:
            names: Arms to choose from.
            live: Ids of the trials that run.

        Raises:
            SweepError: A network cannot be taken over.
        """
        ready = [member for name in names for member in self._ready(name, live)]
        return min(ready, key=lambda member: (self._met(member.arm), member.number), default=None)

    def can_start(self, name: str) -> bool:
        """Whether a new trial of this arm may begin now, as far as its population is concerned."""
        arm, trials = self._arms[name], self._journal.record.arm(name)
        if len(trials) < arm.members or not arm.members:
            return True
        members = trials[: arm.members]
        return all(member.finished for member in members) and bool(_complete(members))

    def export(self, name: str, role: Role) -> dict[str, Any]:
        """The fixed values of the trial of this role that follows the population of an arm."""
        members = _complete(self._members(name))
        best = max(
            members,
            key=lambda member: (
                self._referee.objective_at(member, member.last_epoch),
                -member.number,
            ),
        )
        if role == "last":
            return dict(best.params)
        histories = {
            member.id: [member.params_at(epoch.epoch) for epoch in member.epochs]
            for member in members
        }
        whole = [
            path for path, entry in self._spaces[name].entries.items() if entry.int_ is not None
        ]
        return mean_params(list(histories.values()), histories[best.id], whole)

    # ---------------------------------------------------------------- its parts

    def _members(self, name: str) -> list[TrialRecord]:
        return [trial for trial in self._journal.record.arm(name) if trial.is_member]

    def _met(self, name: str) -> int:
        """Epoch of the last exchanges; 0 before the first."""
        return self._journal.record.generations.get(name, 0)

    def _next_meeting(self, name: str) -> int:
        assert self._rules is not None, "an arm with members has rules"
        return min(self._met(name) + self._rules.interval, self._config.training.epochs)

    def _ready(self, name: str, live: Collection[str]) -> list[TrialRecord]:
        if not self._arms[name].members:
            return []
        self._meet_if_all_are_there(name, live)
        meeting = self._next_meeting(name)
        # At its last epoch a member does not pause. One that is there and has not ended was interrupted in between.
        last = meeting == self._config.training.epochs
        waiting = [m for m in self._members(name) if not m.finished and m.id not in live]
        return [member for member in waiting if last or member.last_epoch < meeting]

    def _meet_if_all_are_there(self, name: str, live: Collection[str]) -> None:
        meeting, members = self._next_meeting(name), self._members(name)
        living = [member for member in members if not member.finished]
        may_meet = (
            len(members) == self._arms[name].members and meeting < self._config.training.epochs
        )
        if (
            living
            and may_meet
            and all(m.last_epoch >= meeting and m.id not in live for m in living)
        ):
            self._run_generation(name, living, meeting)

    def _run_generation(self, name: str, living: list[TrialRecord], epoch: int) -> None:
        """Decide a generation, make its exchanges, and write them down."""
        assert self._rules is not None
        arm, by_number = zlib.crc32(name.encode()), {member.number: member for member in living}
        members = [Member(m.number, self._referee.objective_at(m, epoch), m.params) for m in living]
        seeds = [self._config.seed, arm, epoch]
        for move in exploit_steps(members, self._spaces[name].entries, self._rules, seeds):
            member = by_number[move.member]
            if not any(earlier.epoch == epoch for earlier in member.exploits):
                self._exchange(member, by_number[move.donor], move, epoch)
        self._journal.write(GenerationEnded(arm=name, epoch=epoch))

    def _exchange(
        self, member: TrialRecord, donor: TrialRecord, move: ExploitStep, epoch: int
    ) -> None:
        try:
            take_over(self._place(donor), self._place(member))
        except OSError as error:
            raise SweepError(
                f"{member.id} cannot go on with the network of {donor.id}: {error}"
            ) from error
        overrides = self._spaces[member.arm].overrides(move.params)
        self._journal.write(
            ExploitEnded(
                id=member.id,
                epoch=epoch,
                donor=donor.id,
                params=move.params,
                overrides=overrides,
            )
        )

    def _place(self, trial: TrialRecord) -> TrialDirectory:
        folder = self._directory / "trials" / trial.id
        return TrialDirectory(folder, trial_storage(self._config, self._journal.record, trial.id))


def _complete(members: list[TrialRecord]) -> list[TrialRecord]:
    """Those that trained to their end."""
    return [member for member in members if member.state == "COMPLETE" and member.epochs]
