"""An uplink over a line that loses, repeats and reorders, with both ends restarted and put back to older copies.

Whatever happened: once the line is honest, central holds what the journals hold, nothing is lost and nothing is twice.
"""

import shutil
import tempfile
from pathlib import Path

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.sync.builders import Box, ModelCentral, content, origin

MEMORY = "/dev/shm"  # noqa: S108  # mkdtemp makes a folder of our own in it
INDEX = st.integers(0, 10**6)


class LossyLine(RuleBasedStateMachine):
    """Messages wait in two bags; each is delivered, repeated or lost as chance has it."""

    def __init__(self) -> None:
        super().__init__()
        # In memory where there is such a place: this test is about order, not about power cuts.
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if Path(MEMORY).is_dir() else None))
        self.central = ModelCentral()
        self.box = Box(self.folder / "data", self.central)
        self.to_central: list[tuple[str, bytes]] = []
        self.to_box: list[bytes] = []
        self.backup = self.central.copy()
        self.image: Path | None = None
        self.images = 0
        self.written: set[tuple[object, ...]] = set()
        self.central_went_back = False

    def teardown(self) -> None:
        """Let the line be honest and see that everything is there, once."""
        try:
            self.box.drain(self.central)
            self.note()
            at_central = [(journal, record) for journal, record in self.central.records()]
            facts = [content(*each) for each in at_central]
            held = {content(*each) for each in self.box.held() if "copied_from" not in each[1]["data"]}
            in_use = {content(*each) for each in self.box.held() if each[0] == self.box.journal.id}
            assert in_use <= set(facts), "lost"
            assert {each for each in held if each[3] != "journal.opened"} <= set(facts), "lost from an older journal"
            assert set(facts) <= self.written, "invented"
            places = {(journal, record["seq"]) for journal, record in at_central}
            assert len(places) == len(at_central), "twice in one place"
            credentials: dict[str, set[tuple[str, int]]] = {}
            for journal, record in at_central:
                if credential := record["data"].get("credential"):
                    credentials.setdefault(credential, set()).add(origin(journal, record))
            assert all(len(origins) == 1 for origins in credentials.values()), "twice"
            assert self.central.bodies(self.box.journal.id) == self.box.bodies()
        finally:
            self.box.close()
            shutil.rmtree(self.folder)

    def note(self) -> None:
        """Remember everything that was ever written."""
        self.written |= {content(*each) for each in self.box.held()}

    @initialize()
    def begin(self) -> None:
        """Be born."""
        self.birth()

    @rule(count=st.integers(1, 40))
    def append(self, count: int) -> None:
        """Somebody taps."""
        self.box.append(count, reason="x" * 3000 if count == 40 else "credential_expired")

    @rule()
    def birth(self) -> None:
        """Say what is here."""
        self.box.uplink.connected()
        self.to_central.append(("state", self.box.birth()))

    @rule(taken=st.booleans())
    def send(self, taken: bool) -> None:
        """Hand over what is due, as the link takes it or not."""
        if self.box.birth_wanted:
            self.to_central.append(("state", self.box.birth()))
        if (payload := self.box.send(taken=taken)) and taken:
            self.to_central.append(("journal", payload))

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 70.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.box.clock.advance(seconds)

    @precondition(lambda self: self.to_central)
    @rule(index=INDEX, keep=st.booleans(), damage=st.sampled_from([False, False, False, True]))
    def reach_central(self, index: int, keep: bool, damage: bool) -> None:
        """Deliver a message, in any order, perhaps to come again, perhaps damaged."""
        place = index % len(self.to_central)
        kind, payload = self.to_central[place]
        if not keep:
            del self.to_central[place]
        if kind == "journal":
            payload = payload.replace(b"credential_expired", b"credential_revoked", 1) if damage else payload
            answer = self.central.batch(payload, self.box.key.public)
            self.to_box += [answer] if answer else []
        else:
            self.to_box += self.central.birth(payload, self.box.key.public)

    @precondition(lambda self: self.to_box)
    @rule(index=INDEX, keep=st.booleans())
    def reach_box(self, index: int, keep: bool) -> None:
        """Deliver an ack, in any order, perhaps to come again."""
        place = index % len(self.to_box)
        payload = self.to_box[place] if keep else self.to_box.pop(place)
        self.box.take(payload)

    @rule(index=INDEX)
    def lose(self, index: int) -> None:
        """Lose a message."""
        bag: list[object] = self.to_central if index % 2 else self.to_box  # type: ignore[assignment]
        if bag:
            del bag[index % len(bag)]

    @precondition(lambda self: self.box.uplink.parting is not None)
    @rule()
    def part(self) -> None:
        """Have the gate go on in a new journal."""
        self.note()
        self.box.part()

    @rule()
    def restart_box(self) -> None:
        """Stop and start the box."""
        self.box.restart()

    @rule()
    def back_up_central(self) -> None:
        """Take a backup of central."""
        self.backup = self.central.copy()

    @rule()
    def restore_central(self) -> None:
        """Put the backup back."""
        self.central.journals = {name: list(rows) for name, rows in self.backup.items()}
        self.central_went_back = True

    @rule()
    def take_image(self) -> None:
        """Copy the box's disk."""
        self.images += 1
        self.image = self.box.image(self.folder / f"image-{self.images}")

    @precondition(lambda self: self.image is not None)
    @rule()
    def put_image_back(self) -> None:
        """Put the box's disk back."""
        self.note()
        assert self.image is not None
        self.box.restore(self.image)

    @invariant()
    def what_the_cursor_confirms_is_at_central(self) -> None:
        """No cursor stands beyond what central committed, as long as central never went back."""
        if not self.central_went_back and self.box.uplink.journal:
            assert self.box.uplink.acked <= self.central.head(self.box.uplink.journal)[0]


TestLossyLine = LossyLine.TestCase
TestLossyLine.settings = hypothesis.settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
