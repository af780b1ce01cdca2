"""What MLflow has of a run tells what it lacks."""

from __future__ import annotations

from types import SimpleNamespace

from mtl_search.tracking.mapping import MetricPoint
from mtl_search.tracking.run_state import RunState


def test_only_what_differs_is_new() -> None:
    data = SimpleNamespace(tags={"a": "1"}, params={"p": "1"}, metrics={"m": 1.0})
    info = SimpleNamespace(run_id="r", status="FINISHED")
    state = RunState.of(SimpleNamespace(data=data, info=info))
    assert state.new_tags({"a": "1", "b": "2"}) == {"b": "2"}
    assert state.new_tags({"a": "2"}) == {"a": "2"}
    assert state.new_params({"p": "2", "q": "1"}) == {"q": "1"}  # MLflow changes no param
    same, other = MetricPoint("m", 1.0, 5, 0), MetricPoint("m", 2.0, 5, 0)
    assert state.new_points([same, other]) == [other]
