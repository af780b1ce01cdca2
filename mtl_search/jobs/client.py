"""The connection to a cluster's job server, and its errors as sentences with a cure."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from mtl_search.config.secrets import masked
from mtl_search.errors import ClusterError, nearest
from mtl_search.jobs.address import check_address, nobody_there

if TYPE_CHECKING:  # Ray takes seconds to import
    from ray.job_submission import JobSubmissionClient

T = TypeVar("T")

# Ray takes these before any address that it is given.
_VARIABLES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
# They tell of uploads and tokens, which we do ourselves.
_TALKATIVE = (
    "ray._private.authentication",
    "ray._private.runtime_env.packaging",
    "ray.dashboard.modules.dashboard_sdk",
    "ray.dashboard.modules.job.sdk",
)
_REQUEST_TIMEOUT_S = 60.0
OLDEST_RAY = (2, 60)
_NO_AGENT = "No available agent"
_TOKEN_PLACES = "RAY_AUTH_TOKEN, or the file ~/.ray/auth_token or RAY_AUTH_TOKEN_PATH"  # noqa: S105


class RefusedError(ClusterError):
    """A cluster answers, and its answer would be the same if it were asked again."""


class OldRayError(RefusedError):
    """The Ray of a cluster is older than mtl_search needs."""


def connect(address: str | None = None) -> JobSubmissionClient:
    """Connect to the job server of a cluster.

    Args:
        address: `http://HOST:8265`, the address of the dashboard on the head. None: the one that
            RAY_API_SERVER_ADDRESS or RAY_ADDRESS names, else that of the Ray on this machine.

    Raises:
        ClusterError: No cluster answers there, it does not let this process in, or its Ray is too
            old.
    """
    named = address or next(filter(None, map(os.environ.get, _VARIABLES)), "")
    check_address(named)
    from ray._private.authentication import authentication_token_setup as authentication
    from ray.job_submission import JobSubmissionClient

    class Client(JobSubmissionClient):
        """A client whose requests end: Ray's own wait for ever where a connection is cut."""

        def _do_request(self, *arguments: Any, **settings: Any) -> Any:
            settings.setdefault("timeout", _REQUEST_TIMEOUT_S)
            return super()._do_request(*arguments, **settings)

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    # Where a token lies about it is sent; a cluster that does not ask for one ignores it.
    authentication.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    with sentences(address), _only(address):
        client = Client(address)
    _check_version(client)
    return client


def request(client: JobSubmissionClient, path: str) -> dict[str, Any]:
    """Return what the dashboard answers on a path, as JSON.

    Raises:
        ClusterError: It does not answer, or with an error.
    """
    with sentences(client.get_address()):
        answer = client._do_request("GET", path)  # noqa: SLF001  # carries token and certificates
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
    return content


def with_patience(
    call: Callable[[], T], patience_s: float, on_wait: Callable[[str], None] = lambda _: None
) -> T:
    """Call something that needs the job agent, again and again while the agent is not there.

    A head that has just started has none for some seconds.

    Args:
        call: What asks the job server.
        patience_s: How long to try; the server takes up to 10 seconds to say no.
        on_wait: A function that is told once that there is something to wait for.

    Raises:
        ClusterError: There is still no agent.
    """
    end = time.monotonic() + patience_s
    has_told = False
    while True:
        try:
            return call()
        except RuntimeError as error:
            if _NO_AGENT not in str(error):
                raise
            if time.monotonic() >= end:
                raise ClusterError(
                    f"the job agent on the head node does not answer ({patience_s:g} s tried): a "
                    "head that has just started needs a moment; if it stays like this, another "
                    "Ray on that machine holds the agent's port: start the head with "
                    "--dashboard-agent-listen-port=PORT of its own"
                ) from None
        if not has_told:
            on_wait("The job agent of the cluster is not up yet; trying again.")
            has_told = True
        time.sleep(1)


