"""The objects that the parts of a session share."""

from __future__ import annotations

from typing import Any

from tests.support import small_sweeps as small
from tests.support.fake_tune import Session


def test_every_arm_has_its_own_space_in_the_order_of_the_arms(session: Session) -> None:
    context = session().context
    assert list(context.arms) == list(context.spaces)
    assert list(context.arms) == [
        "single/kind",
        "single/size",
        "equal",
        "search",
        "twin/separate",
        "twin/weights",
        "without/flag",
    ]
    assert "model.sharing.depth" in context.spaces["equal"].entries
    assert "model.sharing.depth" not in context.spaces["single/kind"].entries
    assert context.record is context.journal.record


def test_a_function_of_the_users_is_the_space_of_every_arm_but_a_warm_up(session: Session) -> None:
    def space(trial: Any) -> dict[str, Any]:
        return {"training.batch_size": 4}

    config = small.config({"search.space": {}, "search.initial_points": ["uw"]})
    context = session(config, space=space).context
    assert context.spaces["search"](None) == {"training.batch_size": 4}
    assert context.spaces["warmup/uw"](None) is None


def test_twins_are_made_of_the_arm_that_found_the_best_shared_network(session: Session) -> None:
    fake = session(slots=1)
    fake.run()
    for arm in ("twin/separate", "twin/weights", "without/flag"):
        for origin in ("equal", "search"):
            assert fake.context.arm_of(f"final/{arm}", f"{origin}-0000").origin == origin
    assert fake.context.arm_of("final/equal", "equal-0000") == fake.context.arms["equal"]
