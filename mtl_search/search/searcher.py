"""Which trial runs next: a Tune searcher that goes through the arms and asks the study of each.

Phases run one after another, because each needs what the one before found:

    single/*        the references of Δm
    warmup/*          weights that the search begins with (`search.initial_points`)
    equal, search   side by side, turn by turn
    final/*         the best of each arm again, on fresh seeds

Where the trials of an arm are a population, a trial may be handed out several times (`generations`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ray.tune.search import Searcher

from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config import Config
from mtl_search.errors import DiskFullError, MtlSearchError, SweepError
from mtl_search.search.arms import EXPORTS, Arm, config_hash, phases, trial_id_of, trial_seed
from mtl_search.search.finalists import choose_finalists
from mtl_search.search.objectives import ArmObjectives, recompute_objectives
from mtl_search.search.pbt_controller import PBTController
from mtl_search.search.samplers import build_sampler
from mtl_search.search.space.arm_space import ArmSpace, initial_params
from mtl_search.search.space.space import SpaceFunction
from mtl_search.search.stoppers import StopOnFullDisk
from mtl_search.search.study import ArmStudy
from mtl_search.storage.events import EpochEnded, InfoReported, TrialEnded, TrialStarted
from mtl_search.storage.journal import Journal, finite
from mtl_search.storage.records import FINAL, Role, State, TrialRecord
from mtl_search.storage.trial_directory import trial_storage
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import REPORT, TrialReport


class ArmSearcher(Searcher):
    """Hands out the trials of a sweep and writes their beginnings and ends to the journal.

    Args:
        config: Of the sweep.
        arms: From `plan_arms`.
        journal: What is already in it is not run again; its unfinished trials are taken up first.
        referee: Judges the trials.
        directory: Of the sweep.
        census: Counts how many trials may run at a time.
        space: A define-by-run function of the user's in place of the config's space.
    """

    def __init__(
        self,
        config: Config,
        arms: Sequence[Arm],
        journal: Journal,
        referee: ArmObjectives,
        *,
        directory: Path,
        census: CapacityMonitor,
        space: SpaceFunction | None = None,
    ) -> None:
        super().__init__()
        self.error: MtlSearchError | None = None
        self.halt = StopOnFullDisk()
        self._config, self._journal, self._referee = config, journal, referee
        self._directory, self._census = directory, census
        self._arms = {arm.name: arm for arm in arms}
        self._spaces = {arm.name: ArmSpace(config, arm, space) for arm in arms}
        self._live: dict[str, TrialRecord] = {}  # Tune's id of a trial → ours
        self._crashes: Counter[str] = Counter()  # our id of a trial → how often its process died
        self._studies: dict[str, ArmStudy] = {}
        self._generations = PBTController(
            config, self._arms, self._spaces, journal, referee, directory=directory
        )
        self._interrupted = [
            trial for trial in journal.record if not (trial.finished or trial.is_member)
        ]
        self._finalists: list[tuple[str, str]] | None = None  # (arm, origin) still to begin
        self._judged_again = False  # by the references of this session

    @property
    def finished(self) -> bool:
        """Whether every arm, finalists included, has spent its budget."""
        return (
            self._finalists == []
            and not self._live
            and not self._interrupted
            and self.error is None
        )

    # ------------------------------------------------------------- Tune's calls

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]  # FINISHED is a str
        """The next trial; None while nothing may begin yet; FINISHED after the last."""
        if len(self._live) >= self._census.most or self.halt.error is not None:
            return None
        try:
            if self.error is None and not self.finished and len(self._live) >= self._census.slots():
                return None
            record = self._next()
            if isinstance(record, TrialRecord):
                self._live[trial_id] = record
                return {"id": record.id, "arm": record.arm, "spec": self._spec(record).to_json()}
        except DiskFullError as error:
            self.halt.error = error
            return None
        except (
            MtlSearchError
        ) as error:  # to be raised where the user sees it, after Tune has wound down
            self.error = error
            return str(self.FINISHED)
        return record

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing to do: epochs are told by `record_epoch`, which also sees the last one."""

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """A trial ended by itself or was stopped; one whose process died is told by `record_crash`."""
        if error or not result or REPORT not in result or self.halt.error is not None:
            return
        report = TrialReport.from_json(result[REPORT])
        if report.state == "PAUSED":
            del self._live[trial_id]
            return
        with self.halt.on_full_disk():
            self._end(
                trial_id,
                "PRUNED" if report.state == "RUNNING" else report.state,
                report.reason,
                report.test,
            )

    def save(self, checkpoint_path: str) -> None:
        """The journal holds the state, so Tune's snapshots need none."""
        Path(checkpoint_path).touch()

    def __getstate__(self) -> dict[str, Any]:
        """Tune pickles its searcher for a restore of its own, which is never used: the open journal cannot travel."""
        return {}

    def abort(self, error: MtlSearchError) -> None:
        """The sweep cannot go on; the trials that have not ended are those that a resume takes up."""
        self.error = error

    # ------------------------------------------- what Tune tells callbacks only

    def record_epoch(self, trial_id: str, report: TrialReport) -> None:
        """Write an epoch down and tell the study."""
        if report.cause == "disk" and self.halt.error is None:
            self.halt.error = DiskFullError(report.reason)
        if self.halt.error is None:
            with self.halt.on_full_disk():
                self._write_epoch(self._live[trial_id], report)

    def record_crash(self, trial_id: str, reason: str) -> None:
        """The process of a trial died: it begins again, as a new trial of Tune's, or has died too often and fails.

        Tune's own retries (`max_failures`) do not cover a process that died between two trials: Tune finds out when it
        hands the next trial to it, and ends that trial at once.
        """
        self._census.invalidate()
        record = self._live.get(trial_id)
        if self.halt.error is not None:
            return
        if record is None:  # it had ended, and something went wrong when that was written down
            self.error = SweepError(f"the sweep cannot go on: {reason}")
            return
        self._crashes[record.id] += 1
        times = self._crashes[record.id]
        if times > self._config.search.retries:
            with self.halt.on_full_disk():
                self._end(
                    trial_id,
                    "FAIL",
                    f"its process died {times} time{'s' * (times > 1)}: {reason}",
                    {},
                )
        else:
            del self._live[trial_id]
            if not record.is_member:
                self._interrupted.append(record)

    # ---------------------------------------------------------------- its parts

    def _write_epoch(self, record: TrialRecord, report: TrialReport) -> None:
        news = {
            name: value
            for name, value in report.info.items()
            if record.info.get(name, self) != value
        }
        if (
            news
        ):  # all of it at first; later what has changed, such as the node where a trial goes on
            self._journal.write(InfoReported(id=record.id, info=news))
        if report.state == "FAIL":
            return
        self._journal.write(
            EpochEnded(
                id=record.id,
                epoch=report.epoch,
                metrics=finite(report.metrics),
                objective=report.objective,
                seconds=report.seconds,
            )
        )
        if record.is_sampled:
            self._study(record.arm).report(record.id, report.epoch, report.objective)

    def _end(self, trial_id: str, state: State, reason: str, test: Mapping[str, float]) -> None:
        record = self._live.pop(trial_id)
        self._journal.write(TrialEnded(id=record.id, state=state, reason=reason, test=finite(test)))
        if record.is_sampled:
            self._study(record.arm).finish(record)
        self._stop_if_nothing_works()

    def _stop_if_nothing_works(self) -> None:
        """A mistake in the model or the data fails every trial alike: there is no use in trying them all."""
        ended = [trial for trial in self._journal.record if trial.finished]
        if len(ended) >= self._config.search.stop_after_failures and all(
            t.state == "FAIL" for t in ended
        ):
            self.error = SweepError(
                f"the first {len(ended)} trials have all failed, the last one with:\n  {ended[-1].reason}\n"
                "  (search.stop_after_failures sets how many may)"
            )

    def _next(self) -> TrialRecord | str | None:
        if self.error is not None:
            return str(self.FINISHED) if not self._live else None
        for number, phase in enumerate(phases(self._arms.values())):
            if number == 1 and not self._judged_again:  # the references stand
                recompute_objectives(self._journal, self._referee)
                self._judged_again = True
            running = {record.id for record in self._live.values()}
            record = self._next_interrupted(phase) or self._generations.next_member(phase, running)
            if record is not None:
                self._study(record.arm)  # which takes the trial in as running
                return record
            arm = self._next_arm(phase)
            if arm is not None:
                return self._new_trial(arm)
            if any(record.arm in phase for record in self._live.values()):
                return None
        return self._next_interrupted([FINAL + arm for arm in self._arms]) or self._next_finalist()

    def _next_interrupted(self, arms: Collection[str]) -> TrialRecord | None:
        """A trial of these arms that began and did not end; not before its phase, whose references it is judged by."""
        record = next((trial for trial in self._interrupted if trial.arm in arms), None)
        if record is not None:
            self._interrupted.remove(record)
        return record

    def _next_arm(self, names: list[str]) -> str | None:
        """The arm that has begun the smallest part of its budget; None when all have begun all of it."""
        budgets = {name: self._arms[name].budget for name in names if self._arms[name].budget}
        begun = {
            name: len(self._journal.record.arm(name)) / budget for name, budget in budgets.items()
        }
        open_arms = [
            name for name in begun if begun[name] < 1 and self._generations.can_start(name)
        ]
        return min(open_arms, key=lambda name: begun[name], default=None)

    def _new_trial(self, arm: str) -> TrialRecord:
        self._referee.objective(
            arm
        )  # which fails where there is no reference, before the trial is in the journal
        number = len(self._journal.record.arm(arm))
        name, role = trial_id_of(arm, number), self._arms[arm].role(number)
        distributions: dict[str, str] = {}
        if role in EXPORTS:
            values = params = self._generations.export(arm, role)
        else:
            values, params, distributions = self._study(arm).ask(name, number)
        overrides = self._spaces[arm].overrides(values)
        seed = trial_seed(self._config.seed, arm, number)
        return self._begin(
            name,
            arm,
            number,
            params=params,
            distributions=distributions,
            overrides=overrides,
            seed=seed,
            role=role,
        )

    def _next_finalist(self) -> TrialRecord | str | None:
        if self._finalists is None:
            wanted = self._config.search.finalists
            arms = [arm for arm in self._arms.values() if not arm.is_warmup]
            self._finalists = choose_finalists(arms, self._journal.record, self._referee, wanted)
        if not self._finalists:
            return None if self._live else str(self.FINISHED)
        arm, origin_id = self._finalists.pop(0)
        origin = self._journal.record.trials[origin_id]
        trials = self._journal.record.arm(arm)
        number = len(trials)
        seed = trial_seed(
            self._config.seed, arm, sum(trial.origin == origin_id for trial in trials)
        )
        name = trial_id_of(arm, number)
        return self._begin(
            name, arm, number, params=origin.params, distributions={}, overrides=origin.overrides,
            seed=seed, origin=origin_id,
        )  # fmt: skip

    def _begin(
        self, name: str, arm: str, number: int, *, params: dict[str, Any], distributions: dict[str, str],
        overrides: dict[str, Any], seed: int, origin: str = "", role: Role = "",
    ) -> TrialRecord:  # fmt: skip
        config = self._arms[arm.removeprefix(FINAL)].config(self._config, overrides)
        self._journal.write(
            TrialStarted(
                id=name,
                arm=arm,
                number=number,
                params=params,
                distributions=distributions,
                overrides=overrides,
                seed=seed,
                config_hash=config_hash(config),
                origin=origin,
                role=role,
            )
        )
        return self._journal.record.trials[name]

    def _spec(self, record: TrialRecord) -> TrialSpec:
        return TrialSpec(
            id=record.id,
            config=self._arms[record.arm.removeprefix(FINAL)].config(
                self._config, record.overrides
            ),
            seed=record.seed,
            objective=self._referee.objective(record.arm),
            directory=str(self._directory / "trials" / record.id),
            test=record.is_finalist,
            storage=trial_storage(self._config, self._journal.record, record.id),
            until=self._generations.pause_epoch(record),
        )

    def _study(self, arm: str) -> ArmStudy:
        """The study of an arm; it is made, with the journal's trials in it, when it is first needed."""
        if arm not in self._studies:
            sampler = partial(build_sampler, self._config.search.sampler)
            study = ArmStudy(arm, self._spaces[arm], sampler, trial_seed(self._config.seed, arm, 0))
            self._studies[arm] = study
            for record in filter(lambda trial: trial.is_sampled, self._journal.record.arm(arm)):
                study.restore_trial(record, self._referee.best_so_far_by_epoch(record))
            if arm == "search":
                points = initial_params(self._config, self._journal, self._spaces[arm])
                for params in points[len(self._journal.record.arm(arm)) :]:
                    study.enqueue(params)
        return self._studies[arm]
