"""Who stands at a kiosk: one page has the screen, one session has a card. In memory alone, and gone with a wipe.

The page that has the screen is the one whose event stream stands; another one is told, and gets the screen when it is
free. A session ends when another card comes, when its time is over, when its page goes, and when it is told to.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from kiosk.core.clock import Clock
from kiosk.core.identifiers import Assurance
from kiosk.core.texts import Language
from kiosk.local.events import Fanout, Subscription
from kiosk.web.self_session import Session

PAGES_MAX = 16
"""Pages that are remembered; the one that was opened longest ago is forgotten first, and loads itself again."""


class News(msgspec.Struct, frozen=True):
    """What a page is told: `card`, `lifted`, `fault`, `ended`, `reader` or `screen`; `session` is the one it is about.

    `reason` is a deny reason of a card that cannot be read, or why a session ended.
    """

    kind: str
    session: str = ""
    reason: str = ""


class Elsewhere(Exception):
    """Another page has the screen, or this one is not known any more."""


class Ended(Exception):
    """The session is over."""


class Page(msgspec.Struct):
    """One page that was loaded: its language, how many event streams of it stand, and what its attract screen said."""

    token: str
    language: Language
    streams: int = 0
    attract: Mapping[str, Any] = {}


class Kiosk:
    """One kiosk. For several threads: requests, streams and the reader."""

    def __init__(self, clock: Clock, language: Language, *, card_stays: bool = False) -> None:
        self._clock, self._language, self._card_stays = clock, language, card_stays
        self._lock = threading.RLock()
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._holder = ""
        self._session: Session | None = None
        self._news: Fanout[News] = Fanout()
        self.reader_up = True

    def open_page(self) -> Page:
        """Remember a page that is being loaded; it has the screen once its stream stands and no other has it."""
        page = Page(secrets.token_urlsafe(18), self._language)
        with self._lock:
            self._pages[page.token] = page
            while len(self._pages) > PAGES_MAX:
                oldest = next(token for token in self._pages if token != self._holder)
                del self._pages[oldest]
        return page

    def page(self, token: str) -> Page:
        """Return a page that is remembered; raises Elsewhere."""
        with self._lock:
            page = self._pages.get(token)
        if page is None:
            raise Elsewhere
        return page

    def follow(self, token: str) -> Subscription[News]:
        """Begin a page's stream; give it back with `leave`. Raises Elsewhere for a page that is not remembered."""
        with self._lock:
            self.page(token).streams += 1
            return self._news.subscribe()

    def leave(self, token: str) -> None:
        """Note that a stream of a page ended; with the last one the screen is free and the session over."""
        with self._lock:
            page = self._pages.get(token)
            if page is None:
                return
            page.streams = max(page.streams - 1, 0)
            if page.streams == 0:
                self.let_go(token)

    def let_go(self, token: str) -> None:
        """Free the screen of a page that goes, and end its session."""
        with self._lock:
            if self._holder == token:
                self.end("left")
                self._holder = ""

    def has_screen(self, token: str) -> bool:
        """Say whether a page has the screen, which it gets when it is free."""
        with self._lock:
            if not self._holder and token in self._pages:
                self._holder = token
            return self._holder == token

    def session(self, page: str, token: str) -> Session:
        """Return the session that a page says it is in; raises Elsewhere and Ended."""
        with self._lock:
            self.page(page)
            if not self.has_screen(page):
                raise Elsewhere
            self.tick()
            if self._session is None or not secrets.compare_digest(self._session.token.encode(), token.encode()):
                raise Ended
            return self._session

    def now(self, token: str) -> Session | None:
        """Return the session there is, if it is this one."""
        with self._lock:
            return self._session if self._session is not None and self._session.token == token else None

    def begin(self, page: str) -> Session:
        """Begin a session without a card: joining, or saying something. Raises Elsewhere."""
        with self._lock:
            self.page(page)
            if not self.has_screen(page):
                raise Elsewhere
            self.end("another")
            self._session = Session(self._clock, "", Assurance.NONE)
            return self._session

    def card(self, credential: str, assurance: Assurance) -> None:
        """Take a card that was laid on the reader: another one ends the session there is, the same one goes on."""
        with self._lock:
            if not self._holder:
                return
            self.tick()
            if self._session is None or self._session.credential != credential:
                self.end("another")
                self._session = Session(self._clock, credential, assurance)
            self._session.lifted = False
            self._session.stale = True
            self._news.publish(News("card", self._session.token))

    def card_gone(self) -> None:
        """Take note that the card left the reader."""
        with self._lock:
            if self._session is None or not self._session.credential:
                return
            if self._card_stays:
                self.end("card_taken")
                return
            self._session.lifted = True
            self._news.publish(News("lifted", self._session.token))

    def fault(self, reason: str) -> None:
        """Tell that a card showed no number; a session there is goes on."""
        self._news.publish(News("fault", reason=reason))

    def reader(self, *, up: bool) -> None:
        """Take note that the reader went blind or sees again."""
        self.reader_up = up
        self._news.publish(News("reader"))

    def end(self, why: str, token: str = "") -> None:
        """End the session, or the one that is named; nothing of it is left here."""
        with self._lock:
            session = self._session
            if session is None or (token and session.token != token):
                return
            self._session = None
            if self._holder in self._pages:
                self._pages[self._holder].language = self._language
            self._news.publish(News("ended", session.token, why))

    def tick(self) -> None:
        """End a session whose time is over. Called by every stream every second."""
        with self._lock:
            if self._session is not None and self._clock.monotonic_ns() > self._session.deadline_ns:
                self.end("time")

    def standing(self) -> str:
        """Return the session there is, "" without one."""
        with self._lock:
            return self._session.token if self._session is not None else ""

    def close(self) -> None:
        """End the session and every stream."""
        self.end("left")
        self._news.close()
