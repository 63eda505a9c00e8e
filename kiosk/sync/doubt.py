"""Whether central's `bad` is about our batch.

The ack names no batch: its place is where central stands, and an altered copy of a batch that somebody else sent under
our name earns one too. So it can be ours only where central stands at the beginning of our batch, and one for each
time that we sent it. Once may be damage on the way, and the batch goes again. The next is believed at the moment when
the batch would go once more: had central taken ours, its `ok` would have come in between.
"""

from kiosk.wire.messages import Ack

BAD_MAX = 2


class Doubt:
    """Counts the `bad` acks of one batch. `ripe` is the last of them once there were enough."""

    def __init__(self) -> None:
        self.ripe: Ack | None = None
        self._unanswered = False
        self._times: set[str] = set()

    def sent(self) -> None:
        """Note that the batch was sent, once more or for the first time: one `bad` may answer that."""
        self._unanswered = True

    def landed(self) -> None:
        """Note that nothing is in flight any more: what ripened has to show itself again."""
        self._unanswered, self.ripe = False, None

    def forget(self) -> None:
        """Begin with another batch."""
        self.landed()
        self._times.clear()

    def send_again(self, ack: Ack) -> bool:
        """Take a `bad` that may be ours; say whether the batch goes again at once. The same ack twice is one."""
        if not self._unanswered or ack.time in self._times:
            return False
        self._unanswered = False
        self._times.add(ack.time)
        if len(self._times) < BAD_MAX:
            return True
        self.ripe = ack
        return False
