"""The doctor that goes as a Ray job: errors of the Jobs API, and the report in a job's log."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.exceptions import AuthenticationError
from ray.job_submission import JobStatus

from mtl_search.cli.jobs.diagnosis import to_json
from mtl_search.config import load_config
from mtl_search.errors import ClusterError, ConfigError
from mtl_search.jobs.client import OldRayError, sentences
from mtl_search.jobs.doctor import through_job
from mtl_search.jobs.doctor.diagnose import Question
from mtl_search.jobs.doctor.finding import Finding
from mtl_search.jobs.submission import installed_version
from tests.support.config_trees import tree

FOUND = [Finding("disk", "warn", "1 MiB free", "du", "10.0.0.2"), Finding("gpu", "ok", "none")]
URL = "http://127.0.0.1:1"


def test_the_report_is_found_among_other_lines() -> None:
    report = json.dumps(to_json(FOUND, "auto"), indent=1)
    log = f"Running entrypoint\nlooking at this machine ...\n{report}\nlater line\n"
    assert through_job._read(JobStatus.SUCCEEDED, log, "job", URL) == FOUND


def test_a_head_without_mtl_search_is_told(jobs: _Jobs) -> None:
    """Known by the exit status: the last line of the log may be missing yet."""
    jobs.status, jobs.exit_status = JobStatus.FAILED, 127
    *_, finding = through_job.diagnose_through_job(Question(address=URL))
    assert finding.value.startswith("the head does not find the command mtl-search")
    version = installed_version()
    assert finding.cure == f'ssh HEAD pip install "mtl-search=={version}"'


def test_a_job_without_a_report_names_its_log() -> None:
    [finding] = through_job._read(JobStatus.PENDING, "", "raysubmit_1", URL)
    assert "is PENDING and has no report" in finding.value
    assert finding.cure == f"ray job logs --address {URL} raysubmit_1"


def test_each_refusal_has_a_cure() -> None:
    kinds = (AuthenticationError("x"), ConnectionError("x"), RuntimeError("500\ntraceback"))
    for kind, cure in zip(kinds, ("RAY_AUTH_TOKEN", "ray start", "ray job list"), strict=True):
        with pytest.raises(ClusterError) as raised, sentences(URL):
            raise kind
        finding = through_job._refused(raised.value, URL)
        assert finding.status == "fail"
        assert cure in finding.cure
        assert "\n" not in finding.value


def test_an_old_ray_is_replaced_on_the_head() -> None:
    finding = through_job._refused(OldRayError("the cluster runs Ray 2.55.0"), URL)
    wanted = f'"ray[default,train,tune]=={ray.__version__}"'
    start = "ray stop && ray start --head --dashboard-host=0.0.0.0"
    assert finding.cure == f"ssh HEAD 'pip install {wanted} mtl-search && {start}'"


def test_nobody_there() -> None:
    findings = through_job.diagnose_through_job(Question(address=URL))
    assert findings[0].value.startswith(f"no Ray cluster answers at {URL}")
    assert {finding.check for finding in findings} == {"connection", "versions", "token"}


class _Jobs:
    """What a job server is told; its job never ends, but where a test says so."""

    def __init__(self) -> None:
        self.status = JobStatus.PENDING
        self.exit_status: int | None = None
        self.config = ""
        self.stopped: list[str] = []

    def submit_job(self, *, runtime_env: dict[str, Any], **_: Any) -> str:
        file = Path(runtime_env["working_dir"], "config.yaml")
        self.config = file.read_text() if file.exists() else ""
        return "raysubmit_1"

    def get_job_status(self, job: str) -> JobStatus:
        return self.status

    def get_job_info(self, job: str) -> SimpleNamespace:
        return SimpleNamespace(driver_exit_code=self.exit_status)

    def get_job_logs(self, job: str) -> str:
        return ""

    def stop_job(self, job: str) -> bool:
        self.stopped.append(job)
        return True


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> _Jobs:
    """A job server in the place of a cluster, which the doctor does not wait for."""
    server = _Jobs()
    monkeypatch.setattr(through_job, "connect", lambda address: server)
    monkeypatch.setattr(through_job, "_START_S", -1000.0)
    return server


def test_variables_stay_variables(jobs: _Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")
    config = load_config(tree(), {"tracking.uri": "postgresql://me:${PASSWORD}@h/db"})
    through_job.diagnose_through_job(Question(config=config, address=URL))
    assert "me:${PASSWORD}@h" in jobs.config
    assert "hunter2" not in jobs.config


def test_a_password_is_not_sent(jobs: _Jobs) -> None:
    config = load_config(tree(), {"tracking.uri": "postgresql://me:hunter2@h/db"})
    with pytest.raises(ConfigError, match=r"tracking\.uri: a password here"):
        through_job.diagnose_through_job(Question(config=config, address=URL))
    assert jobs.config == ""


def test_a_job_that_does_not_end_in_time_is_stopped(jobs: _Jobs) -> None:
    *_, finding = through_job.diagnose_through_job(Question(address=URL))
    assert "is PENDING and has no report" in finding.value
    assert jobs.stopped == ["raysubmit_1"]


def test_a_token_in_the_address_is_not_shown() -> None:
    lines: list[str] = []
    address = "http://ghp_0123456789@127.0.0.1:1"
    findings = through_job.diagnose_through_job(Question(address=address), lines.append)
    assert "ghp_0123456789" not in f"{findings}{lines}{to_json(findings, address)}"
