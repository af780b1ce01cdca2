"""A stand-in is the same trial for all with its id."""

from __future__ import annotations

from mtl_search.search.schedulers.stand_in import stand_in


def test_stand_ins_of_one_id_are_one_trial() -> None:
    assert stand_in("search-0001") == stand_in("search-0001") != stand_in("search-0002")
    assert len({stand_in("a"), stand_in("a")}) == 1
    assert stand_in("a").trial_id == "a"
