"""`mtl-search doctor` on this machine."""

from __future__ import annotations

import json

import pytest

from mtl_search.cli.errors import FAILED, WRONG_INPUT
from mtl_search.jobs.doctor import diagnose, through_job
from mtl_search.jobs.doctor.finding import Finding
from tests.unit.cli.test_fuzzing import run_cli


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the doctor finds."""
    findings = [Finding("disk", "ok", "50 GiB free", node="here")]
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(diagnose, "diagnose", lambda question, progress: findings)
    return findings


def test_status_and_table(config: str, found: list[Finding]) -> None:
    status, output = run_cli("doctor", config)
    assert status == 0
    assert "ok    disk  here: 50 GiB free" in output
    found.append(Finding("token", "warn", "none\n[at all]", "ray get-auth-token --generate"))
    assert run_cli("doctor")[0] == 0
    found.append(Finding("storage", "fail", "read-only", "mount -o remount,rw /x", "10.0.0.2"))
    status, output = run_cli("doctor", config)
    assert status == FAILED
    assert "warn  token    none\n      [at all]\n      cure: ray get-auth" in output
    assert "cure: mount -o remount,rw /x" in output
    assert "1 ok, 1 warn, 1 fail" in output


def test_json(found: list[Finding]) -> None:
    status, output = run_cli("doctor", "--format", "json")
    assert status == 0
    report = json.loads(output[output.index("{") :])
    assert report.keys() == {"version", "address", "status", "checks"}
    assert report["checks"] == [finding.to_json() for finding in found]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "xml"], "not a format"),
        (["seed=1"], "name the YAML file first"),
        (["missing.yaml"], "missing.yaml"),
    ],
)
def test_wrong_input(arguments: list[str], words: str, found: list[Finding]) -> None:
    status, output = run_cli("doctor", *arguments)
    assert status == WRONG_INPUT
    assert words in output
    assert found


def test_the_folder_of_sweeps_of_another_machine_is_not_that_of_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[diagnose.Question] = []

    def examine(question: diagnose.Question, _: object) -> list[Finding]:
        asked.append(question)
        return []

    monkeypatch.setattr(through_job, "diagnose_through_job", examine)
    monkeypatch.setenv("MTL_SEARCH_RUNS", "/home/me/runs")
    address = ["--address", "http://head:8265"]
    assert run_cli("doctor", *address)[0] == 0
    assert run_cli("doctor", *address, "--output", "/shared/runs")[0] == 0
    assert [str(question.output) for question in asked] == ["runs", "/shared/runs"]
    status, output = run_cli("doctor", *address, "--output", "somewhere")
    assert status == WRONG_INPUT
    assert "--output: on a cluster a sweep needs an absolute path" in " ".join(output.split())
