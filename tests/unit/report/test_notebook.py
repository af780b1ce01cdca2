"""What a sweep shows of itself in a notebook agrees with its verdict and its leaderboard."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from mtl_search import Result, compare
from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health import Check, Checks
from mtl_search.analysis.verdict import Verdict
from mtl_search.analysis.views.leaderboard import leaderboard
from mtl_search.report.notebook import result_html
from tests.support import recorded_sweeps
from tests.support.recorded_sweeps import Builder
from tests.support.repository import REPOSITORY

SWEEP = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished"


def test_the_numbers_are_those_of_the_leaderboard() -> None:
    result = Result(SWEEP)
    view = leaderboard(Evidence.of(result.record, result.config, SWEEP))
    assert view is not None
    html = result._repr_html_()
    name = f"test_{view.about['measure']}"
    (column,) = [column for column in view.columns if column.name == name]
    for row in view.rows[:5]:
        assert formats.of_kind(column.kind, row[name]) in html
        assert escape(row["arm"]) in html
    assert escape(result.verdict.sentence()) in html
    assert f"{len(result.record.trials)} trials · complete" in html


def test_what_displays_itself_has_a_line_too() -> None:
    result = Result(SWEEP)
    for shown in (result, result.verdict, result.health):
        assert "\n" not in repr(shown)
        assert len(repr(shown)) < 200
    assert repr(result) == f"<Result {SWEEP}: {len(result.record.trials)} trials, complete>"
    assert repr(Verdict()) == "<Verdict: not tested>"
    assert result.verdict.outcome in repr(result.verdict)


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    record = Builder(tmp_path / "journal.jsonl").sweep().journal.record
    evidence = Evidence.of(record, recorded_sweeps.config())
    checks = Checks(
        [Check("<b>", False, "<i>x</i>"), Check("<u>", True, ""), Check("<s>", None, "")]
    )
    html = result_html(evidence, checks, "<script>")
    assert not any(tag in html for tag in ("<script", "<i>", "<u>", "<s>"))
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("folder", ["v0_1_interrupted", "v0_1_population"])
def test_unfinished_sweeps_display_themselves(folder: str) -> None:
    html = Result(SWEEP.parent / folder)._repr_html_()
    assert "Verdict:" in html


def test_a_sweep_without_an_epoch_has_no_table(tmp_path: Path) -> None:
    record = Builder(tmp_path / "journal.jsonl").sweep().journal.record
    evidence = Evidence.of(record, recorded_sweeps.config())
    html = result_html(evidence, Checks(), "demo")
    assert "<table" not in html
    assert "0 trials · not complete" in html


def test_weights_of_many_tasks_do_not_widen_the_table(tmp_path: Path) -> None:
    tasks = tuple(f"t{number}" for number in range(12))
    builder = Builder(tmp_path / "journal.jsonl", tasks).sweep()
    builder.trial("search", 0, 0.9)
    evidence = Evidence.of(builder.journal.record, recorded_sweeps.config("demo", tasks))
    html = result_html(evidence, Checks(), "demo")
    assert "search-0000" in html
    assert "loss weights" not in html


def test_the_best_configuration_shows_its_settings() -> None:
    best = Result(SWEEP).best
    html = best._repr_html_()
    for text in (best.trial, formats.rate(best.lr), formats.count(best.parameters), *best.weights):
        assert text in html


def test_health_says_what_is_well_and_what_is_not() -> None:
    checks = Checks([Check("a", True, ""), Check("b", False, "b is low"), Check("c", None, "")])
    assert repr(checks) == "<Checks: 1 well, 1 warning, 1 unknown>"
    html = checks._repr_html_()
    assert "<b>Warning, b:</b> b is low." in html
    assert "<b>Checked, and well:</b> a." in html
    assert "<b>Could not be checked:</b> c." in html
    assert Checks()._repr_html_() == ""


def test_a_comparison_shows_answer_cautions_and_verdicts() -> None:
    comparison = compare([SWEEP, SWEEP.with_name("v0_1_interrupted")])
    html = comparison._repr_html_()
    assert escape(comparison.sentence()) in html
    assert comparison.cautions
    for caution in comparison.cautions:
        assert escape(caution.seen) in html
    for sweep in comparison.document.sweeps:
        assert escape(sweep.label) in html
    assert "<table>" in html
    assert "<script" not in html
