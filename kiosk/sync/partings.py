"""Has the owner of a journal that central holds otherwise go on in a new one, again until it does."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from kiosk.core.errors import KioskError
from kiosk.local.talk import ask
from kiosk.sync.uplink import Uplink

RETRY_S = 1.0
ANSWER_S = 10.0

_log = logging.getLogger(__name__)


class Partings:
    """Asks in a thread for each owner: one that hangs must not stop the way of the others.

    Nothing is written down: after a restart central says again that it holds the journal otherwise.
    """

    def __init__(self, uplinks: Sequence[Uplink], socket: Callable[[str], Path], done: Callable[[], None]) -> None:
        self._uplinks = uplinks
        self._socket = socket
        self._done = done

    def start(self, stop: threading.Event) -> None:
        """Begin to look after the journals."""
        for uplink in self._uplinks:
            name = f"part-{uplink.owner}"
            threading.Thread(target=self._look_after, args=(uplink, stop), name=name, daemon=True).start()

    def _look_after(self, uplink: Uplink, stop: threading.Event) -> None:
        said = ""
        while not stop.wait(RETRY_S):
            parting = uplink.parting
            if parting is None:
                said = ""
                continue
            try:
                answer = ask(self._socket(uplink.owner), "part", msgspec.to_builtins(parting), ANSWER_S)
            except KioskError as error:
                if str(error) != said:
                    said = str(error)
                    _log.warning("journal not parted yet", extra={"owner": uplink.owner, "cause": said})
                continue
            _log.warning("journal goes on as another", extra={"before": parting.journal, "now": answer.get("journal")})
            self._done()
