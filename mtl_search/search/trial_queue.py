"""Which trial runs next: phases of arms, interrupted trials, populations, offers and finalists.

Phases run one after another, because each needs the results of the one before:

    single/*, warmup/*, equal   side by side, turn by turn
    search                      its study begins with the trials of `equal`
    offers                      each arm tries settings that others have found
    final/*, split/*            the best of each arm again, on fresh seeds and partitions

Where the objective is Δm, its references come first: single/*, then warmup/*, then equal.

Where the trials of an arm form a population, a trial may be handed out several times
(`pbt.controller`). Nothing here knows Tune: the queue answers with records of trials.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from mtl_search.search.arms import EXPORTS, Arm, phases, trial_id_of, trial_seed
from mtl_search.search.context import SweepContext
from mtl_search.search.objectives import recompute_objectives
from mtl_search.search.pbt.controller import PBTController
from mtl_search.search.protocol.finalists import Finalist, FinalistPlan
from mtl_search.search.protocol.offers import Offer, choose_offers
from mtl_search.search.protocol.time_budget import TimeBudget
from mtl_search.search.schedulers import stop_epochs
from mtl_search.search.space.arm_space import Draw
from mtl_search.search.trial_log import TrialLog
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.trial_directory import trial_storage
from mtl_search.storage.trial_info import OFFERED
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial import TrialSpec

if TYPE_CHECKING:  # it imports Tune
    from mtl_search.search.study import ArmStudies


class NoTrial(Enum):
    """Say why there is no next trial."""

    WAIT = "a trial that runs must end first"
    FINISHED = "every arm has spent its budget"


WAIT = NoTrial.WAIT
FINISHED = NoTrial.FINISHED


class TrialQueue:
    """Choose the next trial of a sweep.

    Trials of the journal are not run again; those that have not finished come first in their phase.

    Args:
        context: The objects that the parts of a session share.
        studies: The studies of the arms.
        log: Writes that a trial begins.
    """

    def __init__(self, context: SweepContext, studies: ArmStudies, log: TrialLog) -> None:
        self._context = context
        self._studies = studies
        self._log = log
        self._phases = phases(
            context.arms.values(), needs_reference=context.objectives.needs_reference
        )
        self._limits = TimeBudget(context, self._phases)
        self._populations = PBTController(context)
        self._stop_epochs = stop_epochs(context.config)
        # The members of populations go on by the journal alone.
        self._interrupted = [
            trial for trial in context.record if not (trial.finished or trial.is_member)
        ]
        self._offers: list[Offer] | None = None  # None until all arms have spent their budgets
        self._plan = FinalistPlan(context)
        self._pending: list[Finalist] = []
        self._planned_at = -1  # number of finished trials when finalists were planned last
        self._recomputed = False  # whether objectives are by the references of this session

    @property
    def exhausted(self) -> bool:
        """Whether no trial is left to begin, where none runs."""
        if self._limits.sweep_is_over:
            return False
        if self._limits.search_is_over:
            if any(trial.is_finalist for trial in self._interrupted):
                return False
        elif self._interrupted or self._offers is None or self._offers:
            return False
        self._plan_finalists()
        return not self._pending

    def next(self, live: Collection[TrialRecord]) -> TrialRecord | NoTrial:
        """Return the trial that runs next; a new one is in the journal by then.

        Args:
            live: The trials that run.

        Raises:
            MtlSearchError: The sweep cannot go on, such as where there is no reference for Δm.
        """
        record = None if self._limits.sweep_is_over else self._next(live)
        if record is not None:
            return record
        return WAIT if live else FINISHED

    def free_trial(self, record: TrialRecord, live: Collection[TrialRecord]) -> TrialRecord | None:
        """Return a further trial like one that was just handed out, if no result could change it.

        Trials that wait come first. A new trial is drawn if it would be the same later: the
        start-up trials of a study, and those of an arm whose trials have all ended.

        Args:
            record: The trial that was handed out.
            live: The trials that run or were handed out, that one among them.
        """
        if record.is_finalist:
            waiting = self._next_interrupted(self._repeats())
            return waiting or (self._next_finalist() if self._pending else None)
        number = next(n for n, names in enumerate(self._phases) if record.arm in names)
        phase = self._phases[number]
        waiting = self._next_interrupted(phase)
        if waiting is not None:
            return waiting
        if record.is_offered:
            return self._next_offer() if self._offers else None
        if self._limits.phase_is_over(number):
            return None
        busy = {trial.arm for trial in live}
        arm = self._next_arm([name for name in phase if self._draws_freely(name, busy)])
        return None if arm is None else self._new_trial(self._context.arms[arm])

    def _draws_freely(self, name: str, busy: Collection[str]) -> bool:
        """Return whether the next trial of an arm depends on no result that is still to come."""
        if self._context.arms[name].members:
            return False
        number = self._context.record.count(name)
        return name not in busy or self._studies.of(name).is_startup(number)

    def hold(self, records: Sequence[TrialRecord]) -> None:
        """Take back trials that have not begun to train; they come next in their phase.

        Args:
            records: The trials, in their order.
        """
        self._interrupted[:0] = records

    def put_back(self, record: TrialRecord) -> None:
        """Take back a trial whose process died, to hand it out again."""
        if not record.is_member:
            self._interrupted.append(record)

    def _next(self, live: Collection[TrialRecord]) -> TrialRecord | NoTrial | None:
        live_ids = {record.id for record in live}
        for number, phase in enumerate(self._phases):
            if number == 1 and not self._recomputed:  # the references stand from here on
                recompute_objectives(self._context.journal, self._context.objectives)
                self._recomputed = True
            record = self._next_of_phase(number, phase, live_ids)
            if record is not None:
                return record
            if any(record.arm in phase and not record.is_offered for record in live):
                return WAIT
        if not self._limits.search_is_over:
            # First those that waited when the time of their phase was over.
            record = self._next_interrupted(self._context.arms) or self._next_offer()
            if record is not None:
                return record
        if any(not record.is_finalist for record in live):
            return WAIT
        return self._next_interrupted(self._repeats()) or self._next_finalist()

    def _repeats(self) -> list[ArmName]:
        names = [arm.name for arm in self._context.arms.values()]
        return [again for name in names for again in (name.final, name.on_splits)]

    def spec(self, record: TrialRecord) -> TrialSpec:
        """Return a trial as the process that trains it takes it."""
        arm = self._context.arm_of(record.arm, record.origin)
        return TrialSpec(
            id=record.id,
            config=arm.config(self._context.config, record.overrides),
            seed=record.seed,
            objective=self._context.objectives.objective(record.arm),
            directory=str(self._context.directory / "trials" / record.id),
            test=record.is_finalist,
            storage=trial_storage(self._context.config, self._context.record, record.id),
            until=self._populations.pause_epoch(record),
            split=record.split,
            stop_epochs=() if record.is_finalist else self._stop_epochs,
        )

    def _next_of_phase(
        self, number: int, phase: Sequence[str], live: Collection[str]
    ) -> TrialRecord | None:
        is_over = self._limits.phase_is_over(number)
        # A population is one search, which goes on to its end.
        record = None if is_over else self._next_interrupted(phase)
        if record is None:
            record = self._populations.next_member(phase, live)
            if record is not None:
                self._studies.of(record.arm)
        if record is not None:
            return record
        arm = None if is_over else self._next_arm(phase)
        return None if arm is None else self._new_trial(self._context.arms[arm])

    def _next_interrupted(self, arms: Collection[str]) -> TrialRecord | None:
        """Return a trial of these arms that began and did not end.

        It does not come before its phase, whose references its objective depends on.
        """
        record = next((trial for trial in self._interrupted if trial.arm in arms), None)
        if record is not None:
            self._interrupted.remove(record)
            if not record.is_finalist:
                self._studies.of(record.arm)  # makes the study, which takes it in as running
        return record

    def _next_arm(self, names: Sequence[str]) -> str | None:
        """Return the arm that has begun the smallest part of its budget; None if all are spent."""
        begun: dict[str, float] = {}
        for name in names:
            budget = self._context.arms[name].budget
            count = self._context.record.count(name, offered=False)
            if count < budget and self._populations.can_start(name):
                begun[name] = count / budget
        return min(begun, key=lambda name: begun[name], default=None)

    def _new_trial(self, arm: Arm) -> TrialRecord:
        # Fails where there is no reference, before the trial is in the journal.
        self._context.objectives.objective(arm.name)
        number = self._context.record.count(arm.name)
        role = arm.role(number)
        if role in EXPORTS:
            values = self._populations.export(arm.name, role)
            draw = Draw(values, values)
        else:
            draw = self._studies.of(arm.name).ask(trial_id_of(arm.name, number), number)
        return self._log.begin(
            arm.name,
            draw,
            overrides=self._context.spaces[arm.name].overrides(draw.values),
            seed=trial_seed(self._context.config.seed, arm.name, number),
            role=role,
        )

    def _next_offer(self) -> TrialRecord | None:
        if self._offers is None:
            self._offers = choose_offers(self._context)
        if not self._offers:
            return None
        offer = self._offers.pop(0)
        number = self._context.record.count(offer.arm)
        return self._log.begin(
            offer.arm,
            Draw(offer.overrides, offer.overrides),
            overrides=offer.overrides,
            seed=trial_seed(self._context.config.seed, offer.arm, number),
            origin=offer.origin,
            role=OFFERED,
        )

    def _next_finalist(self) -> TrialRecord | None:
        self._plan_finalists()
        if not self._pending:
            return None
        finalist = self._pending.pop(0)
        origin = self._context.record.trials[finalist.origin]
        number = finalist.split
        if not number:
            siblings = self._context.record.arm(finalist.arm)
            # Counted among the seeds of this configuration, so that the n-th is the same for all.
            number = sum(trial.origin == origin.id for trial in siblings)
        return self._log.begin(
            finalist.arm,
            Draw(origin.overrides, origin.params),
            overrides=origin.overrides,
            seed=trial_seed(self._context.config.seed, finalist.arm, number),
            origin=origin.id,
            split=finalist.split,
        )

    def _plan_finalists(self) -> None:
        """Plan again when a trial has ended: Tune asks far more often."""
        finished = self._context.record.ended
        if self._pending or finished == self._planned_at:
            return
        if self._planned_at < 0:  # the offered trials may have changed the references
            recompute_objectives(self._context.journal, self._context.objectives)
            if self._plan.pending() or self._context.record.stop_asked is not None:
                self._limits.end_search()
        self._planned_at = finished
        self._pending = self._plan.pending()
