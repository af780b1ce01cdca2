from __future__ import annotations

from pathlib import Path

from mtl_search.tracking.models.page import ModelPage


def test_nothing_is_loaded_until_it_is_asked_for() -> None:
    loaded: list[str] = []

    def save(folder: Path, **about: str) -> None:
        loaded.append("saved")

    def load() -> object:
        loaded.append("loaded")
        return save

    page = ModelPage(("search-0001",), "ab", load)  # type: ignore[arg-type]
    assert not loaded
    page.load()(Path("x"), model_id="m")
    assert loaded == ["loaded", "saved"]
