"""Which placement groups are a worker group's."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.search.orphans import _mark


def _table(*bundles: dict[str, float], name: str = "", state: str = "CREATED") -> dict[str, Any]:
    return {"name": name, "state": state, "bundles": dict(enumerate(bundles))}


@pytest.mark.parametrize(
    ("table", "mark"),
    [
        (_table({"CPU": 1, "memory": 17}, {"CPU": 1, "memory": 17}), 17),
        (_table({"CPU": 2, "GPU": 1, "memory": 17.0}), 17),
        (_table({"memory": 1}), 0),  # Tune's, of a slot
        (_table({"CPU": 1}), 0),  # Tune's, of a slot that trains itself
        (_table({"CPU": 1, "memory": 2**30}), 0),  # someone's who wants the memory
        (_table({"CPU": 1, "memory": 17}, {"CPU": 1}), 0),
        (_table({"CPU": 1, "memory": 17}, name="mine"), 0),
        (_table({"CPU": 1, "memory": 17}, state="REMOVED"), 0),
    ],
)
def test_the_mark_of_a_group(table: dict[str, Any], mark: int) -> None:
    assert _mark(table) == mark
