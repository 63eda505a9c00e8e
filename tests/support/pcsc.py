"""A pcscd of one's own with virtual readers, and the contactless cards one lays on them.

Each virtual reader is a vpcd driver that waits for its card on a TCP port. pcscd takes its client socket from whoever
starts it (socket activation), so that tests never meet the machine's own service.
"""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.support.needs import needs, needs_module
from tests.support.ports import free_ports
from tests.support.wait import eventually

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
RUN_FOLDER = Path("/run/pcscd")
CLIENT_SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
ATR_STORAGE = "3B8F8001804F0CA00000030603{name:04X}00000000"
ATR_ISO_14443_4 = bytes.fromhex("3B8180018080")
_CONTROL = {0, 1, 2, 4}  # power off, power on, reset, answer to reset
_LAUNCH = 'exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec pcscd --foreground --config "$0"'
"""Hands the listening socket over as systemd would: descriptor 3, named by two variables."""


def needs_pcsc() -> None:
    """Skip the test, or in CI fail it, where pcscd, its virtual driver or pyscard is missing."""
    needs("pcscd", "pcscd")
    needs(str(DRIVER), "vsmartcard-vpcd")
    needs_module("smartcard", "pyscard")
    if os.getuid() != 0:
        needs(str(RUN_FOLDER), "pcscd, and start pcscd.socket once: the folder is made by it")


def in_process_socket() -> Path:
    """Return the client socket path for tests that run a reader in this process: the library settles on it once."""
    folder = Path(tempfile.gettempdir()) / f"kiosk-pcsc-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / "client.sock"


def storage_atr(name: int) -> bytes:
    """Return the answer to reset that PC/SC part 3 gives a memory card: 1 Classic 1K, 3 Ultralight and NTAG."""
    body = bytes.fromhex(ATR_STORAGE.format(name=name))
    check = 0
    for byte in body[1:]:
        check ^= byte
    return body + bytes([check])


class PrivatePcscd:
    """Runs pcscd with the named virtual readers on a client socket of its own.

    Clients reach it with `environment`. `socket_path` may be given where a client library of this process has already
    settled on one.
    """

    def __init__(self, readers: Sequence[str] = ("Virtual Reader",), socket_path: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-pcscd-"))
        self.folder.chmod(0o755)
        self.socket_path = socket_path or self.folder / "client.sock"
        self.environment = {CLIENT_SOCKET_VARIABLE: str(self.socket_path)}
        self.ports = {name: free_ports(2) for name in readers}
        self._process: subprocess.Popen[bytes] | None = None
        self._entries = self.folder / "readers"
        self._entries.mkdir()

    def start(self, readers: Sequence[str] | None = None) -> None:
        """Start it, with all readers or with these of them."""
        if os.getuid() == 0:
            RUN_FOLDER.mkdir(exist_ok=True)
        shutil.rmtree(self._entries)
        self._entries.mkdir()
        for number, name in enumerate(self.ports if readers is None else readers):
            self._write_entry(number, name)
        self.socket_path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, (self.folder / "log").open("ab") as log:
            listener.bind(str(self.socket_path))
            listener.listen(16)
            self._process = subprocess.Popen(
                ["sh", "-c", _LAUNCH, str(self._entries)],
                stdin=listener,
                stdout=log,
                stderr=log,
                # As nobody it leaves /run/pcscd alone, which belongs to the machine's own service.
                user="nobody" if os.getuid() == 0 else None,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            )

    def stop(self) -> None:
        """Stop it; every client loses its connection."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.socket_path.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it without a goodbye."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Stop it and remove its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_entry(self, number: int, name: str) -> None:
        # A driver keeps its state by slot only: every reader needs a copy of the file, hence its own globals.
        library = self.folder / f"driver-{self.ports[name]}.so"
        if not library.exists():
            shutil.copy(DRIVER, library)
        port = f"0x{self.ports[name]:X}"
        (self._entries / f"reader-{number}").write_text(
            f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{port}\nLIBPATH {library}\nCHANNELID {port}\n'
        )


class VirtualCard:
    """A contactless card that knows its number. `insert` lays it on a reader's port, `remove` takes it away.

    `commands` are what it was asked, `looks` how often the service looked whether it is there.
    mute: never answers a command. leaves: is gone when a command arrives. hesitates: refuses the
    first command. answer: replaces the answer to GET UID.
    """

    def __init__(
        self,
        uid: bytes,
        atr: bytes | None = None,
        *,
        mute: bool = False,
        leaves: bool = False,
        hesitates: bool = False,
        answer: bytes | None = None,
    ) -> None:
        self.uid = uid
        self.atr = atr if atr is not None else storage_atr(3)
        self.mute = mute
        self.leaves = leaves
        self.hesitates = hesitates
        self.answer = uid + b"\x90\x00" if answer is None else answer
        self.commands: list[bytes] = []
        self.answered = threading.Event()
        self.looks = 0
        self._link: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def insert(self, port: int) -> None:
        """Lay the card on the reader that listens at this port."""
        link = self._link = eventually(lambda: _connect(port))  # a service that has just been started is not listening
        link.settimeout(None)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._serve, args=(link,), name="virtual-card", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take the card away."""
        link, self._link = self._link, None
        if link is not None:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()
        if self._thread is not None:
            self._thread.join(2)

    def _serve(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                (size,) = struct.unpack(">H", _receive(link, 2))
                message = _receive(link, size)
                answer = self._answer(link, message)
                if answer is not None:
                    link.sendall(struct.pack(">H", len(answer)) + answer)
                    if self.commands:
                        self.answered.set()

    def _answer(self, link: socket.socket, message: bytes) -> bytes | None:
        if len(message) == 1 and message[0] in _CONTROL:
            self.looks += message[0] == 4
            return self.atr if message[0] == 4 else None
        self.commands.append(message)
        if self.leaves:
            link.shutdown(socket.SHUT_RDWR)
            return None
        if self.mute:
            return None
        if self.hesitates and len(self.commands) == 1:
            return b"\x63\x00"
        return self.answer if message == bytes.fromhex("FFCA000000") else b"\x6d\x00"


def ntag(uid: str, **manner: bool) -> VirtualCard:
    """Make an NTAG 21x, seven bytes."""
    return VirtualCard(bytes.fromhex(uid), storage_atr(3), **manner)


def ultralight(uid: str) -> VirtualCard:
    """Make a MIFARE Ultralight, seven bytes, which no answer to reset tells from an NTAG."""
    return VirtualCard(bytes.fromhex(uid), storage_atr(3))


def classic(uid: str) -> VirtualCard:
    """Make a MIFARE Classic 1K, four bytes."""
    return VirtualCard(bytes.fromhex(uid), storage_atr(1))


def desfire(uid: str) -> VirtualCard:
    """Make a DESFire; in random mode it shows four bytes that begin with 08."""
    return VirtualCard(bytes.fromhex(uid), ATR_ISO_14443_4)


def _connect(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=5)
    except ConnectionRefusedError:
        return None


def _receive(link: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        # The driver sends length and body apart; without this each command waits for a delayed acknowledgement.
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = link.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return received
