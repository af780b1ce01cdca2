"""Events of one trial, as they are made and written."""

from __future__ import annotations

from mtl_search.storage.trial_events import TrialEvent, TrialStarted


def test_a_split_of_zero_is_not_written() -> None:
    def line(split: int) -> dict[str, object]:
        return TrialStarted(
            id="a", arm="search", number=0, params={}, distributions={}, overrides={}, seed=1,
            split=split,
        ).to_json()  # fmt: skip

    assert "split" not in line(0)
    assert line(2)["split"] == 2


def test_every_event_of_a_trial_names_it() -> None:
    kinds = [event.kind for event in TrialEvent.__subclasses__()]
    assert kinds == ["trial", "info", "epoch", "judged", "perturb", "end"]
