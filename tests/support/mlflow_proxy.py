"""A server in front of the real one that can refuse, hang or fail, and come back."""

from __future__ import annotations

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Mode = Literal["forward", "error", "hang", "lose answer", "no artifacts", "read only"]


class Proxy:
    """Forwards to 127.0.0.1:`target`, or misbehaves as `mode` says. `stop` makes it refuse
    connections, and `delay` makes each answer come late by so many seconds.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode: Mode = "forward"
        self.delay = 0.0
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                proxy.handle(self)

            do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815  # http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Silence."""

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        time.sleep(self.delay)
        if self.mode == "hang":
            time.sleep(3)
            return
        if self.mode == "error" or self._is_refused(request):
            self._answer(
                request, 500, b'{"error_code": "INTERNAL_ERROR", "message": "the database is gone"}'
            )
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=20)
        headers = {
            k: v for k, v in request.headers.items() if k.lower() not in ("host", "connection")
        }
        connection.request(request.command, request.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if self.mode == "lose answer":
            return
        self._answer(request, answer.status, content)

    def _is_refused(self, request: BaseHTTPRequestHandler) -> bool:
        if self.mode == "no artifacts":
            return "/mlflow-artifacts/" in request.path
        is_read = request.command == "GET" or request.path.endswith("/search")
        return self.mode == "read only" and not is_read

    @staticmethod
    def _answer(request: BaseHTTPRequestHandler, status: int, content: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
