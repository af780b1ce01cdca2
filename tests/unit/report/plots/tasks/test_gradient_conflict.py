from __future__ import annotations

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_stages_are_rows_and_epochs_columns_of_one_arm() -> None:
    def row(arm: str, stage: str, epoch: int, pair: str, cosine: float) -> dict[str, object]:
        return {
            "arm": arm, "trial": f"{arm}-0001", "stage": stage, "epoch": epoch, "pair": pair,
            "cosine": cosine,
        }  # fmt: skip

    rows = [
        row("equal", "1", 1, "mean", 0.9),
        row("search", "1", 1, "mean", 0.1),
        row("search", "1", 1, "conflict", 0.25),
        row("search", "1", 2, "mean", -0.2),
        row("search", "all", 2, "a and b", 0.3),
    ]
    view = View("gradient_conflict", "", "", [], rows, about={"arm": "search"})
    heat = FIGURES["gradient_conflict"](view).data[0]
    assert list(heat.y) == ["stage 1", "all"]
    assert [list(line) for line in heat.z] == [[0.1, -0.2], [None, None]]
    assert (heat.zmin, heat.zmax) == (-0.2, 0.2)  # of -1 to 1 all would be grey
    assert "pairs in conflict: 25 %" in heat.customdata[0][0]
    assert list(heat.customdata[1]) == ["", ""]  # nothing was measured there
