"""What a trial says of itself."""

from __future__ import annotations

from typing import get_args

import pytest

from mtl_search.storage.journal import read_record
from mtl_search.storage.trial_info import MEMBER, OFFERED, Role, State, TrialInfo
from tests.support.repository import REPOSITORY

EARLIER = sorted((REPOSITORY / "tests" / "fixtures" / "sweeps").glob("v0_1_*/journal.jsonl"))


@pytest.mark.parametrize("journal", EARLIER, ids=[path.parent.name for path in EARLIER])
def test_what_trials_have_said_has_its_place(journal: object) -> None:
    record = read_record(journal)  # type: ignore[arg-type]
    said = {key for trial in record for key in trial.info}
    assert said
    assert said <= TrialInfo.__annotations__.keys()
    assert {trial.role for trial in record} <= set(get_args(Role))
    assert {trial.state for trial in record} <= set(get_args(State))


def test_named_roles_are_roles() -> None:
    assert {MEMBER, OFFERED} <= set(get_args(Role))
