"""Questions to the head of a Ray cluster, asked without joining it.

`ray.init` takes seconds, tries for minutes where nothing answers, and can be called once in a
process; a call of the head's own service does none of that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from ray.core.generated import gcs_service_pb2 as messages
from ray.core.generated import gcs_service_pb2_grpc as services

from mtl_search.cluster.local_files import home_token
from mtl_search.errors import ClusterError

_TIMEOUT_S = 5.0
_ALIVE = 0  # GcsNodeInfo.ALIVE


class NoAnswerError(ClusterError):
    """Nothing answers at an address."""


class NoTokenError(ClusterError):
    """The cluster wants a token that this process does not have."""


def version(address: str, timeout: float = _TIMEOUT_S) -> str:
    """Return the version of the Ray that answers at an address.

    Args:
        address: `HOST:PORT` of the cluster's head.
        timeout: Seconds to wait for an answer.

    Raises:
        NoAnswerError: Nothing answers.
        NoTokenError: The cluster wants another token than the one that this process has.
    """
    with _service(address) as service:
        request = messages.CheckAliveRequest()  # type: ignore[attr-defined]
        return str(service.CheckAlive(request, metadata=_token(), timeout=timeout).ray_version)


def count_nodes(address: str, timeout: float = _TIMEOUT_S) -> int:
    """Return how many nodes of a cluster are alive.

    Args:
        address: `HOST:PORT` of the cluster's head.
        timeout: Seconds to wait for an answer.

    Raises:
        NoAnswerError: Nothing answers.
        NoTokenError: The cluster wants another token than the one that this process has.
    """
    with _service(address) as service:
        request = messages.GetAllNodeInfoRequest()  # type: ignore[attr-defined]
        reply = service.GetAllNodeInfo(request, metadata=_token(), timeout=timeout)
    return sum(node.state == _ALIVE for node in reply.node_info_list)


@contextmanager
def _service(address: str) -> Iterator[Any]:
    with grpc.insecure_channel(address) as channel:
        try:
            yield services.NodeInfoGcsServiceStub(channel)
        except grpc.RpcError as error:
            code = error.code() if isinstance(error, grpc.Call) else None
            if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
                raise NoTokenError(
                    f"the Ray cluster at {address} wants a token: put it into RAY_AUTH_TOKEN or "
                    "~/.ray/auth_token"
                ) from None
            raise NoAnswerError(f"no Ray cluster answers at {address}") from None


def _token() -> list[tuple[str, str]]:
    """Return the token as Ray finds it, as a header; none where there is none."""
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    file = Path(named) if named else home_token()
    if not token and file is not None and file.is_file() and os.access(file, os.R_OK):
        token = file.read_text(encoding="utf-8").strip()
    return [("authorization", f"Bearer {token}")] if token else []
