"""What `make lint` says of the answers of pip-audit."""

from __future__ import annotations

from typing import Any

import pytest

from tests import audit


def _package(name: str, *vulnerabilities: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": list(vulnerabilities)}


def test_findings_fail_unless_they_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    bad: dict[str, Any] = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}
    worse: dict[str, Any] = {"id": "PYSEC-2", "aliases": [], "fix_versions": []}
    packages = [_package("good"), _package("bad", bad, worse), {"name": "x", "skip_reason": "?"}]
    assert audit.new_findings(packages) == [
        "audit: bad 1.0: PYSEC-1, fixed in 1.1",
        "audit: bad 1.0: PYSEC-2, fixed in no version",
    ]
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-1": "not called here", "PYSEC-2": "nor this"})
    assert audit.new_findings(packages) == []


@pytest.mark.parametrize("reachable", [False, True])
def test_without_the_database_nothing_fails(
    reachable: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = _package("bad", {"id": "PYSEC-1", "fix_versions": []})
    answer = [bad] if reachable else [{"name": "bad", "skip_reason": "no connection"}]
    monkeypatch.setattr(audit, "_audit", lambda only, constraints: answer)
    assert audit.main() == (1 if reachable else 0)
    shown = capsys.readouterr().out
    assert ("PYSEC-1" if reachable else "skipped, the database cannot be reached") in shown
