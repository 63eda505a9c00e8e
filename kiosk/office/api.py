"""Serves routes and acts of all families under /api/v1: bearer token, permissions, errors as problem documents."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response, request
from werkzeug.routing import Map, Rule

from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.central.devices import list_devices
from kiosk.central.queries import card_page, member_detail, tier_list
from kiosk.central.streams import read_records
from kiosk.core.errors import InvalidInput
from kiosk.local.events import StreamSlots, event_text
from kiosk.office import families, readings, routes
from kiosk.office.actions import KEY_CHARACTERS_MAX, Action, perform
from kiosk.office.live import Entry, LiveRecords
from kiosk.office.look_ups import LookUps
from kiosk.office.openapi import description
from kiosk.office.problems import Fault, ProblemError
from kiosk.office.security import Gatekeeper
from kiosk.office.sse import stream_response

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Everything is led to `addresses`, which knows what an address takes."""

_IDEMPOTENCY_KEY = re.compile(rf"[!-~]{{1,{KEY_CHARACTERS_MAX}}}\Z")
_PLACE = re.compile(r"`\$\.(\w+)`|field `(\w+)`")


class Api:
    """The handlers, by the name of their route."""

    def __init__(self, database: Database, live: LiveRecords, slots: StreamSlots) -> None:
        self._database = database
        self._live = live
        self._slots = slots

    def list_records(self, query: routes.RecordQuery) -> Any:
        """Return a page of records."""
        with self._database.read() as connection:
            found = read_records(connection, query.after, query.limit + 1, query.device)
        items = found[: query.limit]
        next_after = items[-1]["n"] if items else query.after
        return {"items": items, "next": next_after, "more": len(found) > query.limit}

    def stream_records(self, query: routes.StreamQuery) -> Response:
        """Return the stream of records."""
        self._live.start()
        after = _last_event_id()
        if after is None:
            after = self._live.position if query.after is None else query.after
        stream = self._live.follow(after)
        return stream_response(self._slots, stream, _as_event)

    def list_devices(self, query: routes.PageQuery) -> routes.DevicePage:
        """Return a page of devices."""
        found = [each for each in list_devices(self._database) if each.device > query.after]
        items, after = _page(found, query.limit, lambda each: each.device)
        return routes.DevicePage(items, after)

    def show_member(self, _query: routes.NoQuery, member_no: str) -> Any:
        """Return one member."""
        with self._database.read() as connection:
            detail = member_detail(connection, member_no)
        if detail is None:
            raise ProblemError(404, "There is no member of that number.")
        return detail

    def list_cards(self, query: routes.PageQuery) -> routes.CardPage:
        """Return a page of cards."""
        with self._database.read() as connection:
            found = card_page(connection, query.after, query.limit + 1)
        items, after = _page(found, query.limit, lambda each: each.identifier)
        return routes.CardPage(items, after)

    def list_tiers(self, _query: routes.NoQuery) -> routes.TierPage:
        """Return all tiers."""
        with self._database.read() as connection:
            return routes.TierPage(tuple(tier_list(connection)), None)


def make_blueprint(api: Api, books: Books, gatekeeper: Gatekeeper, look_ups: LookUps) -> Blueprint:
    """Return the API's routes and acts, and its description at /api/openapi.json for anybody."""
    blueprint = Blueprint("api", __name__)

    @blueprint.get("/api/openapi.json")
    def openapi() -> Response:
        return Response(description(), mimetype="application/json")

    views = {route.name: _view(route, api, books, gatekeeper, look_ups) for route in families.ROUTES}
    views |= {action.name: _act(action, books, gatekeeper) for action in families.ACTIONS}

    @blueprint.route(f"{routes.PREFIX}/<path:path>", methods=METHODS, provide_automatic_options=False)
    def call(path: str) -> Response:
        name, ids = addresses().bind("").match(f"/{path}", request.method)
        return views[name](**ids)

    return blueprint


@cache
def addresses() -> Map:
    """Return where each route and act is; some hundred patterns take a while to compile, so it is done once."""
    rules = [Rule(_rule(each.path), endpoint=each.name, methods=["GET"]) for each in families.ROUTES]
    rules += [Rule(_rule(each.path), endpoint=each.name, methods=["POST"]) for each in families.ACTIONS]
    return Map(rules, merge_slashes=False)


def _rule(path: str) -> str:
    # A member number is the club's own and may hold a slash; our ids never do.
    return path.replace("{member_no}", "<path:member_no>").replace("{", "<").replace("}", ">")


def _view(
    route: routes.Route, api: Api, books: Books, gatekeeper: Gatekeeper, look_ups: LookUps
) -> Callable[..., Response]:
    def view(**ids: str) -> Response:
        caller = gatekeeper.check_bearer()
        caller.check(route.permission)
        if wait_s := look_ups.take(caller):
            raise ProblemError(429, f"Too many searches. Try again in {wait_s} s.", retry_after_s=wait_s)
        query = _query(route.query)
        if route.run is None:
            return _answer(getattr(api, route.name)(query, **ids))
        with books.look() as look:
            try:
                answer = _answer(route.run(look, query, ids))
            except InvalidInput as error:
                raise ProblemError(404 if ids else 422, error.message) from error
        readings.note(books, caller, ids, route.reads)
        return answer

    return view


def _act(action: Action, books: Books, gatekeeper: Gatekeeper) -> Callable[..., Response]:
    def act(**ids: str) -> Response:
        caller = gatekeeper.check_bearer()
        caller.check(action.permission)
        key = request.headers.get("Idempotency-Key", "")
        if not _IDEMPOTENCY_KEY.match(key):
            what = (
                f"Send an Idempotency-Key of 1 to {KEY_CHARACTERS_MAX} printable characters, a new one for each wish."
            )
            raise ProblemError(400, what, errors=(Fault("Idempotency-Key", "missing or not usable"),))
        return _answer(perform(books, caller, action, ids, _wish(action.wish), key))

    return act


def _answer(answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    return Response(msgspec.json.encode(answer), mimetype="application/json")


def _wish(kind: type[Q]) -> Q:
    """Read the body; raises ProblemError 415, 400 where it is no JSON, 422 with the place that cannot be used."""
    if request.mimetype != "application/json":
        raise ProblemError(415, "Send the wish as application/json.")
    body = request.get_data()
    if b"\\u0000" in body:
        raise ProblemError(422, "A text holds a NUL character.", errors=(Fault("", "a NUL character"),))
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        what, _, _ = str(error).partition(" - at ")
        raise ProblemError(422, "A field cannot be used.", errors=(Fault(_place(error), what),)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProblemError(400, "The body is not JSON.") from error


def _place(error: msgspec.ValidationError) -> str:
    found = _PLACE.search(str(error))
    return next((part for part in found.groups() if part), "") if found else ""


def _query(kind: type[Q]) -> Q:
    """Read the query parameters; raises ProblemError 422 that names the one that cannot be used."""
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        what, _, _ = str(error).partition(" - at ")
        raise ProblemError(422, "A parameter cannot be used.", errors=(Fault(_place(error), what),)) from error


def _last_event_id() -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise ProblemError(422, "Last-Event-ID is no record number.", errors=(Fault("Last-Event-ID", "not a number"),))
    return int(text)


def _page(found: Sequence[T], limit: int, key: Callable[[T], str]) -> tuple[tuple[T, ...], str | None]:
    """Return a page of what was found, and the cursor of the next one where there is more."""
    items = tuple(found[:limit])
    return items, key(items[-1]) if len(found) > limit else None


def _as_event(entry: Entry) -> bytes:
    return event_text(entry.body, event_id=str(entry.n))
