"""The till's screen: its page, its stream, and what its page asks for. For the box's own browser alone."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Blueprint, Response, abort, g, render_template, request, session

from kiosk.core.errors import InvalidInput, JournalUnavailable, Refused
from kiosk.local.events import StreamSlots
from kiosk.web import words_till
from kiosk.web.bodies import json_body, read_body, stream_body
from kiosk.web.ours import check_ours
from kiosk.web.self_roster import Line
from kiosk.web.settings import TillSettings
from kiosk.web.till_desk import PayWish, PriceWish, TillDesk
from kiosk.web.till_receipts import find_receipt
from kiosk.web.till_shown import CardDesk
from kiosk.web.till_state import pull_from, state_of

OPERATOR = "till_operator"
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,32}\Z")

Answer = Response | tuple[Response, int]


class OperatorWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is at the till, by code; "" = nobody."""

    code: str


class TillScreen:
    """What the page of a till is given and asks for."""

    def __init__(
        self, desk: TillDesk, shown: CardDesk, line: Callable[[], Line], settings: TillSettings, slots: StreamSlots
    ) -> None:
        self._desk, self._shown, self._line = desk, shown, line
        self._settings, self._slots = settings, slots

    def page(self) -> str:
        """Return the screen."""
        items = sorted(self._desk.items().values(), key=lambda each: (each.kind, each.id))
        texts = {key: text._asdict() for key, text in words_till.TEXTS.items()}
        told = {"till": self._settings.id, "operator": session.get(OPERATOR, ""), "void_s": self._settings.void_s}
        return render_template("till.html", items=items, texts=texts, **told)

    def events(self) -> Response:
        """Return the stream of how the till stands."""
        if not self._slots.take():
            abort(503)
        subscription = self._shown.subscribe()
        pull = pull_from(subscription, lambda: state_of(self._desk, self._shown, self._line(), self._settings))
        return stream_body(pull, subscription.close, self._slots.release)

    def quote(self) -> Answer:
        """Say what a basket costs."""
        return _answer(lambda: self._desk.price(read_body(PriceWish)))

    def pay(self) -> Answer:
        """Sell a basket."""
        return _answer(lambda: self._desk.pay(read_body(PayWish), session.get(OPERATOR, "")))

    def away(self) -> Answer:
        """Forget the card that was shown."""
        return _answer(self._put_away)

    def _put_away(self) -> dict[str, str]:
        self._desk.put_away()
        return {}

    def operator(self) -> Answer:
        """Note who is at the till."""

        def sign_in() -> dict[str, str]:
            code = read_body(OperatorWish).code
            if code and not _CODE.match(code):
                raise InvalidInput("no operator's code")
            session[OPERATOR] = code
            return {"operator": code}

        return _answer(sign_in)

    def receipt(self, sale_id: str) -> str:
        """Return a receipt to look at and to print; `received` in the address is what was handed over in cash."""
        found = find_receipt(self._desk, sale_id, g.language)
        if found is None:
            abort(404)
        received = request.args.get("received", "")
        received_minor = int(received) if re.fullmatch(r"[0-9]{1,9}", received) else 0
        if received_minor < found.total_minor:
            received_minor = 0
        return render_template("till_receipt.html", receipt=found, received_minor=received_minor)


def make_blueprint(screen: TillScreen) -> Blueprint:
    """Return `/till` and what its page asks for, JSON in and out."""
    pages = Blueprint("till_screen", __name__, url_prefix="/till")
    pages.before_request(check_ours)
    pages.add_url_rule("", "till", screen.page)
    pages.add_url_rule("/events", "events", screen.events)
    pages.add_url_rule("/receipt/<sale_id>", "receipt", screen.receipt)
    for name, work in (
        ("quote", screen.quote), ("pay", screen.pay), ("away", screen.away), ("operator", screen.operator),
    ):  # fmt: skip
        pages.add_url_rule(f"/{name}", name, work, methods=["POST"])
    return pages


def _answer(work: Callable[[], Any]) -> Response | tuple[Response, int]:
    try:
        return json_body(work())
    except JournalUnavailable as error:
        return json_body({"done": False, "reason": "journal_unavailable", "message": error.message})
    except Refused as error:
        return json_body({"message": error.message, "hint": error.hint}), 422
