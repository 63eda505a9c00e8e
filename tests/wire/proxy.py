"""A TCP proxy between a link and its broker that can cut and stall the line."""

import queue
import select
import socket
import threading
from collections.abc import Callable

from kiosk.wire.waker import Waker


class Proxy:
    """Passes bytes both ways between whoever connects to `port` and a port of this machine. One thread does it all."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._peers: dict[socket.socket, socket.socket] = {}
        self._waker = Waker()
        self._paused = False
        self._closing = False
        self._wants: queue.SimpleQueue[tuple[Callable[[], None], threading.Event]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Break every connection; returns when they are broken."""
        self._do(self._drop_all)

    def pause(self) -> None:
        """Pass nothing on from when this returns; connections stand."""
        self._do(self._hold)

    def resume(self) -> None:
        """Pass on what has waited, and all that comes."""
        self._do(self._let_go)

    def close(self) -> None:
        """Break every connection and stop."""
        self._closing = True
        self._waker.wake()
        self._thread.join()

    def _do(self, act: Callable[[], None]) -> None:
        done = threading.Event()
        self._wants.put((act, done))
        self._waker.wake()
        assert done.wait(30)

    def _run(self) -> None:
        while not self._closing:
            watched = [] if self._paused else [self._listener, *self._peers]
            ready, _, _ = select.select([self._waker, *watched], [], [])
            if self._waker in ready:
                self._obey()
                continue
            for sock in ready:
                if sock is self._listener:
                    self._accept()
                elif sock in self._peers:
                    self._pass_on(sock)
        self._drop_all()
        self._listener.close()
        self._waker.close()

    def _obey(self) -> None:
        self._waker.clear()
        while not self._wants.empty():
            act, done = self._wants.get()
            act()
            done.set()

    def _hold(self) -> None:
        self._paused = True

    def _let_go(self) -> None:
        self._paused = False

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            broker = socket.create_connection(("127.0.0.1", self._target_port), 2)
        except OSError:
            client.close()
            return
        for sock in (client, broker):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._peers |= {client: broker, broker: client}

    def _pass_on(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(65536)
            self._peers[sock].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._drop(sock)

    def _drop(self, sock: socket.socket) -> None:
        peer = self._peers.pop(sock)
        del self._peers[peer]
        sock.close()
        peer.close()

    def _drop_all(self) -> None:
        while self._peers:
            self._drop(next(iter(self._peers)))
