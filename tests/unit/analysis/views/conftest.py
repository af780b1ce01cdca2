from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from tests.support.varied_sweeps import varied


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A finished sweep whose trials differ by a known formula."""
    return varied(tmp_path_factory.mktemp("varied"))


@pytest.fixture(scope="session")
def unjudged(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The same sweep before its finalists."""
    return varied(tmp_path_factory.mktemp("unjudged"), finalists=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a journal is written."""
    return tmp_path
