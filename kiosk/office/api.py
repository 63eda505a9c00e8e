"""Serves the table of `routes.py` under /api/v1: bearer token, pages by cursor, errors as problem documents."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response, request

from kiosk.central.database import Database
from kiosk.central.devices import list_devices
from kiosk.central.queries import card_page, member_detail, member_page, tier_list
from kiosk.central.streams import read_records
from kiosk.core.clock import Clock
from kiosk.local.events import StreamSlots, event_text
from kiosk.office import routes
from kiosk.office.live import Entry, LiveRecords
from kiosk.office.openapi import describe
from kiosk.office.problems import Fault, ProblemError
from kiosk.office.security import Gatekeeper
from kiosk.office.sse import stream_response

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)

_PLACE = re.compile(r"`\$\.(\w+)`|field `(\w+)`")


class Api:
    """The handlers, by the name of their route."""

    def __init__(self, database: Database, live: LiveRecords, slots: StreamSlots, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._slots = slots
        self._clock = clock

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
        return stream_response(self._slots, self._clock, stream, _as_event)

    def list_devices(self, query: routes.PageQuery) -> routes.DevicePage:
        """Return a page of devices."""
        found = [each for each in list_devices(self._database) if each.device > query.after]
        items, after = _page(found, query.limit, lambda each: each.device)
        return routes.DevicePage(items, after)

    def list_members(self, query: routes.MemberQuery) -> routes.MemberPage:
        """Return a page of members."""
        with self._database.read() as connection:
            found = member_page(connection, query.after, query.limit + 1, query.q)
        items, after = _page(found, query.limit, lambda each: each.member_no)
        return routes.MemberPage(items, after)

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


def make_blueprint(api: Api, gatekeeper: Gatekeeper) -> Blueprint:
    """Return the API's routes, and its description at /api/openapi.json for anybody."""
    blueprint = Blueprint("api", __name__)
    description = msgspec.json.encode(describe())

    @blueprint.get("/api/openapi.json")
    def openapi() -> Response:
        return Response(description, mimetype="application/json")

    for route in routes.ROUTES:
        path = routes.PREFIX + route.path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(path, route.name, _view(route, getattr(api, route.name), gatekeeper), methods=["GET"])
    return blueprint


def _view(route: routes.Route, handle: Callable[..., Any], gatekeeper: Gatekeeper) -> Callable[..., Response]:
    def view(**parts: str) -> Response:
        gatekeeper.check_bearer()
        answer = handle(_query(route.query), **parts)
        if isinstance(answer, Response):
            return answer
        return Response(msgspec.json.encode(answer), mimetype="application/json")

    return view


def _query(kind: type[Q]) -> Q:
    """Read the query parameters; raises ProblemError 422 that names the one that cannot be used."""
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        what, _, _ = str(error).partition(" - at ")
        place = _PLACE.search(str(error))
        name = next((part for part in place.groups() if part), "") if place else ""
        raise ProblemError(422, "A parameter cannot be used.", errors=(Fault(name, what),)) from error


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
