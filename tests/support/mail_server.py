"""A mail server for tests: enough SMTP over a real socket, with STARTTLS and passwords. It keeps the mail."""

import base64
import socketserver
import ssl
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

LINE_BYTES_MAX = 4096


class MailServer:
    """Listens on 127.0.0.1 until closed. `answers` replaces the reply to a command, such as `RCPT` or `.` after mail.

    `password` is what a sender has to sign in with; empty: nothing. `silent` takes connections and says nothing.
    """

    def __init__(self, certificate: tuple[Path, Path] | None = None, password: str = "") -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.silent = threading.Event()
        self.password = password
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.mail_server = self
        self.port: int = self._server.server_address[1]
        serve = {"poll_interval": 0.02}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=serve, name="mail", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.silent.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    @property
    def keys(self) -> list[str]:
        """What came, by Message-ID."""
        return [str(mail["Message-ID"]) for mail in self.mails]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    mail_server: MailServer


class _Session(socketserver.StreamRequestHandler):
    server: Any
    timeout = 20

    def finish(self) -> None:
        """Close the connection, also one that was secured on the way."""
        super().finish()
        self.request.close()

    def handle(self) -> None:
        """Talk to one sender until it leaves."""
        server: MailServer = self.server.mail_server
        server.connections += 1
        self._secure, self._signed_in = False, not server.password
        if server.silent.is_set():
            self.rfile.readline(LINE_BYTES_MAX)
            return
        self._say("220 test")
        while line := self.rfile.readline(LINE_BYTES_MAX).decode().strip():
            command = line.split()[0].upper()
            if answer := server.answers.get(command):
                self._say(answer)
            elif not self._obey(server, command, line):
                return

    def _obey(self, server: MailServer, command: str, line: str) -> bool:
        if command == "EHLO":
            extras = ["test", "8BITMIME"]
            extras += ["STARTTLS"] if server.context and not self._secure else []
            extras += ["AUTH PLAIN"] if server.password else []
            for each in extras[:-1]:
                self._say(f"250-{each}")
            self._say(f"250 {extras[-1]}")
        elif command == "STARTTLS" and server.context:
            self._say("220 go on")
            return self._go_secure(server.context)
        elif command == "AUTH":
            given = base64.b64decode(line.split()[2]).decode().split("\0")[2]
            self._signed_in = given == server.password
            self._say("235 welcome" if self._signed_in else "535 no")
        elif command in ("MAIL", "RCPT", "DATA") and not self._signed_in:
            self._say("530 sign in first")
        elif command == "DATA":
            self._take(server)
        elif command == "QUIT":
            self._say("221 bye")
            return False
        else:
            if command == "RCPT":
                server.recipients.append(line.partition(":")[2])
            self._say("250 ok")
        return True

    def _go_secure(self, context: ssl.SSLContext) -> bool:
        secured = context.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        self.request = secured
        try:
            secured.do_handshake()
        except OSError:
            return False  # the sender does not trust the certificate
        self.rfile, self.wfile = secured.makefile("rb"), secured.makefile("wb", 0)
        self._secure = True
        return True

    def _take(self, server: MailServer) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline(LINE_BYTES_MAX)) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        if answer := server.answers.get("."):
            self._say(answer)
            return
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        server.mails.append(mail)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
