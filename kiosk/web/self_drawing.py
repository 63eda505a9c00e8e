"""Draws a kiosk's screens: a screen as a value, and a page's language, to a piece of HTML."""

from typing import Any

from flask import g, render_template

from kiosk.core import texts
from kiosk.web.qr import code_svg
from kiosk.web.self_desk import Desk
from kiosk.web.self_kiosk import Kiosk, Page
from kiosk.web.self_session import Screen, Session
from kiosk.web.self_show import Writer
from kiosk.web.settings import WebSettings


class Drawing:
    """Draws for one kiosk, within a request."""

    def __init__(self, settings: WebSettings, kiosk: Kiosk, desk: Desk) -> None:
        self._settings, self._kiosk, self._desk = settings, kiosk, desk

    def screen(self, page: Page, screen: Screen, session: Session | None) -> str:
        """Return a screen as HTML; the code of an order becomes a picture here."""
        fields = dict(screen.fields)
        if screen.name == "pay":
            text = str(fields.pop("code"))
            fields["code_svg"] = code_svg(text) if text else ""
        elif screen.name in ("ending", "result"):
            fields["code_text"] = fields.pop("code", "")
        idle_s = 0 if screen.poll_s or screen.ends_s else (screen.idle_s or self._desk.settings.idle_s)
        if session is None:
            idle_s = self._desk.settings.idle_s if page.language is not self._settings.language else 0
        names = {**self.names(page), **fields}
        return render_template(f"self/{screen.name}.html", screen=screen, session=session, idle_s=idle_s, **names)

    def attract(self, page: Page, *, reset: bool = False) -> str:
        """Return the screen of a kiosk that nobody uses; `reset` brings the language back to the box's own."""
        if reset:
            page.language = self._settings.language
        page.attract = self.attract_says(page)
        return self.screen(page, Screen("attract", page.attract), None)

    def attract_says(self, page: Page) -> dict[str, Any]:
        """Return what the attract screen has to say now, its line left out."""
        announced = self._desk.roster.announcements(self._desk.today())
        return {"reader_up": self._kiosk.reader_up, "hours": self._hours(page), "announced": announced}

    def reading(self, page: Page, session: Session) -> str:
        """Return the screen that stands while central is asked about a card."""
        return self.screen(page, Screen("reading"), session)

    def elsewhere(self, page: Page | None = None) -> str:
        """Return what a page is told that has not got the screen."""
        return self.screen(page or Page("", self._settings.language), Screen("elsewhere"), None)

    def help_said(self, page: Page, ending: str) -> str:
        """Return what is said to whoever asked for help, as plain text."""
        say, phone = self.names(page)["t"], self._desk.settings.phone
        then = say(f"{ending}_phone", phone=phone) if phone else say(f"{ending}_no_phone")
        return f"{say(ending)}{then}"

    def line(self, page: Page) -> str:
        """Return the permanent line."""
        return render_template("self/line.html", **self.names(page))

    def online(self) -> bool:
        """Say whether central can be reached."""
        return self._desk.line().online

    def names(self, page: Page) -> dict[str, Any]:
        """Return what every template of the kiosk is drawn with, and have the request speak the page's language."""
        g.language = page.language
        writer, line = Writer(self._settings, self._desk, page.language), self._desk.line()
        return {
            **writer.names(),
            "settings": self._desk.settings,
            "line": line,
            "line_text": writer.line(line),
            "language": page.language,
            "other_language": texts.other(page.language),
        }

    def _hours(self, page: Page) -> list[tuple[str, str, bool]]:
        schedule = self._desk.settings.hours
        if not schedule:
            return []
        today = self._desk.today()
        writer = Writer(self._settings, self._desk, page.language)
        return writer.hours(self._desk.roster.hours(schedule, today), today)
