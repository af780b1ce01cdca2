"""The one writer of trials: each beginning, epoch and end goes to the journal and to the study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mtl_search.search.arms import config_hash, trial_id_of
from mtl_search.search.context import SweepContext
from mtl_search.search.space.arm_space import Draw
from mtl_search.storage import item_values
from mtl_search.storage.events import EpochEnded, InfoReported, TrialEnded, TrialStarted
from mtl_search.storage.journal import finite
from mtl_search.storage.trial_info import Role, State
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial_report import TrialReport

if TYPE_CHECKING:  # it imports Tune
    from mtl_search.search.study import ArmStudies

_UNKNOWN = object()


class TrialLog:
    """Write what happens to trials to the journal, and tell the study of their arm.

    Args:
        context: The objects that the parts of a session share.
        studies: The studies of the arms.
    """

    def __init__(self, context: SweepContext, studies: ArmStudies) -> None:
        self._context = context
        self._studies = studies

    def begin(
        self,
        arm: str,
        draw: Draw,
        *,
        overrides: dict[str, Any],
        seed: int,
        origin: str = "",
        role: Role = "",
        split: int = 0,
    ) -> TrialRecord:
        """Write that the next trial of an arm begins.

        Args:
            arm: Name of the arm.
            draw: What was drawn for it.
            overrides: Its config values by dotted path.
            seed: Its seed.
            origin: The trial whose configuration or settings it has from, if any.
            role: Its role in the arm, if any.
            split: The random partition of the data that it trains on; 0 is the sweep's own.
        """
        number = self._context.record.count(arm)
        name = trial_id_of(arm, number)
        config = self._context.arm_of(arm, origin).config(self._context.config, overrides)
        self._context.journal.write(
            TrialStarted(
                id=name,
                arm=arm,
                number=number,
                params=draw.params,
                distributions=draw.distributions,
                overrides=overrides,
                seed=seed,
                config_hash=config_hash(config),
                origin=origin,
                role=role,
                split=split,
            )
        )
        return self._context.record.trials[name]

    def epoch(self, record: TrialRecord, report: TrialReport) -> None:
        """Write an epoch, and what the report says of the trial that was not known yet."""
        # All of `info` at first; later what has changed, such as the node where a trial goes on.
        news = {
            name: value
            for name, value in report.info.items()
            if record.info.get(name, _UNKNOWN) != value
        }
        if news:
            self.note(record, news)
        if report.state == "FAIL":
            return
        self._context.journal.write(
            EpochEnded(
                id=record.id,
                epoch=report.epoch,
                metrics=finite(report.metrics),
                objective=report.objective,
                seconds=report.seconds,
            )
        )
        if record.is_sampled:
            self._studies.of(record.arm).report(record.id, report.epoch, report.objective)

    def note(self, record: TrialRecord, info: Mapping[str, Any]) -> None:
        """Write facts about a trial.

        Args:
            record: The trial.
            info: The facts, by their names in `TrialInfo`.
        """
        self._context.journal.write(InfoReported(id=record.id, info=dict(info)))

    def end(
        self,
        record: TrialRecord,
        state: State,
        reason: str,
        test: Mapping[str, float],
        items: str = "",
    ) -> None:
        """Write how a trial ended.

        Args:
            record: The trial.
            state: COMPLETE, PRUNED or FAIL.
            reason: Why it failed or ended early; else empty.
            test: Metrics on the test split, for finalists.
            items: Their item values as text, which go to a file of the trial's.
        """
        if not record.split:  # the test samples of another partition are other ones
            # Before the event, so that every finalist that has ended has its file.
            item_values.write(self._context.directory, record.id, items)
        self._context.journal.write(
            TrialEnded(id=record.id, state=state, reason=reason, test=finite(test))
        )
        if record.is_sampled:
            self._studies.of(record.arm).finish(record)
