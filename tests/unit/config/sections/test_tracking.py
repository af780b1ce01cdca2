"""What is recorded of a sweep, and what is not unless it is asked for."""

from __future__ import annotations

import pytest

from mtl_search.config.sections.tracking import TrackingConfig


def test_a_sweep_is_recorded_with_its_model_and_registers_nothing() -> None:
    settings = TrackingConfig()
    assert settings.enabled
    assert settings.model
    assert settings.uri is None
    assert settings.registered_model_name is None
    assert not settings.system_metrics


def test_a_registered_model_has_a_name() -> None:
    with pytest.raises(ValueError, match="registered_model_name"):
        TrackingConfig(registered_model_name="")
