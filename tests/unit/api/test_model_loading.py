"""Models of a sweep are loaded by what they are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_search import Result
from mtl_search.errors import ConfigError, SweepError
from tests.support.kept_sweeps import kept_sweep
from tests.support.raw_rows import digits


def test_one_interface_for_all(tmp_path: Path) -> None:
    result = Result(kept_sweep(tmp_path), trust_code=True)
    rows = digits(tmp_path).raw
    recommended = result.load_model()
    assert recommended.tasks == ("left", "right", "same")
    assert recommended.info["arms"] == ["search"]
    assert recommended.members[0].arm == "final/search"
    separate = result.load_model(arm="single")
    assert (separate.tasks, len(separate.members)) == (("left", "right"), 2)
    alone = result.load_model(task="left")
    np.testing.assert_allclose(
        alone.predict(rows)["left:3"], separate.predict(rows)["left:3"], rtol=1e-6
    )
    together = result.load_model(ensemble=True)
    assert together.is_ensemble
    assert "left:spread" in together.predict(rows)
    by_trial = result.load_model(recommended.members[0].trial)
    assert by_trial.members[0].trial == recommended.members[0].trial


def test_networks_read_what_their_sweep_keeps_for_raw_rows(tmp_path: Path) -> None:
    sweep = kept_sweep(tmp_path)
    for kept in (None, sweep / "preparation"):
        if kept is not None:
            kept.mkdir()
        model = Result(sweep, trust_code=True).load_model(arm="single")
        assert [member.predictor.data_spec.files for member in model.members] == [kept, kept]


def test_what_is_asked_for_in_vain(tmp_path: Path) -> None:
    result = Result(kept_sweep(tmp_path), trust_code=True)
    with pytest.raises(ConfigError, match="trial and arm name two models"):
        result.load_model("search-0000", arm="equal")
    with pytest.raises(ConfigError, match="did you mean 'left'"):
        result.load_model(task="lef")
    with pytest.raises(ConfigError, match=r"no arm of this name"):
        result.load_model(arm="single/same")
    with pytest.raises(SweepError, match=r"\n  kept: equal-0000"):
        result.load_model("nothing")
