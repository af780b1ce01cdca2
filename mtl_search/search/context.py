"""The objects that the parts of a session share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mtl_search.config import Config, secrets
from mtl_search.search.arms import Arm
from mtl_search.search.objectives import ArmObjectives
from mtl_search.search.space.arm_space import ArmSpace
from mtl_search.search.space.space import SpaceFunction
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SweepRecord


class SweepContext:
    """Hold the objects that the parts of a session share.

    Args:
        config: The sweep's config.
        directory: The sweep's folder.
        journal: The sweep's journal, open.
        objectives: The objectives of its trials.
        arms: The arms, from `plan_arms`.
        space: A define-by-run function of the user's in place of the config's space.

    Attributes:
        vault: Placeholder → secret, since Tune writes the configs of trials to its own files.
        arms: The arms by name, in the order in which they begin.
        spaces: Arm → the space that its trials are drawn from.
    """

    def __init__(
        self,
        config: Config,
        directory: Path,
        journal: Journal,
        objectives: ArmObjectives,
        *,
        arms: Iterable[Arm],
        space: SpaceFunction | None = None,
    ) -> None:
        self.config = config
        self.vault = secrets.make_vault()
        self.directory = directory
        self.journal = journal
        self.objectives = objectives
        self.arms: dict[str, Arm] = {arm.name: arm for arm in arms}
        self.spaces = {name: ArmSpace(config, arm, space) for name, arm in self.arms.items()}

    def arm_of(self, arm: str, origin: str) -> Arm:
        """Return the arm of a trial, as it makes the trial's config.

        Args:
            arm: Name of the trial's arm.
            origin: A finalist's origin. The best network again with something changed is based on
                the arm that this network came from.
        """
        base = self.arms[ArmName(arm).base]
        if not (base.name.is_ablation or base.name.is_twin):
            return base
        return replace(base, origin=self.record.trials[origin].arm.base)

    @property
    def record(self) -> SweepRecord:
        """The record of the sweep's trials."""
        return self.journal.record
