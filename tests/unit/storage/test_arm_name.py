"""Names of arms: texts that know what they stand for."""

from __future__ import annotations

import json
import pickle

import pytest

from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName

KINDS = ("is_single", "is_warmup", "is_ablation", "is_shared")


@pytest.mark.parametrize(
    ("name", "kind", "task", "weighting"),
    [
        (ArmName.single("left"), "is_single", "left", None),
        (ArmName.single("a/b"), "is_single", "a/b", None),
        (ArmName.warmup("uw"), "is_warmup", None, "uw"),
        (ArmName.ablation("same"), "is_ablation", "same", None),
        (EQUAL, "is_shared", None, None),
        (SEARCH, "is_shared", None, None),
    ],
)
def test_an_arm_and_its_finalists_are_of_one_kind(
    name: ArmName, kind: str, task: str | None, weighting: str | None
) -> None:
    for arm in (name, name.final, name.on_splits):
        assert [getattr(arm, k) for k in KINDS] == [k == kind for k in KINDS]
        assert (arm.task, arm.weighting) == (task, weighting)
        assert arm.base == name
    assert (name.is_final, name.final.is_final) == (False, True)
    assert name.final == f"final/{name}" == name.final.final == name.on_splits.final
    assert name.on_splits == f"split/{name}" == name.on_splits.on_splits == name.final.on_splits
    assert [n.is_split for n in (name, name.final, name.on_splits)] == [False, False, True]
    assert [n.is_repeat for n in (name, name.final, name.on_splits)] == [False, True, True]


def test_a_name_is_its_text() -> None:
    name = ArmName.single("left")
    assert name == "single/left"
    numbers: dict[str, int] = {name: 1}
    assert numbers["single/left"] == {"single/left": 1}[name] == 1
    assert json.dumps({name: name}) == '{"single/left": "single/left"}'
    assert type(str(name)) is str


def test_a_name_survives_a_change_of_process() -> None:
    again = pickle.loads(pickle.dumps(ArmName("final/equal")))
    assert (again, type(again)) == ("final/equal", ArmName)


def test_an_unknown_name_is_of_no_kind() -> None:
    assert not any(getattr(ArmName("singles"), kind) for kind in KINDS)
