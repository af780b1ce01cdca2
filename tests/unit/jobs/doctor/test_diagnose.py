"""This machine is examined without Ray being started."""

from __future__ import annotations

from pathlib import Path

import pytest
import ray

from mtl_search.cluster import connection
from mtl_search.jobs.doctor.diagnose import CHECKS, Question, diagnose
from tests.support.examinations import config


def test_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "init", lambda *args, **kwargs: pytest.fail("Ray was started"))
    storage = tmp_path / "storage"
    parsed = config(**{"resources.storage": str(storage)})
    lines: list[str] = []
    findings = diagnose(Question(config=parsed, output=tmp_path / "runs"), lines.append)
    assert {finding.check for finding in findings} == {
        "versions", "resources", "storage", "mlflow", "token", "gpu", "shared memory", "disk"
    }  # fmt: skip
    storages = [finding for finding in findings if finding.check == "storage"]
    assert [finding.status for finding in storages] == ["ok", "ok"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert lines == ["looking at this machine", "reading from MLflow, and judging"]


def test_a_storage_that_is_not_there_fails(tmp_path: Path) -> None:
    parsed = config(**{"resources.storage": "/proc/nothing"})
    findings = diagnose(Question(config=parsed, output=tmp_path))
    failed = [finding for finding in findings if finding.status == "fail"]
    assert [finding.check for finding in failed] == ["storage"]


def test_a_cluster_that_is_not_there_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(connection, "_PROBE_TIMEOUT_S", 0.2)
    findings = diagnose(Question(output=tmp_path, address="127.0.0.1:1"))
    assert (findings[0].check, findings[0].status) == ("connection", "fail")
    assert "no Ray cluster answers at 127.0.0.1:1" in findings[0].value
    assert findings[0].cure == "ray start --head --port=1"


def test_every_check_is_in_the_table_once() -> None:
    modules = {check.__module__.rpartition(".")[2] for check in CHECKS}
    assert len(modules) == len(CHECKS) == 10
