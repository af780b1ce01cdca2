"""The beginnings, epochs and ends of trials in the journal."""

from __future__ import annotations

import pytest

from mtl_search.errors import DiskFullError
from mtl_search.storage import item_values
from mtl_search.storage.events import Event, InfoReported, TrialEnded
from mtl_search.storage.journal import read_events
from mtl_search.storage.records import SweepRecord
from mtl_search.training.trial_report import TrialReport
from tests.support.fake_tune import Session, info


def test_what_is_new_about_a_trial_is_written_down(session: Session) -> None:
    fake = session(slots=1)
    trial = str(fake.suggest())
    name = fake.live[trial].id
    for epoch, node in enumerate(["10.0.0.1", "10.0.0.1", "10.0.0.2"], start=1):
        report = TrialReport(
            epoch, {}, 0.5, "RUNNING", info={"parameters": 1, "node": node, "lr": None}
        )
        fake.report(trial, report)
    infos = [e.info for e in read_events(fake.journal.path) if isinstance(e, InfoReported)]
    assert infos == [{"parameters": 1, "node": "10.0.0.1", "lr": None}, {"node": "10.0.0.2"}]
    assert fake.record.trials[name].info == {"parameters": 1, "node": "10.0.0.2", "lr": None}


def test_what_a_trial_says_of_itself_later_is_written_too(session: Session) -> None:
    fake = session()
    trial = str(fake.suggest())
    fake.epoch(trial, 1)
    facts = info(fake.live[trial])
    shrunk = {**facts, "out_of_memory": "batch_size 4 → 2, accumulate 1 → 2"}
    fake.report(trial, TrialReport(2, {}, 0.5, "RUNNING", info=shrunk))
    fake.report(trial, TrialReport(3, {}, 0.5, "RUNNING", info=shrunk))
    assert fake.record.trials["single-kind-0000"].info == shrunk
    infos = [e.info for e in read_events(fake.journal.path) if isinstance(e, InfoReported)]
    assert infos == [facts, {"out_of_memory": shrunk["out_of_memory"]}]


def test_a_failed_epoch_is_not_an_epoch(session: Session) -> None:
    fake = session()
    trial = str(fake.suggest())
    facts = info(fake.live[trial])
    record = fake.end(trial, "FAIL", epochs=2)
    assert [epoch.epoch for epoch in record.epochs] == [1]
    assert record.info == facts


def test_a_trial_is_told_to_the_study_from_its_beginning_to_its_end(session: Session) -> None:
    fake = session(slots=1)
    first = str(fake.suggest())
    record = fake.record.trials[fake.live[first].id]
    study = fake.searcher._studies.of("single/kind")
    (drawn,) = study._ot_study.trials
    assert (drawn.state.name, drawn.params) == ("RUNNING", record.params)
    fake.epoch(first, 1)
    fake.end(first, epochs=2)
    (told,) = study._ot_study.trials
    assert (told.state.name, told.value) == ("COMPLETE", record.objective)
    assert list(told.intermediate_values) == [1, 2]


def test_finalists_are_no_business_of_a_study(session: Session) -> None:
    fake = session(slots=1)
    fake.run()
    assert fake.record.arm("final/search")
    assert set(fake.searcher._studies._studies) == {"single/kind", "single/size", "equal", "search"}


def test_a_finalist_that_has_ended_has_its_item_values(session: Session) -> None:
    fake = session()
    ended: list[str] = []

    def see_file(event: Event, record: SweepRecord) -> None:
        if isinstance(event, TrialEnded) and record.trials[event.id].is_finalist:
            # Whoever hears of the end finds the file.
            values = item_values.read(fake.context.directory, event.id)
            assert values.keys() == {key.removeprefix("test/") for key in event.test}
            for key, array in values.items():
                assert array.mean() == pytest.approx(event.test[f"test/{key}"])
            ended.append(event.id)

    fake.journal.observers.append(see_file)
    fake.run()
    folders = {path.parent.name for path in fake.context.directory.glob("trials/*/test_items.npz")}
    assert folders == set(ended) == {trial.id for trial in fake.record if trial.is_finalist}
    assert ended


def test_a_full_disk_leaves_the_end_of_a_finalist_unwritten(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFullError("no room")

    fake = session(slots=1)
    while not fake.live[began := str(fake.suggest())].test:
        fake.end(began)
    monkeypatch.setattr(item_values, "write", full)
    assert not fake.end(began).finished
    assert isinstance(fake.searcher.disk_stopper.error, DiskFullError)
