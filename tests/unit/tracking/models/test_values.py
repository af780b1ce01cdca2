from __future__ import annotations

import pytest

from mtl_search import Result
from mtl_search.tracking.models.values import model_values
from mtl_search.tracking.trial_values import Yardstick, final_values

SWEEP = "tests/fixtures/sweeps/v0_1_finished"


def test_one_network_has_what_its_finalist_has_and_several_have_it_together() -> None:
    result = Result(SWEEP)
    record, config = result.record, result.config
    yardstick = Yardstick.of(record, config, result.verdict.final_reference)
    finalists = [trial for trial in record if trial.arm.is_final and trial.test]
    (shared, *_) = [trial for trial in finalists if trial.arm == "final/search"]
    values = model_values([shared], record, config, yardstick)
    alone = final_values(shared, record, config, yardstick)
    assert values == {name: x for name, x in alone.items() if name.startswith("test/")}
    assert "test/delta_m" in values
    singles = {t.arm.task: t for t in finalists if t.arm.base.is_single}
    together = model_values(list(singles.values()), record, config, yardstick)
    for trial in singles.values():
        for name, value in trial.test.items():
            assert together[name] == pytest.approx(value)
    untested = next(trial for trial in record if not trial.test)
    assert model_values([shared, untested], record, config, yardstick) == {}
