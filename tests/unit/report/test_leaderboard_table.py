"""The table of the best trials of each arm."""

from __future__ import annotations

from mtl_search.analysis.leaderboard import leaderboard
from tests.support.recorded_sweeps import TASKS, Builder, config, whole
from tests.support.reports import report_text


def test_a_leaderboard_of_three_tasks_shows_all_at_120_columns(builder: Builder) -> None:
    whole(builder)
    printed = report_text(builder.sweep_record, config(), 120)
    header = " ".join(printed.splitlines()[:5])
    for name in (
        "left",
        "right",
        "same",
        "accuracy",
        "Δm %",
        "depth",
        "weights",
        "lr",
        "params",
        "seconds",
    ):
        assert name in header
    assert "Sharing helps" in printed
    assert "mtl-search ui runs/demo" in printed


def test_columns_that_do_not_fit_stand_below(builder: Builder) -> None:
    whole(builder)
    board = report_text(builder.sweep_record, config(), 80).split("Finalists")[0]
    assert max(map(len, board.splitlines())) <= 80
    for name in (
        "left",
        "right",
        "same",
        "Δm %",
        "depth",
        "weights",
        "state",
        "lr",
        "params",
        "epochs",
        "seconds",
    ):
        assert name in board
    assert board.count("\n trial ") == 2  # both parts name their rows
    assert "hidden" not in board


def test_weights_of_an_adaptive_trial_are_those_that_it_logged(builder: Builder) -> None:
    trial = builder.begin("search", 0, adaptive=True, balancing="uw")
    for epoch, left in enumerate((1.0, 2.0), start=1):
        logged = {"train/weight/left": left, "train/weight/right": 0.5, "train/weight/same": 0.5}
        builder.epoch(trial, epoch, 0.1, dict.fromkeys(TASKS, 0.9), **logged)
    builder.end(trial)
    builder.trial("search", 1, 0.8, adaptive=True, balancing="pcd")  # it logs none
    rows = leaderboard(builder.sweep_record, config()).set_index("trial")
    assert rows.loc["search-0000", "weight/left"] == 1.5
    assert rows.loc["search-0000", "balancing"] == "uw"
    assert rows.loc["search-0001", "weight/left"] == 1.0  # the loss weight
    board = report_text(builder.sweep_record, config())
    assert "1.50:0.50:0.50" in board
    assert "balancing" in board
    assert "pcd" in board


def test_no_column_for_balancing_where_all_is_static(builder: Builder) -> None:
    assert "balancing" not in report_text(whole(builder).sweep_record, config())


def test_the_measure_of_the_objective_is_always_shown(builder: Builder) -> None:
    whole(builder.scales())
    for objective, column in (("skill", "skill"), ("delta_m", "Δm %")):
        settings = config(**{"search.objective": objective})
        board = report_text(builder.sweep_record, settings, 60).split("Finalists")[0]
        assert column in board.split("─")[0]
        assert "objective" not in board
    settings = config(**{"search.objective": "val/left/accuracy"})
    board = report_text(builder.sweep_record, settings, 120).split("Finalists")[0]
    assert "objective" in board.split("─")[0]
    assert "skill" in board.split("─")[0]


def test_an_objective_of_the_users_is_shown_beside_skill(builder: Builder) -> None:
    whole(builder.scales())
    builder.sweep_record.custom_objective = True
    board = report_text(builder.sweep_record, config(), 120).split("Finalists")[0]
    assert "objective" in board
    assert "skill" in board


def test_offered_trials_are_marked(builder: Builder) -> None:
    whole(builder.scales())
    builder.trial("equal", 9, 0.95, role="offered")
    board = report_text(builder.sweep_record, config(), 160).split("Finalists")[0]
    row = next(line.split() for line in board.splitlines() if "equal-0009" in line)
    assert "offered" in row
