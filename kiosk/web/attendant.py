"""The attendant's view of an access point: the live list of taps, a release by hand, who is inside, and the emergency.

What is done goes through the gate's socket, which writes it down before it acts. Pages are for the box's own browser,
unless its configuration says otherwise.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from msgspec import Meta
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.clock import Clock
from kiosk.core.errors import InvalidInput, JournalUnavailable, NeighbourDown, Refused
from kiosk.core.releases import ReleaseWhy
from kiosk.local.events import StreamEnded, StreamSlots, Subscription, event_text
from kiosk.local.talk import ask
from kiosk.web import words_attendant
from kiosk.web.attendant_people import Attendants
from kiosk.web.attendant_photos import Photos
from kiosk.web.attendant_views import PEOPLE_MAX, InsideView, state_view, tap_view
from kiosk.web.bodies import json_body, read_body, stream_body
from kiosk.web.feed import Decision, FeedItem, GateFeed, Situation
from kiosk.web.ours import JSON, from_no_foreign_page, from_this_box
from kiosk.web.screens import FIRST_WORD_S, find_point, point_name
from kiosk.web.settings import WebSettings

SIGNED_IN = "attendant"

Answer = Response | tuple[Response, int]


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants in."""

    code: Annotated[str, Meta(max_length=32)]
    pin: Annotated[str, Meta(max_length=64)]


class ReleaseWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody is to be let through, and why."""

    why: ReleaseWhy


class EmergencyWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All gates of the box are to open, for a drill or in earnest, or to work as usual again."""

    what: Literal["drill", "evacuate", "end"]


class AttendantView:
    """What the attendant's pages are given and ask for."""

    def __init__(
        self, settings: WebSettings, feed: GateFeed, people: Attendants, inside: InsideView, photos: Photos,
        clock: Clock, slots: StreamSlots,
    ) -> None:  # fmt: skip
        self._settings, self._feed, self._people = settings, feed, people
        self._inside, self._photos, self._clock, self._slots = inside, photos, clock, slots

    def who(self) -> str:
        """Return who is signed in in this browser, "" for nobody."""
        return self._people.who(session.get(SIGNED_IN, ""))

    def start(self) -> str | AnyResponse:
        """Return the form to sign in, or for who is, the choice of an access point."""
        if not self.who():
            return render_template("attendant_sign_in.html", texts=_texts())
        points = self._feed.situation(FIRST_WORD_S).state.access_points
        if len(points) == 1:
            return redirect(url_for("attendant.point", point_id=points[0].id, lang=request.args.get("lang")))
        named = [(each, point_name(self._settings, each.id)) for each in points]
        told = {"title": "attendant", "lead": "att_choose_hint", "endpoint": "attendant.point"}
        return render_template("choose.html", points=named, **told)

    def point(self, point_id: str) -> str | AnyResponse:
        """Return the view of one access point."""
        operator = self.who()
        if not operator:
            return redirect(url_for("attendant.start", lang=request.args.get("lang")))
        point = find_point(self._feed, point_id)
        return render_template(
            "attendant.html", point=point, name=point_name(self._settings, point_id), operator=operator,
            areas=self._inside.names(), reasons=words_attendant.RELEASE, texts=_texts(), people_max=PEOPLE_MAX,
        )  # fmt: skip

    def events(self, point_id: str) -> Response:
        """Return the stream of one access point: the last taps, then all that come, and how the gate stands."""
        if not self.who():
            abort(403)
        find_point(self._feed, point_id)
        if not self._slots.take():
            abort(503)
        subscription = self._feed.subscribe(history_of=point_id)
        return stream_body(self._pull(subscription, point_id), subscription.close, self._slots.release)

    def inside(self, area: str) -> Answer:
        """Say who is in an area."""
        if area not in self._inside.areas:
            abort(404)
        return self._done(lambda _operator: {"people": self._inside.people(area)})

    def photo(self, point_id: str, seq: int) -> Response:
        """Return the face that belongs to the card of one of the last taps; 404 where there is none to be shown."""
        if not self.who():
            abort(403)
        found = self._photos.of(seq) if self._feed.has_told(point_id, seq) else None
        if found is None:
            abort(404)
        return Response(found.body, mimetype=found.kind)

    def sign_in(self) -> Answer:
        """Sign somebody in."""
        address = request.remote_addr or ""
        wish = read_body(SignIn)
        if wait_s := self._people.wait_s(address):
            return json_body({"wait_s": wait_s}), 429
        token = self._people.sign_in(wish.code, wish.pin, address)
        if not token:
            return json_body({"wait_s": self._people.wait_s(address)}), 403
        session[SIGNED_IN] = token
        return json_body({})

    def sign_out(self) -> Answer:
        """Sign out."""
        self._people.sign_out(session.pop(SIGNED_IN, ""))
        return json_body({})

    def release(self, point_id: str) -> Answer:
        """Let one person through, on the word of who is signed in."""

        def work(operator: str) -> dict[str, Any]:
            why = read_body(ReleaseWish).why.value
            return self._command("release", access_point=point_id, operator=operator, why=why)

        return self._done(work)

    def emergency(self) -> Answer:
        """Open all gates of the box, or end that."""

        def work(operator: str) -> dict[str, Any]:
            what = read_body(EmergencyWish).what
            return self._command("emergency", active=what != "end", drill=what == "drill", operator=operator)

        return self._done(work)

    def _command(self, op: str, **args: Any) -> dict[str, Any]:
        return ask(self._settings.gate_socket, "command", {"op": op, "args": args})

    def _done(self, work: Callable[[str], dict[str, Any]]) -> Answer:
        """Do something for who is signed in, and answer with it or with the text of why not."""
        operator = self.who()
        if not operator:
            return json_body({"why": "att_signed_out"}), 403
        try:
            return json_body(work(operator))
        except NeighbourDown:
            return json_body({"why": "att_no_gate"}), 503
        except JournalUnavailable:
            return json_body({"why": "att_inside_unknown"}), 503
        except Refused as error:
            return json_body({"why": "", "message": error.message, "hint": error.hint}), 422

    def _pull(self, subscription: Subscription[FeedItem], point_id: str) -> Callable[[float], list[bytes]]:
        """Return what a stream pulls from; whether the gate is there is judged anew at every pull."""
        last: list[Situation] = [Situation()]
        told: list[bytes] = []

        def pull(timeout_s: float) -> list[bytes]:
            items = subscription.take(timeout_s)
            if subscription.lagged():
                raise StreamEnded
            last[:] = [each for each in items if isinstance(each, Situation)][-1:] or last
            events = [
                _event(each) for each in items if not isinstance(each, Situation) and each.access_point == point_id
            ]
            connected = last[0].connected(self._clock.monotonic_ns())
            state = msgspec.json.encode(state_view(last[0], self._inside.counts(), connected=connected))
            if told != [state]:
                told[:] = [state]
                events.append(event_text(state, name="state"))
            return events

        return pull


