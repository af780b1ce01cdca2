"""The record of a run that has ended."""

from __future__ import annotations

import dataclasses

import pytest

from mtl_search.tracking.store.ended_run import EndedRun


def test_it_does_not_change() -> None:
    run = EndedRun("search-0000", {}, {}, (), "FINISHED", 0, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.name = "search-0001"  # type: ignore[misc]
