"""What a job is: its command, its environment, its files; and how it gets to a cluster."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.config import Config, paths, to_dict, to_stored
from mtl_search.config.secrets import MASK, masked, masked_address
from mtl_search.errors import ConfigError
from mtl_search.jobs.client import sentences, with_patience
from mtl_search.jobs.package import LIMIT, Package

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

# Names of variables of a job, by which the command there knows that it is one.
JOB = "MTL_SEARCH_JOB"
VERSION = "MTL_SEARCH_SUBMITTED_BY"
RESUME = "MTL_SEARCH_RESUME_COMMAND"  # known by name to `tracking.resume_command`
LOG = "MTL_SEARCH_LOG"  # the format of the log, which `cli.json_log` reads
# The folder of all sweeps; the shell of the head replaces it.
ROOT = "${MTL_SEARCH_RUNS:-$HOME/runs}"
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
STOP_WAIT_S = 40
# The exit status of a shell that does not find a command.
NOT_FOUND = 127
AGENT_PATIENCE_S = 60.0
# Keys of the metadata of a job; `KEY` tells the jobs of this project from others.
KEY = "mtl_search.sweep"
FOLDER = "mtl_search.folder"
MLFLOW = "mtl_search.mlflow"
COMMAND = "mtl_search.resume"


@dataclass(frozen=True)
class Submission:
    """A job before it is sent.

    Attributes:
        job_id: Its id.
        config: The sweep's config.
        package: The files that it takes along.
        arguments: The words after `mtl-search run`, the config first.
        folder: The folder of the sweep on the cluster, absolute or below `ROOT`.
        resume: Whether the sweep in the folder goes on.
        again: The command that goes on with the sweep, without the address; for a config without a
            file a call of Python.
        version: The version of this package here.
        unsent: Files of the working directory that the config names and that are not sent.
    """

    job_id: str
    config: Config
    package: Package
    arguments: tuple[str, ...]
    folder: str
    resume: bool
    again: str
    version: str
    unsent: tuple[str, ...] = ()

    @property
    def entrypoint(self) -> str:
        """The shell command that the head runs in the job's working directory."""
        words = ["mtl-search", "run", *self.arguments, "--address", "auto"]
        words += ["--resume"] if self.resume else []
        return f"exec {shlex.join(words)} --output {shell_folder(self.folder)}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that are set for the job."""
        return {
            # An interrupt ends a sweep in order, and it gets the time for that.
            "RAY_JOB_STOP_SIGNAL": "SIGINT",
            "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WAIT_S),
            # Ray would repeat an `uv run` of the driver in each worker.
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            JOB: self.job_id,
            VERSION: self.version,
            RESUME: self.again,
            # Who asks for it here means the sweep's log; else what is set on the head counts.
            **{name: os.environ[name] for name in (LOG,) if os.environ.get(name)},
        }

    @property
    def metadata(self) -> dict[str, str]:
        """What the cluster keeps with the job, for everybody who may see its jobs."""
        uri = self.config.tracking.uri if self.config.tracking.enabled else ""
        return {
            KEY: self.config.name,
            FOLDER: self.folder,
            MLFLOW: masked(uri or ""),
            COMMAND: self.again,
            "mtl_search.version": self.version,
        }

    def shown(self) -> dict[str, Any]:
        """Return what would be sent, secrets masked, as plain JSON types."""
        with tempfile.TemporaryDirectory() as folder:
            size = self.package.write(Path(folder, "package.zip"))
        return {
            "job": self.job_id,
            "entrypoint": masked(self.entrypoint),
            "folder": self.folder,
            "environment": {name: masked(value) for name, value in self.environment.items()},
            "metadata": {name: masked(value) for name, value in self.metadata.items()},
            "package": {"bytes": size, "files": self.package.sizes()},
        }


def installed_version() -> str:
    """Return the version of this package on this machine."""
    return metadata.version("mtl-search")


def new_job_id(name: str) -> str:
    """Return an id for a job of the sweep of this name: the name and the time."""
    return f"{name}-{time.strftime('%y%m%d-%H%M%S')}"


