"""Why a sweep ended early, in words."""

from __future__ import annotations

from mtl_search.analysis.formats.stops import stop_text
from mtl_search.storage.events import SearchStopped


def test_the_reason_and_what_was_left_out_are_told() -> None:
    search = stop_text(SearchStopped(scope="search", reason="enough"))
    assert search == "The search stopped early: enough."
    fewer = stop_text(SearchStopped(scope="search", reason="enough", top=2, seeds=3))
    assert "Finalists: 2 configurations of each arm on 3 seeds." in fewer
    whole = stop_text(SearchStopped(scope="sweep", reason="enough"))
    assert "before all its trials had begun: enough." in whole
    assert "--resume" in whole
