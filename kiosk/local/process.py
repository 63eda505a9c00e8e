"""How a process is told to stop, and how it tells systemd that it lives."""

import contextlib
import os
import signal
import socket
import threading
from types import FrameType


def stop_event() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set. Call once, in the main thread.

    Handlers are installed even where the shell had SIGINT ignored, as it does for `command &`.
    """
    event = threading.Event()
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        # Setting the event here could deadlock: the main thread may hold its lock. A pipe has none.
        with contextlib.suppress(BlockingIOError):
            os.write(write_end, b"!")

    def watch() -> None:
        os.read(read_end, 1)
        event.set()

    threading.Thread(target=watch, name="stop-signal", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return event


def notify_ready() -> None:
    """Tell systemd that start-up is done; silent where nobody asked."""
    _notify(b"READY=1")


def notify_watchdog() -> None:
    """Tell systemd that the process still makes progress; silent where nobody asked."""
    _notify(b"WATCHDOG=1")


def _notify(state: bytes) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    # A full or missing socket is systemd's to notice: it restarts a process it does not hear from.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.setblocking(False)
        sock.sendto(state, address)
