"""The HTTP server under the browser-facing processes: waitress, with a thread for every stream and eight to spare."""

import socket
import threading
from pathlib import Path
from typing import Any

import waitress.server
from waitress import wasyncore

from kiosk.core.errors import CannotStart

SPARE_THREADS = 8
CONNECTIONS_MAX = 200
BODY_BYTES_MAX = 64 * 1024
STOP_S = 3.0
PROXY = {"trusted_proxy": "127.0.0.1", "trusted_proxy_count": 1, "trusted_proxy_headers": {"x-forwarded-for"}}
SHARED_FILES = Path(__file__).parent / "static"
"""What the pages of every browser-facing process load, at /shared/NAME."""


class WebServer:
    """Serves one WSGI application from threads of its own.

    With `behind_proxy` a request from 127.0.0.1 counts as that of the address which the proxy added last to
    `X-Forwarded-For`; from elsewhere, and without it, the header says nothing.
    """

    def __init__(self, app: Any, host: str, port: int, streams_max: int, *, behind_proxy: bool = False) -> None:
        self._app = app
        self._address = (host, port)
        self._threads = streams_max + SPARE_THREADS
        self._proxy: dict[str, Any] = PROXY if behind_proxy else {}
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
            **self._proxy,
        )
        self._loop = threading.Thread(target=self._server.run, name="web-server", daemon=True)
        self._loop.start()

    def close(self) -> None:
        """Stop serving; end the event streams first. May be called twice."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        self._server.task_dispatcher.shutdown(timeout=STOP_S)
        # The sockets belong to the loop's thread: it closes them, and ends because none are left. It does so under this
        # lock, and so not before it is woken: a pipe that it closed meanwhile could not be written to.
        trigger = self._server.trigger
        with trigger.lock:
            trigger.thunks.append(lambda: wasyncore.close_all(self._sockets))
            trigger.pull_trigger()
        loop.join(STOP_S)
