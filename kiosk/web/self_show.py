"""How a kiosk writes sums, days, codes and the line, in the language of the page."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from kiosk.core import texts
from kiosk.core.records import DenyReason
from kiosk.core.self_service import Both
from kiosk.core.texts import Language, member_text
from kiosk.web import words, words_codes
from kiosk.web.self_desk import Desk
from kiosk.web.self_roster import Line, OpenSpan
from kiosk.web.settings import WebSettings

FRESH = timedelta(minutes=15)
"""Data younger than this is told as up to date while the line stands."""

_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
_SPEND_BASES = frozenset({"spend_minor"})


class Writer:
    """Writes in one language, for one screen."""

    def __init__(self, settings: WebSettings, desk: Desk, language: Language) -> None:
        self._settings, self._desk, self._language = settings, desk, language

    def say(self, key: str, **values: object) -> str:
        """Return a text of the screens."""
        return texts.say(words.ALL, key, self._language, **values)

    def say_other(self, key: str, **values: object) -> str:
        """Return a text in the other language."""
        return texts.say(words.ALL, key, texts.other(self._language), **values)

    def say_or(self, otherwise: str, key: str) -> str:
        """Return a text; the text `otherwise` for a code that is not known here."""
        return self.say(key if key in words.ALL else otherwise)

    def code(self, kind: str, code: str) -> str:
        """Return what central's code is called; of a code that is not known here, that of its kind's `other`."""
        table = words_codes.CODES[kind]
        return texts.say(table, code if code in table else "other", self._language)

    def both(self, told: Both) -> str:
        """Return a text that central keeps; Chinese where there is no English."""
        return told.en if self._language is Language.EN and told.en else told.zh

    def signed(self, amount: int, points: bool) -> str:
        """Return a change with its sign."""
        shown = self.points_text(abs(amount)) if points else money(abs(amount))
        return ("+" if amount >= 0 else "−") + shown

    def points_text(self, points: int) -> str:
        """Return a number of points."""
        return self.say("points_n", n=whole(points))

    def amount_of(self, basis: str, amount: int) -> str:
        """Return how much of a tier's basis: money or a plain number."""
        return money(amount, short=True) if basis in _SPEND_BASES else whole(amount)

    def moment(self, moment: datetime) -> str:
        """Return a moment by the venue's clock, without the year."""
        return f"{self._desk.local(moment):%m-%d %H:%M}"

    def span(self, starts: datetime, ends: datetime) -> str:
        """Return from when to when."""
        first, last = self._desk.local(starts), self._desk.local(ends)
        return f"{first:%m-%d %H:%M}–{last:%H:%M}" if first.date() == last.date() else f"{first:%m-%d}–{last:%m-%d}"

    def point(self, access_point: str) -> str:
        """Return what an access point is called here; its id where it has no name."""
        named = self._settings.access_points.get(access_point)
        return (getattr(named, self._language.value) or named.zh or access_point) if named else access_point

    def why_title(self, reason: str) -> str:
        """Return why a card was refused, as only its member may read it."""
        if reason in words_codes.WHY:
            return texts.say(words_codes.WHY, reason, self._language)
        return member_text(reason, self._language).title

    def why_advice(self, reason: str) -> str:
        """Return what to do about a refusal."""
        known = reason if reason in set(DenyReason) else DenyReason.OTHER
        return member_text(known, self._language).advice

    def line(self, line: Line) -> str:
        """Return the permanent line: online or offline since when, and of when the data is."""
        now = self._desk.clock.now()
        comma = self.say("comma")
        if line.online:
            head = self.say("online_since", time=self._time(line.since)) if line.since else self.say("online")
        else:
            head = self.say("offline_for", age=self._age(now - line.since)) if line.since else self.say("offline")
        if line.data_at is None:
            return head + comma + self.say("data_none")
        if line.online and now - line.data_at < FRESH:
            return head + comma + self.say("data_fresh")
        return head + comma + self.say("data_as_of", time=self._time(line.data_at))

    def hours(self, spans: tuple[OpenSpan, ...], today: date) -> list[tuple[str, str, bool]]:
        """Return opening hours as lines: the days, the times, and whether they are today's."""
        lines = []
        for span in spans:
            times = "  ".join(f"{each.opens}–{each.closes}" for each in span.windows) or self.say("closed")
            here = span.day == today if span.day else str(today.isoweekday()) in span.days
            lines.append((span.day.isoformat() if span.day else self._days(span.days), times, here))
        return lines

    def _days(self, days: str) -> str:
        if len(days) == len("1234567"):
            return self.say("every_day")
        names = [self.say(f"weekday_{each}") for each in (days[0], days[-1])]
        return names[0] if len(days) == 1 else "–".join(names)

    def _time(self, moment: datetime) -> str:
        local = self._desk.local(moment)
        return f"{local:%H:%M}" if local.date() == self._desk.today() else f"{local:%Y-%m-%d %H:%M}"

    def _age(self, age: timedelta) -> str:
        seconds = max(int(age.total_seconds()), 0)
        unit, size = next((each for each in _UNITS if seconds >= 2 * each[1]), _UNITS[-1])
        return self.say(unit, n=seconds // size)

    def names(self) -> dict[str, Callable[..., Any]]:
        """Return what templates write with."""
        return {
            "t": self.say, "t_other": self.say_other, "t_or": self.say_or, "code": self.code, "both": self.both,
            "money": money, "whole": whole, "signed": self.signed, "points_text": self.points_text,
            "amount_of": self.amount_of, "moment": self.moment, "span": self.span, "point": self.point,
            "why_title": self.why_title, "why_advice": self.why_advice, "clock_of": clock_of,
        }  # fmt: skip


def money(amount_minor: int, *, short: bool = False) -> str:
    """Return ¥1,234.50; `short` leaves the fen out where there are none."""
    sign, yuan, fen = "−" if amount_minor < 0 else "", abs(amount_minor) // 100, abs(amount_minor) % 100
    return f"{sign}¥{yuan:,}" + ("" if short and not fen else f".{fen:02}")


def whole(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}"


def clock_of(seconds: int) -> str:
    """Return minutes and seconds, 2:05."""
    return f"{seconds // 60}:{seconds % 60:02}"
