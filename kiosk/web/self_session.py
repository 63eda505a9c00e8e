"""One person's time at a kiosk: the card, what central told of its member, and what is being done. Memory alone."""

import secrets
import threading
from collections.abc import Mapping
from typing import Any

import msgspec

from kiosk.core.clock import Clock
from kiosk.core.identifiers import Assurance
from kiosk.core.papers import Paper, PaperKind
from kiosk.core.self_service import MemberView, OrderAsked, OrderTold

FIRST_S = 90
"""How long a session lasts before its first screen has said how long it may."""

Values = dict[str, str]


class Screen(msgspec.Struct, frozen=True):
    """One screen: template `self/NAME.html` and what it shows.

    `idle_s` is how long nothing may be touched before the warning, 0 = as long as the settings say; with `ends_s` the
    session ends by itself after so long; with `poll_s` the page asks for it again so often. `sound` is of sounds.js.
    """

    name: str
    fields: Mapping[str, Any] = {}
    idle_s: int = 0
    ends_s: int = 0
    poll_s: int = 0
    sound: str = ""


class OrderHeld(msgspec.Struct):
    """An order that the session made: what was asked, what is known of it, and moments of the monotonic clock.

    `unheard_ns` is since when central has not answered, None while it does; `until_ns` when it can be paid no more;
    `sent` whether its code was ever shown; `refused` why central does not open it; `given_up` whether the member
    cancelled it; `settling_ns` since when it is over, and how it ended is still being found out.
    """

    asked: OrderAsked
    begun_ns: int
    told: OrderTold | None = None
    until_ns: int | None = None
    unheard_ns: int | None = None
    sent: bool = False
    refused: str = ""
    given_up: bool = False
    settling_ns: int | None = None


class PaperHeld(msgspec.Struct):
    """A vote or questionnaire that is being filled in: an answer to each of its questions, "" for none yet."""

    kind: PaperKind
    paper: Paper
    answers: list[str]


class Session:
    """A session; `credential` is "" without a card. Requests hold `doing`, so that a double press waits for the first.

    `stale` asks for the member's data anew at the next home screen: the card was laid on again. `screen` is what is
    shown; `draft` what was typed so far; `ids` the ids under which central is asked for something, so that asking again
    is the same wish.
    """

    def __init__(self, clock: Clock, credential: str, assurance: Assurance) -> None:
        self.token = secrets.token_urlsafe(18)
        self.credential, self.assurance = credential, assurance
        self.lifted = self.stale = False
        self.view: MemberView | None = None
        self.order: OrderHeld | None = None
        self.paper: PaperHeld | None = None
        self.screen: Screen | None = None
        self.draft: Values = {}
        self.ids: dict[str, str] = {}
        self.doing = threading.Lock()
        self._clock = clock
        self.deadline_ns = clock.monotonic_ns() + FIRST_S * 1_000_000_000

    def allow(self, seconds: float) -> None:
        """Let the session go on for so long from now."""
        self.deadline_ns = self._clock.monotonic_ns() + int(seconds * 1e9)

    def id_of(self, wish: str) -> str:
        """Return the id of a wish, made when it is first needed."""
        return self.ids.setdefault(wish, secrets.token_hex(16))

    def done_with(self, wish: str) -> None:
        """Forget the id of a wish that was answered: the next one is another."""
        self.ids.pop(wish, None)
