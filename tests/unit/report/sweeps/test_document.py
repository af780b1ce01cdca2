"""The comparison before it has a form."""

from __future__ import annotations

from dataclasses import replace

from mtl_search.analysis.sweeps import SWEEP_VIEWS
from mtl_search.report.sweeps.document import SweepsDocument


def test_it_has_every_view_and_the_cautions(document: SweepsDocument) -> None:
    assert [view.name for view in document.views] == list(SWEEP_VIEWS)
    assert [caution.name for caution in document.cautions] == ["main tasks"]
    assert document.view("nothing") is None


def test_its_title_names_all_sweeps(document: SweepsDocument) -> None:
    assert document.title == "one and two"
    third = replace(document.sweeps[0], label="three")
    assert SweepsDocument([*document.sweeps, third], [], []).title == "one, two and three"
