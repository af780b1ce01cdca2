"""Provenance is written once, and again where it differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.search.provenance import writing
from mtl_search.search.request import SweepRequest, check_request
from mtl_search.storage.events import EnvironmentDescribed, SweepStarted
from mtl_search.storage.journal import Journal, read_events
from tests.support import small_sweeps as small


def test_another_environment_is_another_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = check_request(
        SweepRequest(small.config(), tmp_path / "sweep", data=small.DATA, address="local")
    )
    journal = Journal(tmp_path / "journal.jsonl")
    for torch in ("2.8", "2.8", "2.9"):
        monkeypatch.setattr(
            writing,
            "describe_environment",
            lambda torch=torch: EnvironmentDescribed(versions={"torch": torch}, platform="Linux"),
        )
        journal.write(SweepStarted(id="f00", name="small"))
        writing.write_provenance(journal, sweep)
    journal.close()
    kinds = [event.kind for event in read_events(journal.path)]
    assert kinds == ["sweep", "environment", "data", "sweep", "sweep", "environment"]
    assert list(journal.record.environments) == [1, 3]
