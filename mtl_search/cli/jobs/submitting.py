"""`mtl-search submit`: a sweep as a job of a cluster, followed to its end."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.api.consent import TrustCode
from mtl_search.api.submitting import prepare
from mtl_search.cli.errors import FAILED, WRONG_INPUT
from mtl_search.cli.options import check_form
from mtl_search.config.secrets import masked
from mtl_search.jobs import submission
from mtl_search.jobs.package import show_size

if TYPE_CHECKING:
    from mtl_search.jobs.job import Job, JobState
    from mtl_search.jobs.submission import Submission

INTERRUPTED = 130


def submit_command(
    config_file: Path,
    overrides: Sequence[str],
    *,
    address: str | None,
    output: str | None,
    resume: str | None,
    include: Sequence[Path],
    smoke: bool,
    wait: bool,
    dry_run: bool,
    job_id: str | None,
    form: str,
    trust_code: TrustCode = False,
) -> int:
    """Submit a sweep, and follow it.

    Args:
        config_file: The YAML file.
        overrides: Changes to it, each as `path=value`.
        address: The address of the cluster's dashboard, if the user names one.
        output: The folder of the sweep on the cluster, if the user names one.
        resume: The sweep to go on with: a job, or a folder on the cluster.
        include: Files that the sweep reads.
        smoke: Whether the sweep is made small.
        wait: Whether the log is followed to the job's end.
        dry_run: Whether nothing is sent.
        job_id: The id of the job, if the user names one.
        form: The format, `table` or `json`.
        trust_code: Whether code that a config of a stranger names is trusted.

    Returns:
        The exit status.

    Raises:
        ConfigError: Something in the config or the options is wrong.
        ClusterError: The cluster does not take the job.
    """
    check_form(form)
    draft = prepare(
        config_file,
        overrides,
        output=output,
        resume=resume,
        include=include,
        smoke=smoke,
        job_id=job_id,
        trust_code=trust_code,
    )
    for path in draft.unsent:
        tell(
            f"Note: the config names {path}, which stays here; `--include {path}` sends it. Else "
            "it must be in the working directory of the job."
        )
    if dry_run and (resume is None or draft.folder.startswith("/")):
        return _show(draft, form)
    from mtl_search.api.submitting import SweepJob
    from mtl_search.jobs.client import asks_for_token, connect
    from mtl_search.jobs.cluster_check import check_cluster
    from mtl_search.jobs.job import resolve

    client = connect(address)
    draft = resolve(draft, client)
    if dry_run:
        return _show(draft, form)
    if not asks_for_token(client):
        tell(
            "Note: this cluster asks for no token, so whoever reaches it runs code on it: start it "
            "with RAY_AUTH_MODE=token."
        )
    room = check_cluster(client, draft.config)
    size = submission.send(draft, client, on_note=tell)
    job = SweepJob(client, draft.job_id)
    if form == "table":
        _introduce(draft, job, size, room, address)
    elif not wait:
        print_json(_as_json(draft, job, size))
    if not wait:
        return 0
    status = follow(job, address, out=form == "table")
    if form == "json":
        print_json(_as_json(draft, job, size))
    return status


def follow(job: Job, address: str | None, *, out: bool = True) -> int:
    """Print the log of a job as it grows, and how the job ended.

    Args:
        job: The job.
        address: The address as the user gave it, for commands that are printed.
        out: Whether the log goes to standard output, and not to standard error.

    Returns:
        The exit status: that of the sweep.
    """
    stream = sys.stdout if out else sys.stderr
    try:
        for piece in job.follow(on_lost=tell):
            stream.write(piece)
            stream.flush()
    except KeyboardInterrupt:
        tell(
            f"\nThe job runs on. Stop it: {command('stop', job.id, address)}\n"
            f"Follow it again: {command('logs', job.id, address, '--follow')}"
        )
        return INTERRUPTED
    return conclude(job.info(), address)


def conclude(state: JobState, address: str | None) -> int:
    """Say how a job ended, where its log does not; return the exit status of the sweep."""
    if state.state == "SUCCEEDED":
        tell(f"The job has succeeded. Its report: {command('result', state.job, address)}")
        return 0
    if state.state == "STOPPED":
        tell(f"The job was stopped. Go on with: {resume_command(state, address)}")
        return INTERRUPTED
    if state.exit_status == submission.NOT_FOUND:
        tell(
            "error: the head of the cluster does not find the command mtl-search: install "
            "mtl_search on all nodes, and start Ray from that environment, so that it is on PATH"
        )
        return WRONG_INPUT
    if state.exit_status is None:
        tell(f"error: the job {state.job} did not run: {state.message}")
        return FAILED
    tell(f"The job has failed with exit status {state.exit_status}; its log says why.")
    return state.exit_status if state.exit_status in (WRONG_INPUT, INTERRUPTED) else FAILED


def command(verb: str, job_id: str, address: str | None, *options: str) -> str:
    """Write a command about a job."""
    where = ["--address", address] if address else []
    return shlex.join(["mtl-search", "jobs", verb, job_id, *options, *where])


def resume_command(state: JobState, address: str | None) -> str:
    """Write the command that goes on with the sweep of a job, or the call of Python."""
    is_command = state.resume.startswith("mtl-search ")
    return state.resume + (f" --address {shlex.quote(address)}" if address and is_command else "")


def tell(text: str) -> None:
    """Print something about a job beside its log: to standard error, which programs leave alone."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def print_json(content: Any) -> None:
    """Print a value for programs."""
    print(json.dumps(content, indent=1))  # noqa: T201


