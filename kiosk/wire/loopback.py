"""The shipped fake of a broker: in memory, honest until it is told to lose, repeat, delay, reorder or cut.

What it does by chance it does from a seed. With `stepped=True` nothing moves but by `step` and `run`, in the caller's
thread, and the same calls give the same course; otherwise a thread of its own keeps it going.
"""

import heapq
import random
import threading
from collections.abc import Callable
from itertools import count
from typing import Self

import msgspec

from kiosk.wire.access import matches
from kiosk.wire.link import Disconnected, LinkSettings
from kiosk.wire.loopback_link import LoopbackLink, Message, Session

TICK_S = 0.001
LOOK_AGAIN_S = 0.05
RUN_STEPS_MAX = 100_000

COUNTERS = ("routed", "delivered", "lost", "repeated", "delayed", "cut", "dropped")


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Chances from 0 to 1, drawn for each message on its way in and again on each way out.

    `cut` ends the connection of the client whose message it is. `delay_max` is in ticks (a step each, about 1 ms in
    the thread); messages with different delays overtake one another.
    """

    lose: float = 0.0
    repeat: float = 0.0
    cut: float = 0.0
    delay_max: int = 0


class LoopbackBroker:
    """An MQTT broker without network, passwords or ACL: retained messages, wills, wildcards, `$share/group/…`.

    Sessions are clean, as those of `MqttLink` are: what was not `done` when a connection ended is gone.
    """

    def __init__(
        self,
        seed: int = 0,
        lose: float = 0.0,
        repeat: float = 0.0,
        delay_max: int = 0,
        cut: float = 0.0,
        *,
        stepped: bool = False,
    ) -> None:
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.retained: dict[str, bytes] = {}
        self.changed = threading.Condition(threading.RLock())
        self._faults = Faults(lose=lose, repeat=repeat, delay_max=delay_max, cut=cut)
        self._dice = random.Random(seed)  # noqa: S311  faults must come again with their seed
        self._stepped = stepped
        self._tick = 0
        self._order = count()
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._links: list[LoopbackLink] = []
        self._is_up = True
        self._is_paused = False
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def link(self, settings: LinkSettings) -> LoopbackLink:
        """Make a `Link` to this broker; host, port, password and certificates do not matter."""
        return LoopbackLink(self, settings)

    def faults(self, **named: float) -> None:
        """Change the faults that are named, such as `lose=0.1`; 0 heals one."""
        with self.changed:
            self._faults = msgspec.structs.replace(self._faults, **named)

    def forge(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say something in nobody's name."""
        with self.changed:
            self.route(topic, payload, retain)

    def cut(self, client_id: str) -> None:
        """End a client's connection without a goodbye: its will is published, and it connects again by itself."""
        with self.changed:
            for link in self._links:
                if link.settings.client_id == client_id:
                    self.end_session(link, "cut")

    def down(self) -> None:
        """Die: connections end, no will is published, what was on its way is gone, what is retained stays."""
        with self.changed:
            self._is_up = False
            self._due.clear()
            for link in self._links:
                link.leave("the broker died")

    def up(self) -> None:
        """Come back."""
        with self.changed:
            self._is_up = True
            self.changed.notify_all()

    def wipe(self) -> None:
        """Forget what is retained and what is on its way."""
        with self.changed:
            self.retained.clear()
            self._due.clear()
            for link in self._links:
                link.forget()

    def pause(self) -> None:
        """Let nothing through until `resume`; connections stand."""
        with self.changed:
            self._is_paused = True

    def resume(self) -> None:
        """End a pause."""
        with self.changed:
            self._is_paused = False
            self.changed.notify_all()

    def step(self) -> bool:
        """Advance one tick: connect who waits, move what is due. Returns whether anything is left to do."""
        with self.changed:
            self._tick += 1
            if not self._is_paused:
                for link in self._links if self._is_up else ():
                    if link.wants_to_connect():
                        link.connect()
                while self._due and self._due[0][0] <= self._tick:
                    heapq.heappop(self._due)[2]()
            return self._has_work()

    def run(self, steps_max: int = RUN_STEPS_MAX) -> None:
        """Step until nothing is left to do; raises RuntimeError after so many steps."""
        for _ in range(steps_max):
            if not self.step():
                return
        raise RuntimeError(f"the loopback broker is not quiet after {steps_max} steps")

    def close(self) -> None:
        """Stop the thread. May be called twice."""
        with self.changed:
            self._is_closed = True
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        """Return the broker."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the thread."""
        self.close()

    # What follows is for links, which hold `changed`.

    def enrol(self, link: LoopbackLink) -> None:
        """Take in a link that was started."""
        self._links.append(link)
        if not self._stepped and self._thread is None:
            self._thread = threading.Thread(target=self._keep_going, name="loopback-broker", daemon=True)
            self._thread.start()
        if not self._is_up:
            link.events.put(Disconnected("the broker is down"))
        self.changed.notify_all()

    def dismiss(self, link: LoopbackLink) -> None:
        """Let a closed link go."""
        if link in self._links:
            self._links.remove(link)

    def welcome(self, link: LoopbackLink) -> None:
        """Take over from another connection of the same name, and send what is retained."""
        for other in self._links:
            if other is not link and other.settings.client_id == link.settings.client_id:
                self.end_session(other, "taken over")
        for topic, payload in sorted(self.retained.items()):
            if any(matches(wanted, topic) for wanted in link.plain_filters):
                self._send(link, Message(topic, payload, retained=True))

    def submit(self, link: LoopbackLink, topic: str, payload: bytes, retain: bool) -> None:
        """Take a message in; lost or not, it frees its place in the sender's window when its time has come."""
        session = link.session

        def arrive() -> None:
            if not session.ended:
                session.unconfirmed -= 1
                for _ in range(self._copies()):
                    self.route(topic, payload, retain)
                self._cut_by_chance(link, session)

        session.unconfirmed += 1
        self._later(arrive)

    def route(self, topic: str, payload: bytes, retain: bool) -> None:
        """Keep what is to be retained, and send a message to everybody who wants it."""
        self.counters["routed"] += 1
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        groups: dict[str, list[LoopbackLink]] = {}
        for link in self._links:
            if any(matches(wanted, topic) for wanted in link.plain_filters):
                self._send(link, Message(topic, payload))
            for shared, wanted in link.shared_filters.items():
                if matches(wanted, topic) and not link.session.ended:
                    groups.setdefault(shared, []).append(link)
        for members in groups.values():
            self._send(self._dice.choice(members), Message(topic, payload))

    def end_session(self, link: LoopbackLink, cause: str) -> None:
        """End a connection, if it stands, and publish its will."""
        if link.leave(cause):
            self.counters["cut"] += 1
            if link.settings.will:
                self.route(*link.settings.will, retain=True)
        self.changed.notify_all()

    def soon(self, action: Callable[[], None]) -> None:
        """Do something with the next step, by no chance."""
        self._put(0, action)

    def _send(self, link: LoopbackLink, message: Message) -> None:
        session = link.session

        def deliver() -> None:
            if not session.ended:
                link.take(message)
                self._cut_by_chance(link, session)

        for _ in range(0 if session.ended else self._copies()):
            self._later(deliver)

    def _copies(self) -> int:
        if self._happens(self._faults.lose):
            self.counters["lost"] += 1
            return 0
        if self._happens(self._faults.repeat):
            self.counters["repeated"] += 1
            return 2
        return 1

    def _cut_by_chance(self, link: LoopbackLink, session: Session) -> None:
        if not session.ended and self._happens(self._faults.cut):
            self.end_session(link, "cut by chance")

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._dice.random() < chance

    def _later(self, action: Callable[[], None]) -> None:
        delay = self._dice.randint(0, self._faults.delay_max)
        self.counters["delayed"] += delay > 0
        self._put(delay, action)

    def _put(self, delay: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self._tick + delay, next(self._order), action))
        self.changed.notify_all()

    def _has_work(self) -> bool:
        if self._is_paused:
            return False
        return bool(self._due) or (self._is_up and any(link.wants_to_connect() for link in self._links))

    def _keep_going(self) -> None:
        while True:
            with self.changed:
                # A link that has too many events gets room without telling us, hence the time limit.
                self.changed.wait_for(lambda: self._is_closed or self._has_work(), LOOK_AGAIN_S)
                if self._is_closed:
                    return
                if self.step():
                    self.changed.wait(TICK_S)
