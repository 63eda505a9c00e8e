"""What a kiosk's page is told while it stands: cards, the end of a session, the line, and who has the screen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from kiosk.core.texts import member_text
from kiosk.local.events import StreamEnded, Subscription, event_text
from kiosk.web.self_drawing import Drawing
from kiosk.web.self_kiosk import Elsewhere, Kiosk, News, Page

PATIENT_LOOKS = 2
"""A page that comes while another has the screen says so after so many looks: on a reload the other is just going."""

ATTRACT_LOOKS = 5
"""Every so many looks, seconds that is, the attract screen is drawn anew: the office announces, and days begin."""

_REPLACED = frozenset({"another"})
"""Ends that need no word of their own: the card that brought them is told next."""


def make_pull(
    kiosk: Kiosk,
    drawing: Drawing,
    token: str,
    subscription: Subscription[News],
    context: Callable[[], AbstractContextManager[object]],
) -> Callable[[float], list[bytes]]:
    """Return what the page's event stream pulls from; it ends the session whose time is over.

    `context` is what templates are drawn in: a stream goes on when its request is long done.
    """
    stream = _Stream(kiosk, drawing, token)

    def pull(timeout_s: float) -> list[bytes]:
        items = subscription.take(timeout_s if stream.begun else 0)
        if subscription.lagged():
            raise StreamEnded
        with context():
            return stream.told(items)

    return pull


class _Stream:
    """What one stream has told so far."""

    def __init__(self, kiosk: Kiosk, drawing: Drawing, token: str) -> None:
        self._kiosk, self._drawing, self._token = kiosk, drawing, token
        self._had: bool | None = None
        self._looks = self._told = 0
        self._line = ""
        self.begun = False

    def told(self, items: list[News]) -> list[bytes]:
        """Return what is to be said now, as events."""
        self.begun = True
        try:
            page = self._kiosk.page(self._token)
        except Elsewhere as error:
            raise StreamEnded from error
        self._kiosk.tick()
        has = self._kiosk.has_screen(self._token)
        said = self._about_screen(page, has=has)
        if has:
            said += [event for item in items for event in self._about(page, item)]
            said += self._about_line(page)
            said += self._about_attract(page)
        return said

    def _about_screen(self, page: Page, *, has: bool) -> list[bytes]:
        if has and self._had is None:
            self._had = True
            return [_event("standing", session=self._kiosk.standing())]
        if has and not self._had:
            self._had = True
            return [_event("yours", html=self._drawing.attract(page))]
        if has or self._had is False:
            return []
        self._looks += 1
        if self._had is None and self._looks <= PATIENT_LOOKS:
            return []
        self._had = False
        return [_event("elsewhere", html=self._drawing.elsewhere(page))]

    def _about(self, page: Page, item: News) -> list[bytes]:
        if item.kind == "card":
            session = self._kiosk.now(item.session)
            return [_event("card", session=item.session, html=self._drawing.reading(page, session))] if session else []
        if item.kind == "ended":
            if item.reason in _REPLACED:
                return []
            return [_event("ended", session=item.session, why=item.reason, html=self._drawing.attract(page))]
        if item.kind == "fault":
            text = member_text(item.reason, page.language)
            return [_event("fault", text=f"{text.title} · {text.advice}")]
        if item.kind == "reader":
            return [_event("reader", html=self._drawing.attract(page))]
        return [_event(item.kind, session=item.session)]

    def _about_attract(self, page: Page) -> list[bytes]:
        """Return the attract screen where it stands and says something else by now."""
        self._told += 1
        if self._told % ATTRACT_LOOKS or self._kiosk.standing():
            return []
        if not page.attract or page.attract == self._drawing.attract_says(page):
            return []
        return [_event("attract", html=self._drawing.attract(page))]

    def _about_line(self, page: Page) -> list[bytes]:
        line = self._drawing.line(page)
        if line == self._line:
            return []
        self._line = line
        return [_event("line", html=line, online=self._drawing.online())]


def _event(name: str, **said: Any) -> bytes:
    return event_text(msgspec.json.encode(said), name=name)
