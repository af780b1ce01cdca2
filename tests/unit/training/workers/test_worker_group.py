"""The slot's side of a worker group, with a mailbox that answers at once and no Train run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.config.schema import ResourcesConfig
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport, of_result
from mtl_search.training.workers import worker_group
from mtl_search.training.workers.mailbox import DIED
from mtl_search.training.workers.worker_group import WorkerGroup, WorkerGroupTrainable
from tests.support import trials


class _Mailbox:
    """Answers in a list; `None` stays open."""

    def __init__(self, answers: list[str | None]) -> None:
        self.answers = answers
        self.requests: list[tuple[int, str | None]] = []
        self.ended = False
        self.request_epoch = SimpleNamespace(remote=self._request)
        self.end = SimpleNamespace(remote=self._end)

    def _request(self, epoch: int, spec: str | None) -> str | None:
        self.requests.append((epoch, spec))
        return self.answers.pop(0)

    def _end(self) -> None:
        self.ended = True


class _Trainer:
    """What Ray Train is given; `fit` returns once it may."""

    made: list[_Trainer]
    error: BaseException | None = None

    def __init__(self, train_function: Any, **settings: Any) -> None:
        self.settings = settings
        self.made.append(self)

    def fit(self) -> None:
        if self.error is not None:
            raise self.error


class _Thread:
    """A thread that runs at once where its Train run has an error, and for ever where not."""

    def __init__(self, target: Any, args: tuple[_Trainer], **options: Any) -> None:
        self._target = target
        self._args = args
        self.alive = args[0].error is None

    def start(self) -> None:
        if not self.alive:
            self._target(*self._args)

    def is_alive(self) -> bool:
        return self.alive

    def join(self, timeout: float) -> None:
        self.alive = False


class Fakes:
    """Everything around a group; `group` makes one that gets these answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.mailbox = _Mailbox([])
        self.trainers: list[_Trainer] = []
        self.expired = False
        self._folder = folder
        for name in worker_group._TRAIN_SETTINGS:
            monkeypatch.setenv(name, "set by the user")
        monkeypatch.setattr(_Trainer, "made", self.trainers, raising=False)
        monkeypatch.setattr(worker_group, "_make_mailbox", lambda retries: (self.mailbox, 17))
        monkeypatch.setattr(worker_group, "TorchTrainer", _Trainer)
        monkeypatch.setattr(worker_group, "threading", SimpleNamespace(Thread=_Thread))
        timeout = SimpleNamespace(expired=lambda: self.expired)
        monkeypatch.setattr(worker_group, "PlacementTimeout", lambda mark: timeout)
        waiting = SimpleNamespace(
            wait=lambda requests, timeout: ([x for x in requests if x is not None], []),
            get=lambda request: request,
        )
        monkeypatch.setattr(worker_group, "ray", waiting)

    def group(self, *answers: str | None, **options: Any) -> WorkerGroup:
        self.mailbox.answers = list(answers)
        resources = ResourcesConfig(workers=2, cpus_per_worker=1.5)
        return WorkerGroup(["reference"], resources, 1, self._folder, **options)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fakes:
    return Fakes(monkeypatch, tmp_path)


def _report(epoch: int, state: Any = "RUNNING", **values: Any) -> str:
    return TrialReport(epoch, {}, 0.5, state, **values).to_json()


def test_epochs_are_requested_one_after_the_other_and_the_trial_once(fakes: Fakes) -> None:
    group = fakes.group(_report(1), _report(2), _report(1))
    group.begin("first")
    assert [group.run_epoch().epoch for _ in range(2)] == [1, 2]
    group.begin("second")
    assert group.run_epoch().epoch == 1
    assert fakes.mailbox.requests == [(1, "first"), (2, None), (1, "second")]


