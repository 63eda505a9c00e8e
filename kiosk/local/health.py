"""The side port of a process: `/healthz` for whoever watches it, `/metrics` for Prometheus."""

import contextlib
import logging
import socketserver
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kiosk.core.errors import CannotStart, KioskError

REQUESTS_MAX = 8
REQUEST_S = 5.0

_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n"
_log = logging.getLogger(__name__)


class Health(msgspec.Struct, frozen=True):
    """Whether a process can do its job, and what it looked at."""

    ok: bool
    detail: dict[str, Any] = {}


class HealthServer:
    """Serves health and metrics from threads of its own; `check` is called in them and must not wait.

    At most 8 requests at once, 5 s each; beyond that the answer is 503.
    """

    def __init__(self, host: str, port: int, check: Callable[[], Health]) -> None:
        self._host = host
        self._asked_port = port
        self._check = check
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before `start`."""
        return self._server.server_port if self._server else 0

    def start(self) -> None:
        """Listen; raises CannotStart where the address cannot be had."""
        try:
            server = _Server((self._host, self._asked_port), self._check)
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"cannot listen on {self._host}:{self._asked_port} for health and metrics ({error})",
                hint="Stop what listens there, or configure another port",
            ) from error
        self._server = server
        threading.Thread(target=server.serve_forever, name="health", args=(0.1,), daemon=True).start()

    def close(self) -> None:
        """Stop listening. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_S
    server_version = "kiosk"
    sys_version = ""
    server: "_Server"

    def do_GET(self) -> None:
        """Answer `/healthz` and `/metrics`."""
        path = self.path.partition("?")[0]
        if path == "/healthz":
            health = self.server.health()
            self._answer(200 if health.ok else 503, "application/json", msgspec.json.encode(health) + b"\n")
        elif path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
        else:
            self._answer(404, "text/plain", b"only /healthz and /metrics are here\n")

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: probes come every few seconds."""


class _Server(ThreadingHTTPServer):
    block_on_close = False
    request_queue_size = 16

    def __init__(self, address: tuple[str, int], check: Callable[[], Health]) -> None:
        self._check = check
        self._free = threading.BoundedSemaphore(REQUESTS_MAX)
        super().__init__(address, _Handler)

    def health(self) -> Health:
        try:
            return self._check()
        except KioskError as error:
            return Health(False, {"error": str(error)})

    def server_bind(self) -> None:
        # HTTPServer's own asks the name service for our name, which may take as long as it likes.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            with contextlib.suppress(OSError):
                request.sendall(_BUSY)
            self.shutdown_request(request)
            return
        args = (request, client_address)
        threading.Thread(target=self.process_request_thread, name="health-request", args=args, daemon=True).start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if isinstance(sys.exception(), OSError):
            return  # whoever asked went away
        _log.exception("health request failed")
