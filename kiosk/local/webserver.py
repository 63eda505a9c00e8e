"""The HTTP server under the browser-facing processes: waitress, with a thread for every stream and eight to spare."""

import socket
import threading
from typing import Any

import waitress.server
from waitress import wasyncore

from kiosk.core.errors import CannotStart

SPARE_THREADS = 8
CONNECTIONS_MAX = 200
BODY_BYTES_MAX = 64 * 1024
STOP_S = 3.0


class WebServer:
    """Serves one WSGI application from threads of its own."""

    def __init__(self, app: Any, host: str, port: int, streams_max: int) -> None:
        self._app = app
        self._address = (host, port)
        self._threads = streams_max + SPARE_THREADS
        self._sockets: dict[int, Any] = {}
        self._server: Any = None
        self._loop: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before `start`."""
        return int(self._server.effective_port) if self._server else 0

    def start(self) -> None:
        """Listen; raises CannotStart where the address cannot be had."""
        host, port = self._address
        try:
            listener = socket.create_server(self._address, family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except (OSError, OverflowError) as error:
            raise CannotStart(
                f"cannot listen on {host}:{port} ({error})",
                hint="Stop what listens there, or configure another port",
            ) from error
        self._server = waitress.server.create_server(
            self._app,
            map=self._sockets,
            sockets=[listener],
            threads=self._threads,
            connection_limit=CONNECTIONS_MAX,
            max_request_body_size=BODY_BYTES_MAX,
            channel_request_lookahead=1,  # only then does waitress notice that a quiet stream's browser is gone
            clear_untrusted_proxy_headers=True,
            asyncore_use_poll=True,
            ident="kiosk",
        )
        self._loop = threading.Thread(target=self._server.run, name="web-server", daemon=True)
        self._loop.start()

    def close(self) -> None:
        """Stop serving; end the event streams first. May be called twice."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        self._server.task_dispatcher.shutdown(timeout=STOP_S)
        # The sockets belong to the loop's thread: it closes them, and ends because none are left.
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._sockets))
        loop.join(STOP_S)
