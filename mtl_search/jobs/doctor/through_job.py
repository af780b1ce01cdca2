"""Examine a cluster from a machine that is none of its nodes, by a Ray job."""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from ray.job_submission import JobStatus, JobSubmissionClient

from mtl_search.config import to_yaml
from mtl_search.config.secrets import masked, usable
from mtl_search.errors import ClusterError, first_line
from mtl_search.jobs import submission
from mtl_search.jobs.client import OldRayError, RefusedError, connect, sentences, with_patience
from mtl_search.jobs.doctor import facts
from mtl_search.jobs.doctor.connection import CONNECTION
from mtl_search.jobs.doctor.diagnose import Question
from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.finding import Finding
from mtl_search.jobs.doctor.survey import Progress
from mtl_search.jobs.doctor.token import check_token
from mtl_search.jobs.doctor.versions import check_versions, ray_requirement

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

    Raises:
        ConfigError: The config has a password, which would lie on the head's disk.
    """
    address = question.address or ""
    if question.config is not None:
        submission.check_config(question.config)
    here = facts.measure({"folder_mark": "", "storage": "", "storage_mark": "", "paths": {}})
    seen = Examination(here=here, output=question.output, address=address)
    found = [*check_versions(seen), *check_token(seen)]
    began = time.monotonic()
    progress(f"connecting to {masked(address)}")
    try:
        client = connect(address)
        job = _submit(client, question, progress)
        seconds = time.monotonic() - began
        text = f"the dashboard at {masked(address)} took job {job} in {seconds:.1f} s"
        found.insert(0, Finding(CONNECTION, "ok", text))
        with sentences(address, job):
            status = _wait(client, job, question.timeout + _START_S, progress)
            log = with_patience(lambda: client.get_job_logs(job), submission.AGENT_PATIENCE_S)
            exit_status = client.get_job_info(job).driver_exit_code
    except ClusterError as error:
        return [_refused(error, address), *found]
    if exit_status == submission.NOT_FOUND:
        return [*found, _missing()]
    return [*found, *_read(status, log, job, address)]


def _submit(client: JobSubmissionClient, question: Question, progress: Progress) -> str:
    words = ["mtl-search", "doctor"]
    with tempfile.TemporaryDirectory() as folder:
        if question.config is not None:
            # `${NAME}` is replaced on the head, as it is for a sweep.
            Path(folder, _CONFIG).write_text(to_yaml(question.config), encoding="utf-8")
            words.append(_CONFIG)
        words += ["--address", "auto", "--format", "json", "--timeout", f"{question.timeout:g}"]
        # A sweep that is submitted without --output goes there, too.
        output = '"${MTL_SEARCH_RUNS:-$HOME/runs}"'
        if question.output.is_absolute():
            output = shlex.quote(str(question.output))
        with sentences(question.address):
            return with_patience(
                lambda: client.submit_job(
                    entrypoint=f"{shlex.join(words)} --output {output}",
                    runtime_env={
                        "working_dir": folder,
                        "env_vars": {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"},
                    },
                    metadata={"name": "mtl-search doctor"},
                ),
                submission.AGENT_PATIENCE_S,
                progress,
            )


def _wait(client: JobSubmissionClient, job: str, timeout: float, progress: Progress) -> JobStatus:
    """Wait for the end of a job; one that does not end, or whose user goes, is stopped."""
    end = time.monotonic() + timeout
    is_over = False
    try:
        while True:
            status = client.get_job_status(job)
            is_over = status.is_terminal()
            if is_over or time.monotonic() > end:
                return status
            progress(f"job {job} is {status.value.lower()}")
            time.sleep(_POLL_S)
    finally:
        if not is_over:
            with suppress(Exception):  # what made the wait end says more
                client.stop_job(job)


def _read(status: JobStatus, log: str, job: str, address: str) -> list[Finding]:
    """Return the findings in the log of the job, which ends with the JSON report."""
    start = log.find('{\n "version"')
    try:
        report: Any = json.JSONDecoder().raw_decode(log[start:])[0] if start >= 0 else {}
        return [Finding(**check) for check in report["checks"]]
    except (ValueError, KeyError, TypeError):
        last = masked((log.strip().splitlines() or ["it wrote nothing"])[-1])[:200]
        text = f"the doctor's job {job} is {status.value} and has no report: {last}"
        cure = f"ray job logs --address {shlex.quote(usable(masked(address)))} {job}"
        return [Finding(CONNECTION, "fail", text, cure)]


def _missing() -> Finding:
    text = (
        "the head does not find the command mtl-search: it is not installed where Ray is, or that "
        "environment was not active when Ray was started"
    )
    return Finding(
        CONNECTION,
        "fail",
        text,
        f'ssh HEAD pip install "mtl-search=={submission.installed_version()}"',
    )


def _refused(error: ClusterError, address: str) -> Finding:
    """Say why the Jobs API did not take the job."""
    reason = first_line(error)[:400]
    where = shlex.quote(usable(masked(address)))
    if isinstance(error, RefusedError) and "token" in reason:
        cure = 'export RAY_AUTH_MODE=token RAY_AUTH_TOKEN="$(ssh HEAD ray get-auth-token)"'
    elif isinstance(error, OldRayError):
        install = f"pip install {ray_requirement(ray.__version__)} mtl-search"
        cure = f"ssh HEAD '{install} && ray stop && ray start --head --dashboard-host=0.0.0.0'"
    elif reason.startswith("no Ray cluster answers"):
        cure = "ssh HEAD ray start --head --dashboard-host=0.0.0.0"
    else:
        cure = f"ray job list --address {where}"
    return Finding(CONNECTION, "fail", reason, cure)