@contextmanager
def sentences(address: str | None, job_id: str = "") -> Iterator[None]:
    """Turn the errors of Ray's job client inside into sentences.

    Args:
        address: The address of the cluster, for messages.
        job_id: The id of the job that is asked about.

    Raises:
        ClusterError: Something that the caller asked for could not be done.
    """
    import requests
    from ray.exceptions import AuthenticationError, RayError

    try:
        yield
    except ClusterError:
        raise
    except AuthenticationError as error:
        raise _not_let_in(str(error), address) from None
    except (ConnectionError, requests.exceptions.RequestException, RayError) as error:
        raise nobody_there(address, error) from None
    except (RuntimeError, ValueError, KeyError) as error:
        if _NO_AGENT in str(error):
            raise  # `with_patience` knows what to do
        raise _refused(str(error), address, job_id) from None


@contextmanager
def _only(address: str | None) -> Iterator[None]:
    """Hide the variables of the environment that Ray would take before an address."""
    hidden = {name: os.environ.pop(name) for name in _VARIABLES if address and name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _check_version(client: JobSubmissionClient) -> None:
    version = server_version(client)
    if is_too_old(version):
        import ray

        oldest = ".".join(map(str, OLDEST_RAY))
        raise OldRayError(
            f"the cluster at {client.get_address()} runs Ray {version}, and mtl_search needs "
            f"{oldest} or later: install `ray[default]=={ray.__version__}` (as here) and "
            "mtl_search on all its nodes"
        )


def is_too_old(version: str) -> bool:
    """Return whether mtl_search needs a later Ray than this one.

    Examples:
        >>> is_too_old("2.55.0"), is_too_old("2.60.0"), is_too_old("3.0.0")
        (True, False, False)
    """
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2]) < OLDEST_RAY


def server_version(client: JobSubmissionClient) -> str:
    """Return the version of the cluster's Ray."""
    return str(request(client, "/api/version").get("ray_version", "0"))


def asks_for_token(client: JobSubmissionClient) -> bool:
    """Return whether a cluster turns away who has no token.

    Raises:
        ClusterError: It does not answer.
    """
    import requests

    address = client.get_address()
    with sentences(address):
        answer = requests.get(f"{address}/api/version", timeout=_REQUEST_TIMEOUT_S)
    return answer.status_code != requests.codes.ok


def _not_let_in(text: str, address: str | None) -> RefusedError:
    where = masked(address) if address else "this address"
    if os.environ.get("RAY_AUTH_MODE") == "disabled":
        return RefusedError(
            f"the cluster at {where} asks for a token, and RAY_AUTH_MODE=disabled keeps this "
            f"process from sending one: unset it, and put the token in {_TOKEN_PLACES}"
        )
    if text.startswith("Authentication required"):
        return RefusedError(
            f"the cluster at {where} asks for a token, and there is none here: put it in "
            f"{_TOKEN_PLACES} (on the head, `ray get-auth-token` prints it)"
        )
    return RefusedError(
        f"the cluster at {where} does not accept the token that is here: it must be the one the "
        f"head was started with, in {_TOKEN_PLACES}"
    )


def _refused(text: str, address: str | None, job_id: str) -> ClusterError:
    if "already exists" in text:
        return RefusedError(
            f"there is a job {job_id!r} on this cluster already, and ids are used once: leave "
            "--job-id out, or choose another"
        )
    if "does not exist" in text:
        return RefusedError(
            f"there is no job {job_id!r} on the cluster at {address}: `mtl-search jobs list` "
            "shows all"
        )
    if "413" in text or "Maximum request body size" in text:
        return RefusedError("the package is larger than the job server takes: leave files out")
    # Of a traceback of the server's, the last line says what is wrong.
    lines = [line.strip() for line in text.splitlines() if line.strip(" .")]
    return ClusterError(
        f"the job server at {masked(address or '')} answers with an error: {lines[-1][:300]}"
        if lines
        else f"the job server at {masked(address or '')} answers with an error"
    )


def unknown_job(name: str, known: list[str], address: str) -> RefusedError:
    """Return the error of a job that a cluster does not have, with the nearest that it has."""
    near = nearest(name, known)
    hint = f"; did you mean {near!r}?" if near else ""
    some = f" (jobs there: {', '.join(known[:8])})" if known else ""
    return RefusedError(f"there is no job {name!r} on the cluster at {masked(address)}{some}{hint}")
