"""The Ray cluster that a sweep runs on: one that stands already, or a local one for as long as the sweep lasts."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import ray
from ray._private import services
from ray._private.authentication import authentication_token_setup as authentication

from mtl_search.cluster import capacity
from mtl_search.config import Config
from mtl_search.errors import ClusterError

# Ray reads these when it is imported or started; a value that the user has set stays.
_SETTINGS = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # JSON, CSV and TensorBoard files would only repeat the journal
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # the journal is what a sweep resumes from, not Tune's snapshots
    "TUNE_WARN_THRESHOLD_S": "5",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # the journal has the reason of a trial that failed
    "RAY_AIR_NEW_OUTPUT": "0",  # the old output is silent at verbose=0, the new one is not
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # keep CUDA_VISIBLE_DEVICES as it is for actors without a GPU
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # relative paths mean in a trial what they mean to the user
    "RAY_DEDUP_LOGS": "1",
}
# Those of them that the processes of trials read.
_READ_BY_WORKERS = ("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "RAY_CHDIR_TO_TRIAL_DIR")

_PATIENCE_S = 5.0
_MANY_NODES = 1000


def configure() -> None:
    """Set the environment that Ray reads; call it before Ray starts."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    for name in ("ray.tune", "ray.train", "ray.data", "ray._private.authentication"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("ray.tune.tune").setLevel(
        logging.CRITICAL
    )  # "Trials did not complete", which the journal tells


def resolve_address(address: str | None = None) -> str:
    """Which Ray cluster a sweep is to run on; quickly, before anything is read or built.

    Args:
        address: `HOST:PORT` of a cluster that stands already, or `auto` for the one that runs on this machine. Default:
            the one that this process is connected to, else the one that the environment names (RAY_ADDRESS, as in a
            Ray job), else a local one, which ends with the sweep.

    Returns:
        `HOST:PORT`, or `local`.

    Raises:
        ClusterError: There is no cluster at that address.
    """
    if ray.is_initialized():
        here: str = ray.get_runtime_context().gcs_address
        if address not in (None, "auto", "local") and _located(str(address)) != here:
            raise ClusterError(
                f"this process is connected to the Ray cluster at {here} already, not to {address}"
            )
        return here
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    if address == "local":
        return address
    place = _located(address)
    _probe(place, address)
    return place


@contextmanager
def ray_session(config: Config, place: str = "local") -> Iterator[None]:
    """Connected to the cluster that `find` has found, for as long as the sweep lasts.

    Raises:
        ClusterError: It does not let this process in.
    """
    configure()
    if ray.is_initialized():
        yield
        return
    with handlers_kept(signal.SIGTERM):
        if place == "local":
            _start(config)
        else:
            _join(place)
    try:
        yield
    finally:
        ray.shutdown()


def _start(config: Config) -> None:
    # The dashboard's state API cleans up after Ray Train's worker groups; one-worker trials have none.
    dashboard = config.resources.workers > 1
    try:
        ray.init(
            address="local",
            include_dashboard=dashboard,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except Exception as error:  # Ray has many kinds, and on a machine that is very busy it gives up
        ray.shutdown()
        raise ClusterError(
            f"Ray does not start on this machine: {' '.join(str(error).split())}"
        ) from error
    _protect_token()


def _join(place: str) -> None:
    # The nodes do not inherit this process' environment.
    environment = {"env_vars": {name: _SETTINGS[name] for name in _READ_BY_WORKERS}}
    # A cluster may want the token that lies in the home folder, and one that wants none does not mind it.
    authentication.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    try:
        ray.init(
            address=place, log_to_driver=False, logging_level=logging.ERROR, runtime_env=environment
        )
    except (
        Exception
    ) as error:  # Ray has many kinds: another version, no token, a machine that is not a node of it
        ray.shutdown()
        hint = "a cluster with a token wants it in RAY_AUTH_TOKEN or ~/.ray/auth_token"
        raise ClusterError(f"cannot join the Ray cluster at {place}: {error} ({hint})") from error


def _located(address: str) -> str:
    """`HOST:PORT`, found out for `auto`."""
    if "://" in address:
        what = "a driver that is not on a node of the cluster cannot run a sweep: start it there, as HOST:PORT or auto"
        raise ClusterError(f"cannot use the Ray address {address!r}: {what}")
    try:
        found = services.canonicalize_bootstrap_address(address)
    except Exception as error:  # of the name's look-up
        raise ClusterError(
            f"cannot use the Ray address {address!r}, which is no HOST:PORT: {error}"
        ) from error
    if found is None:
        raise ClusterError("no Ray cluster runs on this machine: `ray start --head` starts one")
    return found


def _probe(address: str, written: str) -> None:
    """See whether a Ray cluster answers; Ray itself would try for minutes.

    Args:
        address: Of the cluster.
        written: The same as the user wrote it.

    Raises:
        ClusterError: It does not.
    """
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):  # its key is Ray's business
        return
    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_PATIENCE_S)
        except grpc.FutureTimeoutError:
            where = address if written in (address, "auto") else f"{written} ({address})"
            what = "--address or RAY_ADDRESS takes HOST:PORT of a cluster, auto, or local"
            raise ClusterError(f"no Ray cluster answers at {where}: {what}") from None


@contextmanager
def handlers_kept(*signals: signal.Signals) -> Iterator[None]:
    """Put back the program's own signal handlers afterwards: Ray and Tune replace them and leave theirs in place.

    Ray ends the process at SIGTERM; after a sweep, Tune would swallow the first Ctrl-C. A handler of Ray's stays where
    there was none before, because it cleans up.
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
    """How many trials run at a time on the cluster that this process is connected to.

    Raises:
        ClusterError: Not even one fits; the message shows the arithmetic.
    """
    return capacity.slots(config.resources, *nodes())


def nodes() -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Resources of each node of the cluster, and of all the nodes that its autoscaler may have, if it has one."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]], autoscaler_nodes()


def autoscaler_nodes() -> list[dict[str, float]]:
    """Of all the nodes that the cluster's autoscaler may have at a time; empty where there is none."""
    grown = ray._private.state.state.get_cluster_config()  # noqa: SLF001  # as Ray Train does
    groups = [] if grown is None else grown.node_group_configs
    # -1: as many as it likes.
    counts = [_MANY_NODES if group.max_count < 0 else group.max_count for group in groups]
    return [
        dict(group.resources)
        for group, count in zip(groups, counts, strict=True)
        for _ in range(count)
    ]


def _protect_token() -> None:
    """Ray 2.60 writes the cluster's token so that every user of the machine can read it; only its owner should."""
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH", Path.home() / ".ray" / "auth_token"))
    if token.is_file() and token.stat().st_mode & 0o077:
        token.chmod(0o600)
