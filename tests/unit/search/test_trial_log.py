"""The beginnings, epochs and ends of trials in the journal."""

from __future__ import annotations

from mtl_search.storage.events import InfoReported
from mtl_search.storage.journal import read_events
from mtl_search.training.trial_report import TrialReport
from tests.support.fake_tune import Session


def test_what_is_new_about_a_trial_is_written_down(session: Session) -> None:
    fake = session(slots=1)
    trial = str(fake.suggest())
    name = fake.live[trial].id
    for epoch, node in enumerate(["10.0.0.1", "10.0.0.1", "10.0.0.2"], start=1):
        report = TrialReport(
            epoch, {}, 0.5, "RUNNING", info={"parameters": 1, "node": node, "lr": None}
        )
        fake.searcher.record_epoch(trial, report)
    infos = [e.info for e in read_events(fake.journal.path) if isinstance(e, InfoReported)]
    assert infos == [{"parameters": 1, "node": "10.0.0.1", "lr": None}, {"node": "10.0.0.2"}]
    assert fake.record.trials[name].info == {"parameters": 1, "node": "10.0.0.2", "lr": None}


def test_what_a_trial_says_of_itself_later_is_written_too(session: Session) -> None:
    fake = session()
    trial = str(fake.suggest())
    fake.epoch(trial, 1)
    shrunk = {"parameters": 1, "out_of_memory": "batch_size 4 → 2, accumulate 1 → 2"}
    fake.searcher.record_epoch(trial, TrialReport(2, {}, 0.5, "RUNNING", info=shrunk))
    fake.searcher.record_epoch(trial, TrialReport(3, {}, 0.5, "RUNNING", info=shrunk))
    assert fake.record.trials["single-kind-0000"].info == shrunk
    infos = [e.info for e in read_events(fake.journal.path) if isinstance(e, InfoReported)]
    assert infos == [{"parameters": 1}, {"out_of_memory": shrunk["out_of_memory"]}]


def test_a_failed_epoch_is_not_an_epoch(session: Session) -> None:
    fake = session()
    record = fake.end(str(fake.suggest()), "FAIL", epochs=2)
    assert [epoch.epoch for epoch in record.epochs] == [1]
    assert record.info == {"parameters": 1}


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
