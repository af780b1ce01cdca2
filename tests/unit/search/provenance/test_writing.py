"""Provenance is written once, and again where it differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.search.provenance import writing
from mtl_search.search.request import SweepRequest, check_request
from mtl_search.storage.binding.folder import check_owner
from mtl_search.storage.events import EnvironmentDescribed
from mtl_search.storage.journal import Journal, read_events
from tests.support import small_sweeps as small


def test_another_environment_is_another_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = check_request(
        SweepRequest(small.config(), tmp_path / "sweep", data=small.DATA, address="local")
    )
    (tmp_path / "sweep").mkdir()
    journal = Journal(tmp_path / "sweep" / "journal.jsonl")
    for torch in ("2.8", "2.8", "2.9"):
        monkeypatch.setattr(
            writing,
            "describe_environment",
            lambda torch=torch: EnvironmentDescribed(versions={"torch": torch}, platform="Linux"),
        )
        writing.write_session(journal, sweep, slots=2, budget={"search": 4})
    journal.close()
    kinds = [event.kind for event in read_events(journal.path)]
    assert kinds == ["sweep", "environment", "data", "sweep", "sweep", "environment"]
    record = journal.record
    assert list(record.environments) == [1, 3]
    assert (record.slots, record.budget, record.handed_over) == (2, {"search": 4}, ("data",))
    assert record.config["name"] == "small"
    check_owner(tmp_path / "sweep", record.id)
