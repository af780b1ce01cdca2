"""The order of trials, without Tune and without studies of Optuna's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from mtl_search.config import Config
from mtl_search.search.arms import plan_arms
from mtl_search.search.context import SweepContext
from mtl_search.search.objectives import ArmObjectives
from mtl_search.search.space.arm_space import Draw
from mtl_search.search.trial_log import TrialLog
from mtl_search.search.trial_queue import FINISHED, WAIT, TrialQueue
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.journal import Journal
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial_report import TrialReport
from tests.support import small_sweeps as small
from tests.support.fake_tune import METRICS_OF, SCALES, made_up


class Study:
    """Draws learning rates that differ, and notes down which trials it is told of."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.asked = 0

    def of(self, arm: str) -> Study:
        self.opened.append(arm)
        return self

    def ask(self, trial_id: str, number: int) -> Draw:
        self.asked += 1
        params = {"training.optimizer.lr": 0.001 * self.asked}
        return Draw(params, params)

    def report(self, trial_id: str, epoch: int, objective: float) -> None:
        pass

    def finish(self, record: TrialRecord) -> None:
        pass


class Session:
    """One session on a folder, with a queue and nobody else."""

    def __init__(self, directory: Path, config: Config) -> None:
        self.journal = Journal(directory / "journal.jsonl")
        if not self.journal.record.id:
            self.journal.write(SweepStarted(id="queue", name=config.name))
        objectives = ArmObjectives(
            self.journal.record,
            {task: METRICS_OF[task] for task in config.main_tasks},
            kind=config.search.objective,
            scales=SCALES,
        )
        context = SweepContext(config, directory, self.journal, objectives, arms=plan_arms(config))
        self.study = Study()
        studies: Any = cast(Any, self.study)
        self.log = TrialLog(context, studies)
        self.queue = TrialQueue(context, studies, self.log)

    def end(self, record: TrialRecord) -> None:
        spec = self.queue.spec(record)
        metrics = made_up(spec, 1)
        self.log.epoch(record, TrialReport(1, metrics, spec.objective(metrics), "COMPLETE"))
        test = {name.replace("val/", "test/"): value for name, value in metrics.items()}
        self.log.end(record, "COMPLETE", "", test if spec.test else {})

    def run(self, trials: int) -> list[TrialRecord]:
        """Begin and end trials one by one, as far as there are so many."""
        begun = []
        for _ in range(trials):
            record = self.queue.next([])
            if record is FINISHED:
                break
            assert isinstance(record, TrialRecord)
            begun.append(record)
            self.end(record)
        return begun


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path, small.config())
    yield made
    made.journal.close()


def test_phases_follow_one_another_up_to_the_last_finalist(session: Session) -> None:
    begun = session.run(99)
    arms = [record.arm for record in begun if not (record.is_offered or record.arm.is_twin)]
    assert arms == [
        *["single/kind", "single/size", "equal"] * 4,
        *["search"] * 4,
        *["final/single/kind"] * 2,
        *["final/single/size"] * 2,
        *["final/equal"] * 2,
        *["final/search"] * 2,
        *["final/without/flag"] * 2,
    ]
    is_offered = [record.is_offered for record in begun if not record.is_finalist]
    assert is_offered == sorted(is_offered)  # after all others
    assert session.queue.exhausted
    assert session.queue.next([]) is FINISHED


def test_a_phase_waits_for_the_trials_of_the_one_before(session: Session) -> None:
    live = [session.queue.next([]) for _ in range(12)]
    records = [record for record in live if isinstance(record, TrialRecord)]
    assert len(records) == 12
    assert session.queue.next(records) is WAIT
    for record in records:
        session.end(record)
    following = session.queue.next([])
    assert isinstance(following, TrialRecord)
    assert following.arm == "search"


def test_the_references_of_delta_m_come_first(tmp_path: Path) -> None:
    made = Session(tmp_path, small.config({"search.objective": "delta_m"}))
    arms = [record.arm for record in made.run(16)]
    assert arms == [*["single/kind", "single/size"] * 4, *["equal"] * 4, *["search"] * 4]
    made.journal.close()


def test_finalists_that_run_are_waited_for(session: Session) -> None:
    *_, last = session.run(99)
    assert session.queue.next([last]) is WAIT


def test_a_trial_that_is_put_back_comes_next_in_its_phase(session: Session) -> None:
    first, second = session.queue.next([]), session.queue.next([])
    assert isinstance(first, TrialRecord)
    assert isinstance(second, TrialRecord)
    session.queue.put_back(first)
    assert not session.queue.exhausted
    assert session.queue.next([second]) is first


def test_interrupted_trials_wait_for_their_phase_in_a_resumed_sweep(tmp_path: Path) -> None:
    config = small.config()
    first = Session(tmp_path, config)
    first.run(12)
    interrupted = first.queue.next([])
    assert isinstance(interrupted, TrialRecord)
    first.journal.close()
    longer = Session(tmp_path, small.config({"search.trials": 6}))
    begun = longer.run(4)
    assert [record.arm for record in begun[:2]] == ["equal", "equal"]
    assert begun[2].id == interrupted.id
    assert longer.study.opened.count("search") >= 1  # its study has taken the trial in
    longer.journal.close()


def test_a_trial_is_handed_over_with_the_seed_and_values_of_its_record(session: Session) -> None:
    (record,) = session.run(1)
    spec = session.queue.spec(record)
    assert (spec.id, spec.seed, spec.test, spec.until) == (record.id, record.seed, False, None)
    assert spec.config.training.optimizer.arguments["lr"] == record.params["training.optimizer.lr"]
    assert Path(spec.directory).parts[-2:] == ("trials", record.id)


def test_a_trial_knows_the_epochs_after_which_it_may_be_stopped(tmp_path: Path) -> None:
    asha = {"name": "asha", "grace_period": 1}
    made = Session(tmp_path, small.config({"training.epochs": 9, "search.scheduler": asha}))
    stops = {record.is_finalist: made.queue.spec(record).stop_epochs for record in made.run(99)}
    assert stops == {False: (1, 3, 9), True: ()}
    made.journal.close()


def test_the_queue_the_arms_and_the_rules_of_resuming_need_no_ray_and_no_optuna() -> None:
    program = (
        "import sys, mtl_search.search.trial_queue, mtl_search.search.arms, "
        "mtl_search.search.resume; print({'ray', 'optuna'} & {*sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"
