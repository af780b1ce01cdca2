"""What is asked for of the report, and what is not unless it is."""

from __future__ import annotations

import pytest

from mtl_search.config.sections.report import ReportConfig


def test_nothing_is_measured_unless_it_is_asked_for() -> None:
    settings = ReportConfig()
    assert settings.reference
    assert not settings.gradient_conflict
    assert not settings.task_affinity


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="gradient_conflicts"):
        ReportConfig.model_validate({"gradient_conflicts": True})
