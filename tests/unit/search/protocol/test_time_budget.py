"""A time budget and callbacks that want an end: what still begins, and what is written down."""

from __future__ import annotations

import time
import weakref
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.analysis.judge import judge
from mtl_search.search.protocol import time_budget
from mtl_search.storage.events import SearchStopped, SweepStarted
from mtl_search.storage.journal import read_events
from mtl_search.storage.trial_record import TrialRecord
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune

SECONDS_A_TRIAL = 10.0


class Timed(FakeTune):
    """A session whose clock goes on by ten seconds with each trial that ends."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch, **search: Any) -> None:
        changes = {f"search.{key}": value for key, value in search.items()}
        super().__init__(small.config({"search.trials": 8, **changes}), directory, slots=1)
        weakref.finalize(self, self.journal.close)  # a test need not
        self.passed = 0.0
        started = time.time()
        self.journal.write(SweepStarted(id=self.record.id, name="small", time=started))
        clock = SimpleNamespace(time=lambda: started + self.passed)
        monkeypatch.setattr(time_budget, "time", clock)

    def end(self, trial_id: str, *args: Any, **changes: Any) -> TrialRecord:
        ended = super().end(trial_id, *args, **changes)
        self.passed += SECONDS_A_TRIAL
        return ended

    @property
    def seeds(self) -> dict[str, int]:
        return dict(Counter(str(trial.arm) for trial in self.record if trial.is_finalist))


def test_half_of_the_time_is_for_the_search_and_the_rest_for_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Timed(tmp_path, monkeypatch, time_budget=400, **{"finalists.seeds": 4})
    fake.run()
    searched = [trial for trial in fake.record if not trial.is_finalist]
    assert 18 <= len(searched) <= 21  # of 26, and offers
    assert {trial.arm.base for trial in searched} >= {"single/kind", "single/size", "equal"}
    assert fake.record.count("search") > 2  # a later phase has its part
    assert fake.passed <= 400 + SECONDS_A_TRIAL
    assert fake.searcher.finished
    stop = fake.record.stop
    assert stop is not None
    assert (stop.scope, stop.top, stop.seeds) == ("search", 1, 2)
    assert "time_budget (6m40s)" in stop.reason
    assert set(fake.seeds.values()) == {2}
    verdict = judge(fake.record, fake.config, tmp_path)
    assert verdict.outcome != "not tested"


def test_a_budget_that_suffices_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Timed(tmp_path, monkeypatch, time_budget="1d")
    fake.run()
    plain = FakeTune(small.config({"search.trials": 8}), tmp_path / "plain", slots=1)
    plain.run()
    plain.journal.close()
    assert set(fake.record.trials) == set(plain.record.trials)
    assert fake.record.stop is None


def test_nothing_begins_after_the_end_and_a_resume_with_more_time_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Timed(tmp_path, monkeypatch, time_budget=100)
    fake.run()
    assert 10 <= len(fake.record.trials) <= 12
    assert not fake.searcher.finished
    stop = fake.record.stop
    assert stop is not None
    assert stop.scope == "sweep"
    fake.journal.close()
    again = Timed(tmp_path, monkeypatch, time_budget="1d")
    assert again.record.stop is None
    again.run()
    assert again.searcher.finished
    assert again.record.count("search", offered=False) == 8


def test_each_reference_has_a_trial_before_its_phase_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Timed(tmp_path, monkeypatch, time_budget=60)
    fake.run()
    assert {"single/kind", "single/size", "equal"} <= {trial.arm for trial in fake.record}


@pytest.mark.parametrize("finalists", [True, False])
def test_a_callback_can_end_the_search_or_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finalists: bool
) -> None:
    fake = Timed(tmp_path, monkeypatch)

    def ask(event: Any, record: Any) -> None:
        if len(record.trials) == 5:
            record.stop_asked = ("good enough", finalists)

    fake.journal.observers.append(ask)
    fake.run()
    assert sum(not trial.is_finalist for trial in fake.record) == 5
    assert bool(fake.seeds) == finalists
    assert fake.searcher.finished == finalists
    (stop,) = [e for e in read_events(fake.journal.path) if isinstance(e, SearchStopped)]
    assert (stop.reason, stop.scope) == ("good enough", "search" if finalists else "sweep")


def test_time_is_that_of_all_sessions(tmp_path: Path) -> None:
    fake = FakeTune(small.config(), tmp_path)
    fake.journal.write(SweepStarted(id="sweep-1", name="small", time=1000.0))
    fake.journal.write(SearchStopped(scope="sweep", reason="x", time=1030.0))
    fake.journal.write(SweepStarted(id="sweep-1", name="small", time=5000.0))
    fake.journal.close()
    assert fake.record.time_spent(5007.0) == 37.0
    assert fake.record.time_spent() == 30.0
