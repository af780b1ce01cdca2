from __future__ import annotations

from collections.abc import Mapping

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views import View, all_views
from tests.support.large_sweeps import large_evidence
from tests.support.varied_sweeps import varied


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A finished sweep whose trials differ by a known formula."""
    return varied(tmp_path_factory.mktemp("varied"))


@pytest.fixture(scope="session")
def views(evidence: Evidence) -> Mapping[str, View]:
    """Its views by name."""
    return {view.name: view for view in all_views(evidence)}


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, View]:
    """The views of a sweep with 40 tasks."""
    return {view.name: view for view in all_views(large_evidence(tasks=40, trials=60, epochs=20))}
