"""A trial travels as text."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from mtl_search.config import override
from mtl_search.metrics.objective import Objective
from mtl_search.training.trial import TrialSpec
from tests.support import trials


def test_a_trial_travels_as_text(tmp_path: Path) -> None:
    spec = trials.spec(trials.config("convnet", schedule="cosine"), tmp_path, test=True)
    assert TrialSpec.from_json(spec.to_json()) == spec
    assert spec.stop_epochs is None  # any
    never = dataclasses.replace(spec, stop_epochs=())
    assert TrialSpec.from_json(never.to_json()) == never


def test_every_field_travels(tmp_path: Path) -> None:
    settings = override(trials.config(), {"tasks.kind.metrics": ["accuracy", "auroc"]})
    references = {"val/kind/accuracy": 0.5, "val/kind/auroc": 0.6}
    objective = Objective({"kind": ("accuracy", "auroc")}, "delta_m", references)
    spec = TrialSpec(
        "search-0001",
        settings,
        7,
        objective,
        str(tmp_path),
        test=True,
        storage="s3://bucket/a",
        until=4,
        shrunk="smaller",
        pieces=3,
        split=2,
        stop_epochs=(2, 6),
    )
    defaults = {field.name: field.default for field in dataclasses.fields(TrialSpec)}
    values = {name: getattr(spec, name) for name in defaults}
    assert all(values[name] != default for name, default in defaults.items())
    written = json.loads(spec.to_json())
    assert written.pop("written") == []  # what the config takes from the environment
    assert written.keys() == values.keys()
    back = TrialSpec.from_json(spec.to_json())
    assert back == spec
    assert back.objective({"val/kind/accuracy": 0.6, "val/kind/auroc": 0.7}) == objective(
        {"val/kind/accuracy": 0.6, "val/kind/auroc": 0.7}
    )
