"""The address of a cluster's dashboard, checked quickly: Ray's client would wait for minutes."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

from mtl_search.config.secrets import masked
from mtl_search.errors import ClusterError

_PROBE_TIMEOUT_S = 5.0
# Addresses without a host: those that Ray looks up by itself.
_OF_RAY = ("", "auto", "local")


def check_address(address: str) -> None:
    """Check that something listens at an address, and that it is one to submit jobs to.

    Args:
        address: What the user names; empty means that Ray looks for a cluster.

    Raises:
        ClusterError: Nothing listens there, or it is another kind of address.

    Examples:
        >>> check_address("ray://head:10001")
        Traceback (most recent call last):
            ...
        mtl_search.errors.ClusterError: cannot submit to ray://head:10001: jobs go to the ...
    """
    if "://" in address:
        _probe(address)
    elif address not in _OF_RAY:
        _probe_without_scheme(address)


def nobody_there(address: str | None, error: Exception | str = "") -> ClusterError:
    """Return the error of an address at which no job server answers."""
    where = masked(address) if address else "the default address"
    reason = " ".join(str(error).split())
    is_plain = not reason or "Failed to connect" in reason or len(reason) > 150
    return ClusterError(
        f"no Ray cluster answers at {where}{'' if is_plain else f' ({reason})'}: --address takes "
        "that of the dashboard on the head, such as http://HOST:8265; `ray start --head "
        "--dashboard-host=0.0.0.0` lets other machines reach it"
    )


def _probe(address: str) -> None:
    """Check that something listens; Ray's client would wait for minutes."""
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise nobody_there(address, error) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ClusterError(
            f"cannot submit to {masked(address)}: jobs go to the dashboard on the head, "
            "http://HOST:8265 (the port of --dashboard-port)"
        )
    try:
        socket.create_connection((parts.hostname, port), timeout=_PROBE_TIMEOUT_S).close()
    except OSError as error:
        raise nobody_there(address, error.strerror or str(error)) from None


def _probe_without_scheme(address: str) -> None:
    """Refuse `HOST:PORT` of a dashboard, which Ray takes for the head's other port, for a while.

    At that other port, which is none of HTTP, Ray is told where the dashboard is.
    """
    url = f"http://{address}"
    try:
        port = urlsplit(url).port
    except ValueError as error:
        raise nobody_there(address, error) from None
    if port is None:
        raise nobody_there(address, f"write http://{address}:8265")
    try:
        _probe(url)
    except ClusterError:
        raise nobody_there(address, f"as http://{address} neither") from None
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/api/version")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()
    raise ClusterError(
        f"cannot submit to {masked(address)}: the address of a dashboard begins with http:// or "
        f"https://, so write http://{masked(address)}"
    )
