"""The demo's page: every sample card with a button that taps it at the running gate."""

import hmac
import secrets
from pathlib import Path
from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, current_app, render_template, request, session

from kiosk.core.errors import InvalidInput, NeighbourDown, Refused
from kiosk.core.texts import outcome_of
from kiosk.local.talk import ask
from kiosk.web import words
from kiosk.web.bodies import json_body, read_body
from kiosk.web.cards import read_cards
from kiosk.web.feed import GateFeed
from kiosk.web.screens import FIRST_WORD_S, point_name
from kiosk.web.settings import WebSettings
from kiosk.web.shows import reason_texts

FORM_KEY_HEADER = "X-Form-Key"
KIOSK_READER = "kiosk.kiosk_reader"
"""What the application's extensions keep the name of the members' kiosk's reader under, where there is one."""

KIOSK = "@kiosk"
"""Stands for the kiosk's reader where a page names an access point."""

_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class TapOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which card to present at which access point."""

    identifier: _Short
    access_point: _Short


def make_blueprint(settings: WebSettings, feed: GateFeed) -> Blueprint:
    """Return the demo's page and the one thing it can do."""
    pages = Blueprint("demo", __name__)

    @pages.get("/demo")
    def panel() -> str:
        points = [(point, point_name(settings, point.id)) for point in feed.situation(FIRST_WORD_S).state.access_points]
        cards = read_cards(Path(settings.sample_cards))
        kiosk = KIOSK if KIOSK_READER in current_app.extensions else ""
        return render_template("demo.html", points=points, cards=cards, form_key=_form_key(), kiosk=kiosk)

    @pages.post("/demo/tap")
    def tap() -> tuple[Response, int]:
        if not hmac.compare_digest(request.headers.get(FORM_KEY_HEADER, "").encode(), _form_key().encode()):
            return json_body({"message": "form key missing or old", "hint": "Reload the page"}), 403
        try:
            return json_body(_tap(settings, feed, read_body(TapOrder))), 200
        except NeighbourDown as error:
            return json_body({"message": error.message, "hint": error.hint}), 503
        except Refused as error:
            return json_body({"message": error.message, "hint": error.hint}), 422

    return pages


def _tap(settings: WebSettings, feed: GateFeed, order: TapOrder) -> dict[str, Any]:
    """Present a card; return the record the gate wrote, and what its display says to it."""
    if order.access_point == KIOSK:
        return _tap_at_kiosk(settings, order.identifier)
    point = feed.situation(FIRST_WORD_S).point(order.access_point)
    if point is None:
        raise InvalidInput(f"the gate has no access point {order.access_point}", hint="Reload the page")
    answer = ask(settings.gate_socket, "tap", {"identifier": order.identifier, "reader": point.reader})
    granted, reason = answer.get("granted") is True, str(answer.get("reason", ""))
    title, _ = reason_texts(granted, reason)
    return {"record": answer.get("record"), "outcome": outcome_of(granted, reason), "reason": reason, "title": title}


def _tap_at_kiosk(settings: WebSettings, identifier: str) -> dict[str, Any]:
    """Lay a card on the members' kiosk of this very process: nothing is decided there and nothing recorded."""
    reader = current_app.extensions.get(KIOSK_READER, "")
    answer = ask(settings.gate_socket.with_name("web.sock"), "tap", {"identifier": identifier, "reader": reader})
    granted, reason = answer.get("read") is True, str(answer.get("reason", "")) or "ok"
    title = words.PAGES["laid_on_kiosk"]._asdict() if granted else reason_texts(granted, reason)[0]
    return {"record": None, "outcome": outcome_of(granted, reason), "reason": reason, "title": title}


def _form_key() -> str:
    """Return the key that a form of this browser carries, so that no foreign page can post in its name."""
    if "form_key" not in session:
        session["form_key"] = secrets.token_urlsafe(24)
    key: str = session["form_key"]
    return key
