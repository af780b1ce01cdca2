"""What is shown of a sweep, and the digests of its contents."""

from __future__ import annotations

from pathlib import Path

from mtl_search.tracking.pages.page import SweepPage, digest
from tests.support.recorded_sweeps import Builder


def test_a_digest_follows_from_names_and_contents(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "in").mkdir(parents=True)
        (tmp_path / folder / "in" / "file").write_text("same")
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    (tmp_path / "b" / "in" / "file").rename(tmp_path / "b" / "in" / "other")
    assert digest(tmp_path / "a") != digest(tmp_path / "b")
    assert digest(tmp_path / "a" / "in" / "file") == digest("same")


def test_the_time_of_a_page_is_the_end_of_its_last_trial(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    page = SweepPage(builder.sweep_record, "not tested", "Not tested.", "")
    assert (page.time, page.has_finalists) == (builder.sweep_record.started, False)
    trial = builder.trial("search", 0, 0.8)
    builder.finalist("search", 0, {"left": 0.8}, state="FAIL")
    assert not page.has_finalists
    final = builder.finalist("search", 1, {"left": 0.8})
    assert page.has_finalists
    assert page.time == builder.sweep_record.trials[final].ended
    assert page.time > builder.sweep_record.trials[trial].ended
