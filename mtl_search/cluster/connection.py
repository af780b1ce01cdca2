"""The Ray cluster that a sweep runs on: one that runs already, or a local one for this sweep."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import ray
from ray._private import services
from ray._private.authentication import authentication_token_setup as authentication
from ray._private.runtime_env.constants import RAY_JOB_CONFIG_JSON_ENV_VAR
from ray.job_config import JobConfig

from mtl_search.cluster import capacity, local_files, local_ray, this_node
from mtl_search.cluster.ray_versions import find_mismatch
from mtl_search.config import Config
from mtl_search.errors import ClusterError
from mtl_search.source.module_path import export_working_directory
from mtl_search.storage.permissions import UMASK

# Ray reads these when it is imported or started; a value that the user has set stays.
_SETTINGS = {
    # JSON, CSV and TensorBoard files would only repeat the journal.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # A sweep resumes from the journal, not from Tune's snapshots.
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
    "TUNE_WARN_THRESHOLD_S": "5",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the journal has the reason of a trial that failed
    "RAY_AIR_NEW_OUTPUT": "0",  # the old output is silent at verbose=0, the new one is not
    # Keep CUDA_VISIBLE_DEVICES as it is for actors without a GPU.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # relative paths mean in a trial what they mean to the user
    "RAY_DEDUP_LOGS": "1",
}
# The settings that the processes of trials read.
_READ_BY_WORKERS = ("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "RAY_CHDIR_TO_TRIAL_DIR")

_PROBE_TIMEOUT_S = 5.0
# Stands for any number of nodes.
_MANY_NODES = 1000


def configure() -> None:
    """Set the environment that Ray reads; call it before Ray starts."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    for name in ("ray.tune", "ray.train", "ray.data", "ray._private.authentication"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # It says "Trials did not complete", which the journal says, too.
    logging.getLogger("ray.tune.tune").setLevel(logging.CRITICAL)


def resolve_address(address: str | None = None) -> str:
    """Find the Ray cluster that a sweep is to run on; quickly, before anything is read or built.

    Args:
        address: `HOST:PORT` of a cluster that runs already, or `auto` for the one that runs on this
            machine. None: the one that this process is connected to, else the one that the
            environment names (RAY_ADDRESS, as in a Ray job), else the one that `ray start` has
            started on this node, else a local one, which ends with the sweep.

    Returns:
        `HOST:PORT`, or `local`.

    Raises:
        ClusterError: There is no cluster at that address.
    """
    if ray.is_initialized():
        here: str = ray.get_runtime_context().gcs_address
        if address not in (None, "auto", "local") and _host_and_port(str(address)) != here:
            raise ClusterError(
                f"this process is connected to the Ray cluster at {here} already, not to {address}"
            )
        return here
    address = address or os.environ.get("RAY_ADDRESS")
    if not address:
        return this_node.find_cluster() or "local"
    if address == "local":
        return address
    resolved = _host_and_port(address)
    _probe(resolved, address)
    return resolved


@contextmanager
def ray_session(config: Config | None, address: str = "local") -> Iterator[None]:
    """Connect to a cluster for as long as the sweep lasts.

    Args:
        config: The sweep's config; None, where no sweep runs, will do for an address.
        address: The result of `resolve_address`.

    Raises:
        ClusterError: The cluster does not let this process in.
    """
    configure()
    if ray.is_initialized():
        yield
        return
    if address != "local":
        with handlers_kept(signal.SIGTERM):
            _join(address)
        try:
            yield
        finally:
            ray.shutdown()
        return
    export_working_directory()
    local_files.prepare()
    with handlers_kept(signal.SIGTERM):
        local_ray.start(config, _job_config())
    _protect_token()
    try:
        with local_ray.inherited_environment():
            yield
    finally:
        local_ray.stop()


def _join(address: str) -> None:
    # The nodes do not inherit this process' environment.
    variables = {name: _SETTINGS[name] for name in _READ_BY_WORKERS}
    variables |= export_working_directory()
    # Ray refuses what a job of it has set already, and hands it to the workers itself.
    if UMASK in os.environ and RAY_JOB_CONFIG_JSON_ENV_VAR not in os.environ:
        variables[UMASK] = os.environ[UMASK]
    # A cluster may ask for the token in the home folder; one that does not ask ignores it.
    authentication.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    _protect_token()
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": variables},
            job_config=_job_config(),
        )
    except Exception as error:  # another version, no token, a machine that is not a node of it, ...
        ray.shutdown()
        raise ClusterError(_not_joined(address, " ".join(str(error).split()))) from error


