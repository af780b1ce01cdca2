"""Examine a cluster from a machine that is none of its nodes, by a Ray job."""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from ray.exceptions import AuthenticationError
from ray.job_submission import JobStatus, JobSubmissionClient

from mtl_search.errors import first_line
from mtl_search.jobs.doctor import facts
from mtl_search.jobs.doctor.connection import CONNECTION
from mtl_search.jobs.doctor.diagnose import Question
from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.finding import Finding
from mtl_search.jobs.doctor.survey import Progress
from mtl_search.jobs.doctor.token import check_token
from mtl_search.jobs.doctor.versions import check_versions

_CONFIG = "config.yaml"
_POLL_S = 1.0
_START_S = 120.0


def diagnose_through_job(
    question: Question, progress: Progress = lambda line: None
) -> list[Finding]:
    """Submit `mtl-search doctor --address auto` to a cluster, and return what it found there.

    Args:
        question: What to examine; its address is that of the dashboard.
        progress: Called with a line while the job runs.
    """
    address = question.address or ""
    here = facts.measure({"folder_mark": "", "storage": "", "storage_mark": "", "paths": {}})
    seen = Examination(here=here, output=question.output, address=address)
    found = [*check_versions(seen), *check_token(seen)]
    began = time.monotonic()
    progress(f"connecting to {address}")
    try:
        client = JobSubmissionClient(address)
        job = _submit(client, question)
        text = f"the dashboard at {address} took job {job} in {time.monotonic() - began:.1f} s"
        found.insert(0, Finding(CONNECTION, "ok", text))
        status = _wait(client, job, question.timeout + _START_S, progress)
        log = client.get_job_logs(job)
    except (AuthenticationError, ConnectionError, RuntimeError, ValueError) as error:
        return [_refused(error, address), *found]
    return [*found, *_read(status, log, job, address)]


def _submit(client: JobSubmissionClient, question: Question) -> str:
    words = ["mtl-search", "doctor"]
    with tempfile.TemporaryDirectory() as folder:
        if question.config is not None:
            tree = question.config.model_dump(mode="json", exclude_defaults=True)
            Path(folder, _CONFIG).write_text(yaml.safe_dump(tree), encoding="utf-8")
            words.append(_CONFIG)
        words += ["--address", "auto", "--format", "json", "--timeout", f"{question.timeout:g}"]
        # A sweep that is submitted without --output goes there, too.
        output = '"${MTL_SEARCH_RUNS:-$HOME/runs}"'
        if question.output.is_absolute():
            output = shlex.quote(str(question.output))
        return str(
            client.submit_job(
                entrypoint=f"{shlex.join(words)} --output {output}",
                runtime_env={
                    "working_dir": folder,
                    "env_vars": {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"},
                },
                metadata={"name": "mtl-search doctor"},
            )
        )


def _wait(client: JobSubmissionClient, job: str, timeout: float, progress: Progress) -> JobStatus:
    end = time.monotonic() + timeout
    while True:
        status = client.get_job_status(job)
        if status.is_terminal() or time.monotonic() > end:
            return status
        progress(f"job {job} is {status.value.lower()}")
        time.sleep(_POLL_S)


def _read(status: JobStatus, log: str, job: str, address: str) -> list[Finding]:
    """Return the findings in the log of the job, which ends with the JSON report."""
    start = log.find('{\n "version"')
    try:
        report: Any = json.JSONDecoder().raw_decode(log[start:])[0] if start >= 0 else {}
        return [Finding(**check) for check in report["checks"]]
    except (ValueError, KeyError, TypeError):
        last = (log.strip().splitlines() or ["it wrote nothing"])[-1][:200]
        text = f"the doctor's job {job} is {status.value} and has no report: {last}"
        cure = f"ray job logs --address {address} {job}"
        if "not found" in last:
            text, cure = (
                "mtl-search is not installed on the head",
                "ssh HEAD pip install mtl-search",
            )
        return [Finding(CONNECTION, "fail", text, cure)]


def _refused(error: Exception, address: str) -> Finding:
    """Say why the Jobs API did not take the job."""
    reason = first_line(error)[:300]
    if isinstance(error, AuthenticationError):
        cure = 'export RAY_AUTH_MODE=token RAY_AUTH_TOKEN="$(ssh HEAD ray get-auth-token)"'
        text = f"the cluster at {address} refuses this machine's token"
        return Finding(CONNECTION, "fail", text, cure)
    if isinstance(error, ConnectionError):
        text = f"no Ray dashboard answers at {address}"
        return Finding(
            CONNECTION, "fail", text, "ssh HEAD ray start --head --dashboard-host=0.0.0.0"
        )
    return Finding(CONNECTION, "fail", f"{address}: {reason}", f"ray job list --address {address}")
