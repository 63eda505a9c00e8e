"""The demo's page: every sample card with a button that taps it at the running gate."""

import hmac
import secrets
from pathlib import Path
from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, render_template, request, session

from kiosk.core.errors import InvalidInput, NeighbourDown, Refused
from kiosk.local.talk import ask
from kiosk.web.cards import read_cards
from kiosk.web.feed import GateFeed
from kiosk.web.screens import FIRST_WORD_S, point_name
from kiosk.web.settings import WebSettings
from kiosk.web.shows import outcome_of, reason_texts

FORM_KEY_HEADER = "X-Form-Key"

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
        return render_template("demo.html", points=points, cards=cards, form_key=_form_key())

    @pages.post("/demo/tap")
    def tap() -> tuple[Response, int]:
        if not hmac.compare_digest(request.headers.get(FORM_KEY_HEADER, "").encode(), _form_key().encode()):
            return _json({"message": "form key missing or old", "hint": "Reload the page"}), 403
        try:
            order = msgspec.json.decode(request.get_data(), type=TapOrder)
        except msgspec.DecodeError as error:
            return _json({"message": f"not a tap: {error}", "hint": ""}), 422
        try:
            return _json(_tap(settings, feed, order)), 200
        except NeighbourDown as error:
            return _json({"message": error.message, "hint": error.hint}), 503
        except Refused as error:
            return _json({"message": error.message, "hint": error.hint}), 422

    return pages


def _tap(settings: WebSettings, feed: GateFeed, order: TapOrder) -> dict[str, Any]:
    """Present a card; return the record the gate wrote, and what its display says to it."""
    point = feed.situation(FIRST_WORD_S).point(order.access_point)
    if point is None:
        raise InvalidInput(f"the gate has no access point {order.access_point}", hint="Reload the page")
    answer = ask(settings.gate_socket, "tap", {"identifier": order.identifier, "reader": point.reader})
    granted, reason = answer.get("granted") is True, str(answer.get("reason", ""))
    title, _ = reason_texts(granted, reason)
    return {"record": answer.get("record"), "outcome": outcome_of(granted, reason), "reason": reason, "title": title}


def _form_key() -> str:
    """Return the key that a form of this browser carries, so that no foreign page can post in its name."""
    if "form_key" not in session:
        session["form_key"] = secrets.token_urlsafe(24)
    key: str = session["form_key"]
    return key


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