def make_blueprint(view: AttendantView, *, from_network: bool) -> Blueprint:
    """Return `/attendant` and what its pages ask for, JSON in and out."""
    pages = Blueprint("attendant", __name__, url_prefix="/attendant")

    @pages.before_request
    def guard() -> None:
        ours = from_no_foreign_page() if from_network else from_this_box()
        if not ours or (request.method == "POST" and request.mimetype != JSON):
            abort(403)

    @pages.errorhandler(InvalidInput)
    def not_understood(error: InvalidInput) -> Answer:
        return json_body({"why": "", "message": error.message, "hint": error.hint}), 422

    pages.add_url_rule("", "start", view.start)
    pages.add_url_rule("/sign-in", "sign_in", view.sign_in, methods=["POST"])
    pages.add_url_rule("/sign-out", "sign_out", view.sign_out, methods=["POST"])
    pages.add_url_rule("/emergency", "emergency", view.emergency, methods=["POST"])
    pages.add_url_rule("/inside/<area>", "inside", view.inside)
    pages.add_url_rule("/<point_id>", "point", view.point)
    pages.add_url_rule("/<point_id>/events", "events", view.events)
    pages.add_url_rule("/<point_id>/photo/<int:seq>", "photo", view.photo)
    pages.add_url_rule("/<point_id>/release", "release", view.release, methods=["POST"])
    return pages


def _event(item: FeedItem) -> bytes:
    if isinstance(item, Decision):
        return event_text(msgspec.json.encode(tap_view(item)), name="tap")
    return event_text(msgspec.json.encode(item), name="passage")


def _texts() -> dict[str, dict[str, str]]:
    return {key: text._asdict() for key, text in words_attendant.TEXTS.items()}