def _introduce(draft: Submission, job: Job, size: int, room: str, address: str | None) -> None:
    """Print what was submitted, where it is seen, and what comes next."""
    files = len(draft.package.files)
    _print_lines(
        (
            ("job", draft.job_id),
            ("package", f"{files} file{'' if files == 1 else 's'}, {show_size(size)}"),
            ("cluster", room),
            ("sweep", draft.folder),
            ("dashboard", dashboard(job)),
            ("MLflow", _mlflow(draft)),
            ("follow", command("logs", job.id, address, "--follow")),
            ("stop", command("stop", job.id, address)),
            ("result", command("result", job.id, address)),
        )
    )


def dashboard(job: Job) -> str:
    """Return the address of the page of a job."""
    return masked(f"{job.address}/#/jobs/{job.id}")


def _mlflow(draft: Submission) -> str:
    if not draft.config.tracking.enabled:
        return "off (tracking.enabled)"
    uri = draft.config.tracking.uri
    default = "MLFLOW_TRACKING_URI of the cluster, else mlflow.db beside the sweep's folder"
    return masked(uri) if uri else default


def _print_lines(lines: Iterable[tuple[str, str]]) -> None:
    for name, value in lines:
        print(f"{name + ':':<10} {value}", flush=True)  # noqa: T201


def _as_json(draft: Submission, job: Job, size: int) -> dict[str, Any]:
    from mtl_search.jobs.job import as_json

    return {
        **as_json(job.info()),
        "address": masked(job.address),
        "dashboard": dashboard(job),
        "package": {"bytes": size, "files": len(draft.package.files)},
    }


def _show(draft: Submission, form: str) -> int:
    """Print what would be sent."""
    shown = draft.shown()
    if form == "json":
        print_json(shown)
        return 0
    files = shown["package"]["files"]
    _print_lines(
        (
            ("job", shown["job"]),
            ("command", shown["entrypoint"]),
            ("sweep", shown["folder"]),
            *((name, value) for name, value in shown["environment"].items()),
            ("package", f"{len(files)} files, {show_size(shown['package']['bytes'])}"),
        )
    )
    for name, size in files.items():
        print(f"  {show_size(size):>12}  {name}")  # noqa: T201
    print("Nothing was sent.")  # noqa: T201
    return 0
