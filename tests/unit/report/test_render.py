"""The report on a terminal, at every width and in every state of a sweep."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from mtl_search import Result
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.judge import judge
from mtl_search.analysis.leaderboard import leaderboard
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.summary import pareto_front, rung_correlations
from mtl_search.config import to_yaml
from mtl_search.report import to_json
from tests.support.recorded_sweeps import TASKS, Builder, config, whole
from tests.support.reports import report_text

TWELVE = tuple(f"task{number}" for number in range(12))
METRICS = dict.fromkeys(TASKS, ("accuracy",))


def empty(builder: Builder) -> None:
    pass


def nothing_finished(builder: Builder) -> None:
    builder.begin("single/left", 0)


def unfinished(builder: Builder) -> None:
    builder.trial("single/left", 0, 0.8)
    builder.epoch(builder.begin("single/right", 0), 1, 0.5, {"right": 0.5})


def all_failed(builder: Builder) -> None:
    for number in range(5):
        builder.end(
            builder.begin("single/left", number), "FAIL", "loss of [left] is nan\nat step 3"
        )


def no_single(builder: Builder) -> None:
    for number in range(3):
        builder.trial("search", number, 0.8 + 0.01 * number)
        builder.trial("equal", number, 0.8 + 0.02 * number)


def complete(builder: Builder) -> None:
    whole(builder)


def by_skill(builder: Builder) -> None:
    """With twins, and tasks whose networks are worse than a constant prediction."""
    whole(builder.scales(0.95), twins=True)


@pytest.mark.parametrize(
    "make", [empty, nothing_finished, unfinished, all_failed, no_single, complete, by_skill]
)
@pytest.mark.parametrize("tasks", [TASKS, TWELVE], ids=["3 tasks", "12 tasks"])
@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_every_state_fits_every_width(
    make: Callable[[Builder], None], tasks: tuple[str, ...], width: int, tmp_path: Path
) -> None:
    if make in (unfinished, nothing_finished, all_failed) and tasks is TWELVE:
        tasks = ("left", "right", *TWELVE)
    builder = Builder(tmp_path / "journal.jsonl", tasks).sweep()
    make(builder)
    settings = config(tasks=tasks)
    printed = report_text(builder.sweep_record, settings, width)
    commands = ("mtl-search", "Next:")
    lines = [line for line in printed.splitlines() if not line.strip().startswith(commands)]
    assert max(cell_len(line) for line in lines) <= width
    assert "nan" not in printed.lower().replace("is nan", "")
    assert (
        json.loads(
            json.dumps(to_json(Evidence.of(builder.sweep_record, settings)), allow_nan=False)
        )["format"]
        == 2
    )
    assert len(leaderboard(builder.sweep_record, settings)) == len(builder.sweep_record.trials)


def test_unfinished_sweeps_say_so(builder: Builder) -> None:
    assert "no finished trial yet (0 begun)" in report_text(builder.sweep_record, config())
    all_failed(builder)
    printed = report_text(builder.sweep_record, config())
    assert "no finished trial yet (5 begun)" in printed
    assert (
        "5 trial(s) failed; single-left-0000: loss of [left] is nan at step 3" in printed
    )  # not taken as markup
    assert "--resume" in printed


def test_warnings_stand_below_the_verdict_and_say_what_to_do(builder: Builder) -> None:
    for seed, left in enumerate((0.90, 0.91, 0.92)):
        builder.finalist("single/left", seed, {"left": left}, val=0.9)
        builder.finalist("single/right", seed, {"right": 0.94}, val=0.99)
    builder.scales({"left": 0.95, "right": 0.5, "same": 0.5})
    printed = report_text(builder.sweep_record, config(), 80)
    after = " ".join(printed.split("─ Verdict ─")[1].split())
    assert "Warning, constant prediction: task left: its own network has skill" in after
    assert "Warning, seeds: the seeds of single/left have a standard deviation" in after
    assert "train longer (training.epochs)" in after
    assert after.index("Warning") < after.index("Could not be checked: ") < after.index("Next:")


def test_the_page_is_offered_at_the_end(builder: Builder) -> None:
    after = report_text(builder.sweep_record, config(), 80).split("Next:")[1]
    assert f"mtl-search report runs/{config().name} --html report.html" in after


def test_words_say_which_measure_they_use(builder: Builder) -> None:
    whole(builder.scales(), seeds=5)
    by_points = report_text(builder.sweep_record, config(), 200)
    assert "gain over single" in by_points
    assert "(points)" in by_points
    assert "skill +" in by_points.split("─ Verdict ─")[1]
    settings = config(**{"search.objective": "delta_m"})
    in_percent = report_text(builder.sweep_record, settings, 200)
    assert "(points)" not in in_percent
    assert "Δm +" in in_percent.split("─ Verdict ─")[1]


def test_nothing_is_claimed_of_a_population(builder: Builder, tmp_path: Path) -> None:
    """Members have the best numbers of all here; what counts are the trials with fixed values."""
    for arm in ("single/left", "single/right", "single/same", "search"):
        for number, (role, value) in enumerate(
            [("member", 0.9), ("member", 0.8), ("last", 0.4), ("mean", 0.5)]
        ):
            builder.trial(arm, number, value, role=role)
    settings = config()
    (tmp_path / "config.yaml").write_text(to_yaml(settings))
    result = Result(tmp_path)
    assert (result.best.trial, result.best.objective) == ("search-0003", 0.5)
    table = result.trials[result.trials["arm"] == "search"]
    assert list(table["role"]) == ["mean", "last", "member", "member"]
    assert list(table["trial"]) == ["search-0003", "search-0002", "search-0000", "search-0001"]
    reference = validation_reference(result.record, METRICS)
    assert reference == dict.fromkeys((f"val/{task}/accuracy" for task in TASKS), 0.5)
    assert table["delta_m"].iloc[0] == 0
    front = pareto_front(result.record, METRICS, reference)
    assert front is not None
    assert front.points == 2
    assert "member" in report_text(result.record, settings, 200)


def test_a_trial_that_only_found_weights_has_its_rows_and_no_say(builder: Builder) -> None:
    builder.trial("warmup/uw", 0, 0.99)
    without = judge(whole(builder).sweep_record, config())
    table = leaderboard(builder.sweep_record, config())
    assert list(dict.fromkeys(table["arm"]))[:5] == [
        *(f"single/{task}" for task in TASKS),
        "warmup/uw",
        "equal",
    ]
    shown = report_text(builder.sweep_record, config())
    assert "warmup-uw-0000" in shown.split("Finalists")[0]
    assert "warmup/uw" in shown.split("What each arm took")[1]
    assert not any("seed" in arm for arm in without.winners)
    assert pareto_front(builder.sweep_record, METRICS, {}).points == 8  # type: ignore[union-attr]


def test_rung_correlation_is_spearmans(builder: Builder) -> None:
    for number, (early, end) in enumerate([(0.1, 0.5), (0.2, 0.7), (0.3, 0.6), (0.4, 0.9)]):
        trial = builder.begin("search", number)
        builder.epoch(trial, 1, early, dict.fromkeys(TASKS, early))
        builder.epoch(trial, 2, end, dict.fromkeys(TASKS, end))
        builder.end(trial)
    assert rung_correlations(builder.sweep_record, METRICS) == []  # nothing was stopped
    builder.trial("search", 9, 0.1, epochs=1, state="PRUNED")
    (rung,) = rung_correlations(builder.sweep_record, METRICS)
    assert (rung.epoch, rung.trials) == (1, 4)
    assert rung.spearman == pytest.approx(1 - 6 * 2 / (4 * 15))  # one pair swapped: Σd² = 2
    assert "Rank correlation of epoch 1 with the end, arm search: +0.80" in report_text(
        builder.sweep_record, config()
    )