def test_a_trial_that_goes_on_from_a_checkpoint_goes_on_from_there(fakes: Fakes) -> None:
    group = fakes.group(_report(5), _report(6))
    group.begin("trial")
    assert [group.run_epoch().epoch for _ in range(2)] == [5, 6]
    assert [epoch for epoch, _ in fakes.mailbox.requests] == [1, 6]


def test_a_trial_that_begins_again_is_asked_for_the_epoch_it_did_not_reach(fakes: Fakes) -> None:
    group = fakes.group(_report(1), _report(1, "FAIL"), _report(2))
    group.begin("trial")
    group.run_epoch()
    assert group.run_epoch().state == "FAIL"
    group.begin_again("smaller")
    assert group.run_epoch().epoch == 2
    assert fakes.mailbox.requests == [(1, "trial"), (2, None), (2, "smaller")]


def test_workers_that_died_too_often_are_a_failure_of_the_trial(fakes: Fakes) -> None:
    group = fakes.group(f"{DIED}its workers died 2 times: killed")
    group.begin("trial")
    report = group.run_epoch()
    assert (report.state, report.epoch) == ("FAIL", 0)
    assert report.reason == "its workers died 2 times: killed"


def test_a_group_that_has_ended_says_why(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Trainer, "error", ValueError("no workers to be had"))
    group = fakes.group(None)
    group.begin("trial")
    with pytest.raises(RuntimeError, match="the worker group has ended: no workers to be had"):
        group.run_epoch()


def test_a_group_without_room_gives_up_unless_the_cluster_grows(fakes: Fakes) -> None:
    fakes.expired = True
    group = fakes.group(None)
    with pytest.raises(RuntimeError, match="a node is gone, and there is no room"):
        group.run_epoch()
    assert fakes.group(grows=True)._placement_timeout is None


def test_the_bundles_are_marked_and_the_end_is_waited_for(fakes: Fakes) -> None:
    group = fakes.group()
    settings = fakes.trainers[0].settings
    scaling = settings["scaling_config"]
    assert scaling.num_workers == 2
    assert scaling.resources_per_worker == {"CPU": 1.5, "memory": 17}
    loop = settings["train_loop_config"]
    assert {key: loop[key] for key in ("data_ref", "threads", "gpu")} == {
        "data_ref": ["reference"],
        "threads": 1,
        "gpu": False,
    }
    group.end()
    assert fakes.mailbox.ended
    assert not group._thread.is_alive()


def _trainable(group: WorkerGroup, spec: str) -> WorkerGroupTrainable:
    """As `tune.Trainable.__init__` leaves it, which needs a Tune session for its logs."""
    made: WorkerGroupTrainable = WorkerGroupTrainable.__new__(WorkerGroupTrainable)
    made._group = group
    made._vault = {}
    made.reset_config({"specs": [spec], "arms": {"t-0000": "search"}, "stops": ""})
    return made


def test_a_trial_out_of_memory_begins_again_with_smaller_batches(
    fakes: Fakes, tmp_path: Path
) -> None:
    settings = trials.changed(trials.config(), on_out_of_memory="accumulate", batch_size=16)
    group = fakes.group(_report(0, "FAIL", cause="memory"), _report(1))
    result = _trainable(group, trials.spec(settings, tmp_path).to_json()).step()
    assert of_result(result)["t-0000"].epoch == 1
    (_, first), (_, second) = fakes.mailbox.requests
    assert first is not None
    assert second is not None
    sizes = [TrialSpec.from_json(spec).config.training for spec in (first, second)]
    assert [(x.batch_size, x.accumulate) for x in sizes] == [(16, 1), (8, 2)]


def test_a_trial_that_may_not_begin_again_has_failed(fakes: Fakes, tmp_path: Path) -> None:
    group = fakes.group(_report(0, "FAIL", cause="memory"))
    result = _trainable(group, trials.spec(trials.config(), tmp_path).to_json()).step()
    assert of_result(result)["t-0000"].state == "FAIL"
    assert len(fakes.mailbox.requests) == 1
