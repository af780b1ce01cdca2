"""A server that answers as the head of a Ray cluster does, of any version, with a token or none."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from ray.core.generated import gcs_service_pb2 as messages
from ray.core.generated import gcs_service_pb2_grpc as services


class _Head(services.NodeInfoGcsServiceServicer):
    def __init__(self, version: str, token: str, states: tuple[int, ...]) -> None:
        self._version, self._token, self._states = version, token, states

    def _check(self, context: Any) -> None:
        headers = dict(context.invocation_metadata())
        if self._token and headers.get("authorization") != f"Bearer {self._token}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "InvalidAuthToken: as Ray says it")

    def CheckAlive(self, request: Any, context: Any) -> Any:  # noqa: N802  # as the service has it
        self._check(context)
        return messages.CheckAliveReply(ray_version=self._version)  # type: ignore[attr-defined]

    def GetAllNodeInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._check(context)
        reply = messages.GetAllNodeInfoReply()  # type: ignore[attr-defined]
        for state in self._states:
            reply.node_info_list.add(state=state)
        return reply


@contextmanager
def head(version: str = "2.60.0", token: str = "", states: tuple[int, ...] = ()) -> Iterator[str]:
    """The address of such a server.

    Args:
        version: Of Ray, as it answers.
        token: That it asks for; empty for none.
        states: Of its nodes: 0 is alive, 1 is dead.
    """
    server = grpc.server(ThreadPoolExecutor(2))
    services.add_NodeInfoGcsServiceServicer_to_server(_Head(version, token, states), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
