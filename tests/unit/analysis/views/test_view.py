from __future__ import annotations

from mtl_search.analysis.views.view import Column, View

VIEW = View(
    "pairs",
    "Pairs",
    "Two rows.",
    [Column("arm", "arm"), Column("gain", "gain", "points")],
    [{"arm": 'a "quoted", one', "gain": 0.1 + 0.2}, {"arm": "b", "gain": None, "hidden": 1}],
)


def test_csv_has_all_digits_and_only_the_columns() -> None:
    assert VIEW.csv().splitlines() == [
        "arm,gain",
        '"a ""quoted"", one",0.30000000000000004',
        "b,",
    ]


def test_a_frame_has_the_names_of_the_columns() -> None:
    frame = VIEW.frame()
    assert list(frame.columns) == ["arm", "gain"]
    assert frame["gain"].isna().tolist() == [False, True]
