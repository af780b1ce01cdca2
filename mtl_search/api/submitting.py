"""Submit a sweep to a Ray cluster from any machine that reaches its dashboard."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mtl_search.api.component_check import check_components
from mtl_search.api.consent import TrustCode, consent_options, read_config
from mtl_search.api.result import Result
from mtl_search.config import Config, to_dict, to_yaml
from mtl_search.config.families.tasks import has_families
from mtl_search.errors import ConfigError
from mtl_search.jobs import package, submission
from mtl_search.jobs.job import Job, find_state, resolve

if TYPE_CHECKING:
    from mtl_search.jobs.submission import Submission


class SweepJob(Job):
    """A sweep that runs as a job on a cluster.

    `status()`, `logs()`, `follow()`, `wait()` and `stop()` are those of a job; `result()` reads the
    sweep.

    Args:
        client: The connection to the cluster.
        job_id: The job's id.

    Examples:
        >>> from mtl_search import SweepJob
        >>> job = SweepJob.find("quickstart", address="http://head:8265")  # doctest: +SKIP
        >>> job.wait()  # doctest: +SKIP
        'SUCCEEDED'
        >>> print(job.result().verdict.sentence())  # doctest: +SKIP
    """

    @classmethod
    def find(cls, name: str | None = None, *, address: str | None = None) -> SweepJob:
        """Find a job that was submitted before, maybe by another process.

        Args:
            name: The job's id, or the name of its sweep; None means the latest.
            address: The address of the cluster's dashboard, as of `submit`.

        Raises:
            ClusterError: There is no such job, or no such cluster.
        """
        from mtl_search.jobs.client import connect

        client = connect(address)
        return cls(client, find_state(client, name).job)

    def result(self, folder: str | Path | None = None) -> Result:
        """Read the sweep, finished or not.

        Where this machine does not see the sweep's folder, its journal and the values that the
        verdict needs are fetched. Trained networks stay on the cluster.

        Args:
            folder: Where fetched files go; default: a new temporary folder.

        Raises:
            SweepError: The sweep has not begun.
            ClusterError: The cluster does not answer.
        """
        place = (
            Path(folder).expanduser()
            if folder is not None
            else Path(tempfile.mkdtemp(prefix="mtl-search-"))
        )
        return Result(self.bring(place))


def submit(
    config: Config | str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    address: str | None = None,
    output: str | None = None,
    resume: str | None = None,
    include: Sequence[str | Path] = (),
    smoke: bool = False,
    job_id: str | None = None,
    trust_code: TrustCode = False,
) -> SweepJob:
    """Submit a sweep to a Ray cluster, and return while it runs.

    The job takes along the config, the modules of yours that it names with the local modules that
    those import, and the files of `include`. The cluster needs mtl_search installed.

    Args:
        config: A config, the path of a YAML file, or the content of one as a mapping.
        overrides: Changes to the config: dotted path → value, or `["search.trials=20"]`.
        address: `http://HOST:8265`, the address of the dashboard on the head. Default: the one that
            RAY_API_SERVER_ADDRESS or RAY_ADDRESS names, else that of the Ray on this machine.
        output: The folder of the sweep, an absolute path that all nodes see. Default: a folder
            called after the job, in the one that MTL_SEARCH_RUNS names on the head, or in `runs` in
            its home folder.
        resume: The sweep to go on with: the id of its job, or its folder on the cluster.
        include: Files and folders below the working directory that the sweep reads; they have the
            same relative paths in the job.
        smoke: Whether the sweep is made small, to try it out.
        job_id: The id of the job. Default: the name of the sweep and the time.
        trust_code: Whether a YAML file that is not yours, because it lies outside of the working
            directory or belongs to another user, may name code (`module:attribute`): all code, or
            that of these modules.

    Returns:
        The job, with `status()`, `logs()`, `wait()`, `stop()` and `result()`.

    Raises:
        ConfigError: Something in the config or the files is wrong; nothing has been sent.
        ClusterError: There is no such cluster, it does not take the job, or no trial fits on it.

    Examples:
        >>> import mtl_search
        >>> job = mtl_search.submit("faces.yaml", address="http://head:8265")  # doctest: +SKIP
        >>> job.wait()  # doctest: +SKIP
        'SUCCEEDED'
        >>> job.result().best.weights  # doctest: +SKIP

        A mistake is found before anything is sent:

        >>> mtl_search.submit("configs/quickstart.yaml", {"search.trails": 3})
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: search.trails: unknown key ...
    """
    draft = prepare(
        config,
        overrides,
        output=output,
        resume=resume,
        include=include,
        smoke=smoke,
        job_id=job_id,
        trust_code=trust_code,
    )
    from mtl_search.jobs.client import connect
    from mtl_search.jobs.cluster_check import check_cluster

    client = connect(address)
    draft = resolve(draft, client)
    check_cluster(client, draft.config)
    submission.send(draft, client)
    return SweepJob(client, draft.job_id)


def prepare(
    config: Config | str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    output: str | None = None,
    resume: str | None = None,
    include: Sequence[str | Path] = (),
    smoke: bool = False,
    job_id: str | None = None,
    trust_code: TrustCode = False,
) -> Submission:
    """Make a job ready, without asking the cluster anything; arguments as of `submit`.

    Raises:
        ConfigError: Something in the config or the files is wrong.
    """
    if output is not None and resume is not None:
        message = "a sweep that goes on stays in its folder: leave this out, or --resume"
        raise ConfigError(message, path="--output", value=output)
    words = _words(overrides)
    submission.check_overrides(words)
    trusted = trust_code if isinstance(trust_code, bool) else list(trust_code)
    parsed = read_config(config, words, trusted)
    if not has_families(parsed):  # else only the data, which may be there alone, tell the tasks
        check_components(parsed, started=resume is not None)
    tree, source = to_dict(parsed), _source(config)
    submission.check_config(parsed, source)
    packed = package.pack(source, tree, parsed.name, include)
    named = None if job_id is None else submission.checked_job_id(job_id)
    job_id = named or submission.new_job_id(parsed.name)
    options = [*words, *(["--smoke"] if smoke else [])]
    sent = [word for path in include for word in ("--include", str(path))]
    again = f"mtl_search.submit(config, resume={resume or job_id!r})"
    if isinstance(config, str | Path):
        typed = [str(config), *options, *sent, *consent_options(trusted)]
        again = shlex.join(["mtl-search", "submit", *typed, "--resume", resume or job_id])
    return submission.Submission(
        job_id=job_id,
        config=parsed,
        package=packed,
        arguments=(packed.config, *options),
        folder=resume or submission.choose_folder(output, job_id),
        resume=resume is not None,
        again=again,
        version=submission.installed_version(),
        unsent=tuple(package.unsent_files(tree, packed)),
    )


def _source(config: Config | str | Path | Mapping[str, Any]) -> Path | bytes:
    """Return the file of a config, or its text where it has none."""
    if isinstance(config, Config):
        return to_yaml(config).encode()
    if isinstance(config, Mapping):
        return yaml.safe_dump(json.loads(json.dumps(config, default=str)), sort_keys=False).encode()
    return Path(config)


def _words(overrides: Mapping[str, Any] | Iterable[str]) -> list[str]:
    """Return overrides as the command line has them."""
    if isinstance(overrides, str):
        return [overrides]
    if not isinstance(overrides, Mapping):
        return list(overrides)
    return [f"{path}={json.dumps(value, default=str)}" for path, value in overrides.items()]