def checked_job_id(job_id: str) -> str:
    """Return the id of a job, which is also a part of paths and addresses.

    Raises:
        ConfigError: It has other characters than those.

    Examples:
        >>> checked_job_id("faces-261126-120000")
        'faces-261126-120000'
    """
    if not _JOB_ID.fullmatch(job_id):
        message = "letters, digits and - _ . are needed, a letter or a digit first"
        raise ConfigError(message, path="--job-id", value=job_id)
    return job_id


def choose_folder(output: str | None, job_id: str) -> str:
    """Return the folder of a new sweep on the cluster.

    Args:
        output: The folder that the user names, if any.
        job_id: The id of the job, after which the folder is called by default.

    Raises:
        ConfigError: The folder is no absolute path.

    Examples:
        >>> choose_folder(None, "digits-261126-120000")
        '${MTL_SEARCH_RUNS:-$HOME/runs}/digits-261126-120000'
    """
    if output is None:
        return f"{ROOT}/{job_id}"
    if not output.startswith(("/", f"{ROOT}/")):
        raise ConfigError(
            "on a cluster a sweep needs an absolute path, which all nodes see",
            path="--output",
            value=output,
        )
    return output


def shell_folder(folder: str) -> str:
    """Write a folder for a shell, which replaces `ROOT` and nothing else."""
    below = folder.removeprefix(f"{ROOT}/")
    return shlex.quote(folder) if below == folder else f'"{ROOT}"/{shlex.quote(below)}'


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuse passwords in overrides: they would stand in the command that the cluster shows.

    Raises:
        ConfigError: An override has one.
    """
    for override in overrides:
        if masked(override) != override:
            raise ConfigError(
                "a password here would stand in the job's command, which everybody sees who sees "
                "the jobs: write ${NAME} in its place, and set NAME on the head of the cluster",
                path=override.partition("=")[0],
                value=masked(override),
            )


def check_config(config: Config, source: Path | bytes | None = None) -> None:
    """Refuse passwords in a config: the file that is sent stays on the head's disk.

    Args:
        config: The config as it was read.
        source: The file that is sent, or its text; None: it is made of the config.

    Raises:
        ConfigError: It has one.
    """
    cure = (
        "a password here would lie on the disk of the cluster's head: write ${NAME} in its place, "
        "and set NAME on the head of the cluster"
    )
    written, stored = paths.flatten(to_dict(config)), paths.flatten(to_stored(config))
    for path, text in stored.items():
        if MASK in str(text) and MASK not in str(written[path]):
            raise ConfigError(cure, path=path, value=text)
    if source is None:
        return
    # An override may have replaced it, and a comment may hold one.
    content = source if isinstance(source, bytes) else source.read_bytes()
    for line in content.decode("utf-8", "replace").splitlines():
        if masked_address(line) != line:
            name = "config" if isinstance(source, bytes) else str(source)
            raise ConfigError(cure, path=name, value=masked(line.strip()))


def send(
    submission: Submission,
    client: JobSubmissionClient,
    *,
    patience_s: float = AGENT_PATIENCE_S,
    on_note: Callable[[str], None] = lambda _: None,
) -> int:
    """Send a job to a cluster.

    Args:
        submission: The job.
        client: The connection to the cluster.
        patience_s: How long to wait for a job agent that is not up yet.
        on_note: A function that is told when there is something to wait for.

    Returns:
        The size of its package in bytes.

    Raises:
        ConfigError: The package is too large; nothing has been sent.
        ClusterError: The cluster does not take the job.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "package.zip")
        size = submission.package.write(archive, LIMIT)
        environment = {"working_dir": str(archive), "env_vars": submission.environment}
        with sentences(client.get_address(), submission.job_id):
            with_patience(
                lambda: client.submit_job(
                    entrypoint=submission.entrypoint,
                    submission_id=submission.job_id,
                    runtime_env=dict(environment),
                    metadata=dict(submission.metadata),
                ),
                patience_s,
                on_note,
            )
    return size