def _not_joined(address: str, reason: str) -> str:
    if found := find_mismatch(reason):
        return (
            f"{found.sentence(address)}, and Ray wants the same on both: `mtl-search doctor "
            f"--address {address}` prints the command for that"
        )
    hint = "a cluster with a token wants it in RAY_AUTH_TOKEN or ~/.ray/auth_token"
    return f"cannot join the Ray cluster at {address}: {reason} ({hint})"


class _WithoutWorkingDirectory(list[str]):
    """The folders that Ray puts in front of its workers' module path.

    Ray adds the working directory to them, where a `torch.py` would take the place of torch. The
    workers have it at the end of their path instead (see `training.workers`).
    """

    def extend(self, folders: Iterable[str]) -> None:
        """Add the folders, but not the working directory."""
        here = str(Path.cwd())
        super().extend(folder for folder in folders if folder != here)


def _job_config() -> JobConfig:
    config = JobConfig()
    config._py_driver_sys_path = _WithoutWorkingDirectory()  # noqa: SLF001  # no public way
    return config


def _host_and_port(address: str) -> str:
    """Return `HOST:PORT` of an address, which may be `auto`."""
    if "://" in address:
        raise ClusterError(
            f"cannot use the Ray address {address!r}: a driver that is not on a node of the cluster"
            " cannot run a sweep: start it there, as HOST:PORT or auto"
        )
    try:
        resolved = services.canonicalize_bootstrap_address(address)
    except Exception as error:  # the name of the host is not known
        raise ClusterError(
            f"cannot use the Ray address {address!r}, which is no HOST:PORT: {error}"
        ) from error
    if resolved is None:
        raise ClusterError("no Ray cluster runs on this machine: `ray start --head` starts one")
    return resolved


def _probe(address: str, written: str) -> None:
    """Check that a Ray cluster answers; Ray itself would try for minutes.

    Args:
        address: The cluster's address.
        written: The address as the user wrote it, for the message.

    Raises:
        ClusterError: No cluster answers.
    """
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
        return  # only Ray has the key
    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_PROBE_TIMEOUT_S)
        except grpc.FutureTimeoutError:
            where = address if written in (address, "auto") else f"{written} ({address})"
            raise ClusterError(
                f"no Ray cluster answers at {where}: "
                "--address or RAY_ADDRESS takes HOST:PORT of a cluster, auto, or local"
            ) from None


@contextmanager
def handlers_kept(*signals: signal.Signals) -> Iterator[None]:
    """Restore the program's signal handlers at the end: Ray and Tune replace them for good.

    Ray ends the process at SIGTERM; after a sweep, Tune would ignore the first Ctrl-C. Ray's
    handler of SIGTERM stays where there was none before, because it cleans up.
    """
    before = {number: signal.getsignal(number) for number in signals}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                if handler is not None and not (
                    number == signal.SIGTERM and handler == signal.SIG_DFL
                ):
                    signal.signal(number, handler)


def slots(config: Config) -> int:
    """Return how many trials run at a time on the cluster that this process is connected to.

    Raises:
        ClusterError: Not even one fits; the message shows the arithmetic.
    """
    try:
        return capacity.slots(config.resources, *nodes())
    except ClusterError as error:
        if not this_node.is_used():
            raise
        raise ClusterError(f"{error}\n{this_node.OWN}, with all of this machine") from None


def nodes() -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return the resources of each node of the cluster, and those of `autoscaler_nodes`."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]], autoscaler_nodes()


def autoscaler_nodes() -> list[dict[str, float]]:
    """Return the resources of all nodes that the autoscaler may have; empty where there is none."""
    cluster = ray._private.state.state.get_cluster_config()  # noqa: SLF001  # as Ray Train does
    nodes: list[dict[str, float]] = []
    for group in [] if cluster is None else cluster.node_group_configs:
        limited = 0 <= group.max_count < _MANY_NODES  # -1 is no limit, nor is KubeRay's 2³¹ - 1
        count = group.max_count if limited else _MANY_NODES
        nodes += [dict(group.resources) for _ in range(count)]
    return nodes


def _protect_token() -> None:
    """Make the token in the home folder readable for its owner alone.

    Ray 2.60 lets every user read it. One that RAY_AUTH_TOKEN_PATH names has the mode that somebody
    has chosen, such as for the other users of containers.
    """
    token = local_files.home_token()
    if token is not None and token.is_file() and token.stat().st_mode & 0o077:
        with suppress(OSError):  # a home folder may be read-only
            token.chmod(0o600)
