from __future__ import annotations

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.depth_weights import depth_weights
from mtl_search.analysis.views.parts.trials import shared_rows, worth_of


def test_cells_hold_the_trials_of_their_depth_and_ratio(evidence: Evidence) -> None:
    """Best, mean and count by brute force over the trials."""
    view = depth_weights(evidence)
    assert view is not None
    assert view.about["tasks"] == ["right"]
    trials = shared_rows(evidence, worth_of(evidence))
    counted = 0
    for cell in view.rows:
        is_last = cell["high"] == max(row["high"] for row in view.rows)
        values = []
        for row in trials:
            ratio = row["weight/right"] / row["weight/left"]
            inside = cell["low"] <= ratio < cell["high"] or (is_last and ratio >= cell["high"])
            if str(row["depth"]) == cell["depth"] and inside:
                values.append(row["skill"])
        assert (cell["trials"], cell["best"]) == (len(values), max(values))
        counted += len(values)
    assert counted == len(trials)


def test_the_summary_names_the_best_cell(evidence: Evidence) -> None:
    view = depth_weights(evidence)
    assert view is not None
    assert view.summary.startswith("The best skill, 0.6800, is at depth 2 with 2.52 to 4.00 times")
