"""A model on the command line is a saved one, or that of a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.cli.models.loading import load_named
from mtl_search.errors import ConfigError, SweepError

NONE = {"trial": None, "arm": None}


def test_a_sweep_or_a_saved_model(sweep: Path) -> None:
    recommended = load_named(sweep, NONE)
    recommended.save("saved")
    saved = load_named(Path("saved"), NONE)
    assert saved.members[0].trial == recommended.members[0].trial
    assert saved.info == recommended.info
    assert len(load_named(sweep, {"trial": None, "arm": "single"}).members) == 2
    assert load_named(sweep, NONE, ensemble=True).is_ensemble
    with pytest.raises(ConfigError, match=r"--arm: saved is a saved model"):
        load_named(Path("saved"), {"trial": None, "arm": "single"})
    with pytest.raises(ConfigError, match=r"--ensemble: saved is a saved model"):
        load_named(Path("saved"), NONE, ensemble=True)
    with pytest.raises(SweepError, match=r"nowhere"):
        load_named(Path("nowhere"), NONE)
