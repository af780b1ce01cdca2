"""Stoppers that end a whole run and leave its trials as they are."""

from __future__ import annotations

import pickle

import pytest

from mtl_search.errors import ClusterError, DiskFullError, MtlSearchError, SweepError
from mtl_search.search.stoppers import StopOnFullDisk, StopWithoutCapacity


def test_the_first_full_disk_stops_all_trials_and_no_single_one() -> None:
    stopper = StopOnFullDisk()
    assert not stopper.stop_all()
    for text in ("first", "second"):
        with stopper.catch_full_disk():
            raise DiskFullError(text)
    assert stopper.stop_all()
    assert str(stopper.error) == "first"
    assert not stopper("trial", {})


def test_other_errors_are_not_caught() -> None:
    stopper = StopOnFullDisk()
    with pytest.raises(SweepError, match="something else"), stopper.catch_full_disk():
        raise SweepError("something else")
    assert stopper.error is None


class Monitor:
    """Has room until it is told otherwise."""

    def __init__(self) -> None:
        self.error: SweepError | None = None

    def slots(self) -> int:
        if self.error is not None:
            raise self.error
        return 0  # none at the moment, but it has not waited long enough


def test_a_run_without_capacity_is_aborted_with_the_reason() -> None:
    monitor = Monitor()
    errors: list[MtlSearchError] = []
    stopper = StopWithoutCapacity(monitor, errors.append)  # type: ignore[arg-type]
    assert not stopper.stop_all()
    assert errors == []
    monitor.error = ClusterError("no node")
    assert stopper.stop_all()
    assert errors == [monitor.error]
    assert not stopper("trial", {})


def test_tune_can_pickle_a_stopper_that_holds_what_cannot_be_pickled() -> None:
    stopper = StopWithoutCapacity(Monitor(), lambda error: None)  # type: ignore[arg-type]
    assert isinstance(pickle.loads(pickle.dumps(stopper)), StopWithoutCapacity)
