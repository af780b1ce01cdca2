"""The doctor that goes as a Ray job: errors of the Jobs API, and the report in a job's log."""

from __future__ import annotations

import json

from ray.exceptions import AuthenticationError
from ray.job_submission import JobStatus

from mtl_search.cli.jobs.diagnosis import to_json
from mtl_search.jobs.doctor import through_job
from mtl_search.jobs.doctor.diagnose import Question
from mtl_search.jobs.doctor.finding import Finding

FOUND = [Finding("disk", "warn", "1 MiB free", "du", "10.0.0.2"), Finding("gpu", "ok", "none")]
URL = "http://127.0.0.1:1"


def test_the_report_is_found_among_other_lines() -> None:
    report = json.dumps(to_json(FOUND, "auto"), indent=1)
    log = f"Running entrypoint\nlooking at this machine ...\n{report}\nlater line\n"
    assert through_job._read(JobStatus.SUCCEEDED, log, "job", URL) == FOUND


def test_a_head_without_mtl_search_is_told() -> None:
    log = "/bin/sh: 1: mtl-search: not found"
    [finding] = through_job._read(JobStatus.FAILED, log, "job", URL)
    assert finding.value == "mtl-search is not installed on the head"


def test_a_job_without_a_report_names_its_log() -> None:
    [finding] = through_job._read(JobStatus.PENDING, "", "raysubmit_1", URL)
    assert "is PENDING and has no report" in finding.value
    assert finding.cure == f"ray job logs --address {URL} raysubmit_1"


def test_each_refusal_has_a_cure() -> None:
    errors = (AuthenticationError("x"), ConnectionError("x"), RuntimeError("500\ntraceback"))
    findings = [through_job._refused(error, URL) for error in errors]
    assert all(f.status == "fail" and f.cure and "\n" not in f.value for f in findings)


def test_nobody_there() -> None:
    findings = through_job.diagnose_through_job(Question(address=URL))
    assert findings[0].value == f"no Ray dashboard answers at {URL}"
    assert {finding.check for finding in findings} == {"connection", "versions", "token"}
