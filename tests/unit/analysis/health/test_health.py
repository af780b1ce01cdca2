"""All health checks together."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health import CHECKS, health_checks
from mtl_search.config import load_config
from mtl_search.storage.journal import read_record
from tests.support.recorded_sweeps import Builder, config, whole
from tests.support.repository import REPOSITORY

SWEEPS = REPOSITORY / "tests" / "fixtures" / "sweeps"


def test_every_check_answers_under_its_own_name(builder: Builder) -> None:
    record = whole(builder, twins=True).sweep_record
    checks = health_checks(Evidence.of(record, config()))
    assert len({check.name for check in checks}) == len(checks) == len(CHECKS)
    assert all(check.text for check in checks)
    assert {check.name for check in checks if check.ok} >= {"constant prediction", "seeds"}


def test_a_sweep_that_has_not_begun_is_not_judged(tmp_path: Path) -> None:
    record = Builder(tmp_path / "new.jsonl").sweep().sweep_record
    checks = health_checks(Evidence.of(record, config()))
    assert {check.ok for check in checks} == {None}


def test_every_check_is_explained_in_the_documentation(builder: Builder) -> None:
    page = (REPOSITORY / "docs" / "concepts.md").read_text()
    rows = page.split("## Health checks")[1].partition("\n## ")[0].splitlines()
    explained = [row.split("|")[1].strip() for row in rows if row.startswith("|")][2:]
    record = builder.sweep_record
    checks = health_checks(Evidence.of(record, config()))
    assert explained == [check.name for check in checks]


@pytest.mark.parametrize("name", ["v0_1_finished", "v0_1_interrupted", "v0_1_population"])
def test_sweeps_of_earlier_versions_are_checked(name: str) -> None:
    settings = load_config(SWEEPS / name / "config.yaml")
    record = read_record(SWEEPS / name / "journal.jsonl")
    checks = health_checks(Evidence.of(record, settings))
    assert len(checks) == len(CHECKS)
    assert all("nan" not in check.text.split() for check in checks)
