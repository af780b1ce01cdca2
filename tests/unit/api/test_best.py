from __future__ import annotations

from mtl_search.api.best import Best


def test_a_notebook_shows_the_settings_and_no_metrics() -> None:
    best = Best(
        trial="search-0003",
        arm="search",
        objective=0.5,
        metrics={"val/left/accuracy": 0.123456},
        overrides={"training.optimizer.lr": 0.01},
        weights={"left": 1.5, "<b>": 0.5},
        depth=2,
        lr=0.01,
        parameters=1234,
    )
    page = best._repr_html_()
    assert "search-0003" in page
    assert "0.123456" not in page
    assert "&lt;b&gt;" in page
