"""Ask every node of a cluster what it is, with a time limit for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ray
from ray import cloudpickle
from ray._private.authentication import authentication_token_setup as authentication
from ray._raylet import GcsClient  # type: ignore[attr-defined]  # it is in Cython
from ray.exceptions import GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from mtl_search.cluster import connection
from mtl_search.cluster.ray_versions import VersionMismatch, find_mismatch
from mtl_search.errors import ClusterError, first_line
from mtl_search.jobs.client import OLDEST_RAY, is_too_old
from mtl_search.jobs.doctor import facts
from mtl_search.jobs.doctor.clock import offset
from mtl_search.jobs.doctor.examination import NodeReport, Trouble
from mtl_search.jobs.doctor.facts import NodeFacts, Request
from mtl_search.jobs.doctor.versions import ray_requirement

Progress = Callable[[str], None]

_CLOCK_ROUNDS = 3
_CLOCK_TIMEOUT_S = 5.0
_TELL_EVERY_S = 5.0
_GREETING_S = 10.0
_LOOPBACK = ("127.0.0.1", "localhost")


@contextmanager
def joined(address: str) -> Iterator[str]:
    """Join the cluster at an address; yield its `HOST:PORT`.

    Raises:
        ClusterError: It cannot be reached; `explain` says what to do.
    """
    connection.configure()
    resolved = connection.resolve_address(address)
    _greet(resolved)
    with connection.ray_session(None, resolved):
        yield resolved


def _greet(address: str) -> None:
    """Send one request with this machine's token; Ray itself would try again for half a minute."""
    if ray.is_initialized():
        return
    authentication.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    try:
        GcsClient(address=address).internal_kv_get(b"mtl_search", None, timeout=_GREETING_S)
    except Exception as error:  # of many kinds, the token's among them
        raise ClusterError(
            f"the Ray cluster at {address} does not let this process in: {first_line(error)}"
        ) from error


def explain(error: ClusterError, address: str) -> Trouble:
    """Return why a cluster was not reached, and the command that puts it right."""
    causes = " ".join(_chain(error))
    message = " ".join(str(error).split())
    host = address.partition(":")[0] if ":" in address else ""
    if "authenticat" in causes.lower():
        on_head = f"ssh {host} ray get-auth-token" if host else "ray get-auth-token"
        cure = f'export RAY_AUTH_MODE=token RAY_AUTH_TOKEN="$({on_head})"'
        return Trouble(f"the cluster at {address} refuses this machine's token", cure)
    if found := find_mismatch(causes):
        return _other_version(found, address)
    return Trouble(message, _start(address))


def _start(address: str) -> str:
    """Return the command that starts a cluster at an address."""
    if "://" in address:
        return "mtl-search doctor --address http://HEAD:8265"
    host, _, port = address.partition(":")
    if not port:
        return "ray start --head"
    is_here = host in _LOOPBACK
    return f"{'' if is_here else f'ssh {host} '}ray start --head --port={port}"


def _chain(error: BaseException | None) -> Iterator[str]:
    """Yield type and text of an error and of all that it was raised from."""
    while error is not None:
        yield f"{type(error).__name__}: {error}"
        error = error.__cause__


def _other_version(found: VersionMismatch, address: str) -> Trouble:
    message = found.sentence(address)
    if is_too_old(found.ray_there):
        oldest = ".".join(map(str, OLDEST_RAY))
        message += f"; mtl_search needs Ray {oldest} or later on all nodes"
        return Trouble(message, _reinstall(found.ray_here, address))
    if found.python_there == found.python_here:
        return Trouble(message, f"pip install {ray_requirement(found.ray_there)}")
    # In the environment that is active, uv would keep its Python.
    folder = f"python{found.python_there}"
    install = f"uv pip install mtl-search {ray_requirement(found.ray_there)}"
    return Trouble(
        message,
        f"uv venv --python {found.python_there} {folder} && . {folder}/bin/activate && {install}",
    )


def _reinstall(version: str, address: str) -> str:
    """Return the command that puts this Ray on the head of a cluster, and starts it again."""
    host, _, port = address.partition(":")
    named = f" --port={port}" if port else ""
    install = f"pip install {ray_requirement(version)} mtl-search"
    command = f"{install} && ray stop && ray start --head{named}"
    is_here = not port or host in _LOOPBACK
    return command if is_here else f"ssh {host} '{command}'"


def ask_nodes(request: Request, timeout: float, progress: Progress) -> list[NodeReport]:
    """Ask every node that is alive, all at a time.

    Args:
        request: What to ask.
        timeout: Seconds that a node has for its answer.
        progress: Called with a line while nodes are waited for.
    """
    # By value, so that a node answers whatever it has installed.
    cloudpickle.register_pickle_by_value(facts)
    try:
        probes = {_name(node): _probe(node) for node in ray.nodes() if node["Alive"]}
        references = {name: probe.measure.remote(request) for name, probe in probes.items()}
        _wait(references, timeout, progress)
        return [_report(name, probes[name], reference) for name, reference in references.items()]
    finally:
        cloudpickle.unregister_pickle_by_value(facts)


def lost_nodes() -> int:
    """Return how many nodes the cluster has had that are gone."""
    return sum(not node["Alive"] for node in ray.nodes())


def _name(node: Mapping[str, Any]) -> str:
    address, host = str(node["NodeManagerAddress"]), str(node["NodeManagerHostname"])
    return address if host in ("", address) else f"{address} ({host})"


def _probe(node: Mapping[str, Any]) -> Any:
    here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    actor = ray.remote(facts.Probe)
    return actor.options(num_cpus=0, scheduling_strategy=here).remote()


def _wait(references: Mapping[str, Any], timeout: float, progress: Progress) -> None:
    began = time.monotonic()
    names = {reference: name for name, reference in references.items()}
    waiting = list(names)
    while waiting and (left := timeout - (time.monotonic() - began)) > 0:
        _, waiting = ray.wait(
            waiting, num_returns=len(waiting), timeout=min(left, _TELL_EVERY_S), fetch_local=False
        )
        if waiting:
            who = ", ".join(names[reference] for reference in waiting[:3])
            count = len(references) - len(waiting)
            seconds = time.monotonic() - began
            progress(f"{count} of {len(references)} nodes answer; {seconds:.0f} s for {who}")


def _report(name: str, probe: Any, reference: Any) -> NodeReport:
    try:
        answer: NodeFacts = ray.get(reference, timeout=0.5)
        clock = _clock(probe)
    except GetTimeoutError:
        return NodeReport(name, problem="no answer within the time limit (--timeout)")
    except RayError as error:  # the node has gone, or cannot start a process
        return NodeReport(name, problem=f"{type(error).__name__}: {first_line(error)[:200]}")
    return NodeReport(name, answer, clock_s=clock[0], clock_error_s=clock[1])


def _clock(probe: Any) -> tuple[float, float]:
    """Return the offset of a node's clock from the quickest of a few round trips."""
    rounds = []
    for _ in range(_CLOCK_ROUNDS):
        sent = time.time()
        there = ray.get(probe.now.remote(), timeout=_CLOCK_TIMEOUT_S)
        rounds.append(offset(sent, there, time.time()))
    return min(rounds, key=lambda pair: pair[1])
