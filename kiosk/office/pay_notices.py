"""Where payment providers tell of payments, `POST /pay/notices/WAY`: public, without session or form, all by signature.

Nothing is booked here, whatever is sent: a genuine notice makes the cashier ask its provider.
"""

from collections.abc import Mapping

from flask import Blueprint, Response, abort, request

from kiosk.central.club.books import Books
from kiosk.central.pay.notices import BODY_BYTES_MAX, take_notice
from kiosk.central.pay.provider import Provider
from kiosk.club.paying_back import PayWay

PATHS = ("pay.take",)
"""The endpoints that ask for no sign-in."""


def make_blueprint(books: Books, providers: Mapping[PayWay, Provider]) -> Blueprint:
    """Return the route for the providers that are set up; of another one there is none."""
    pay = Blueprint("pay", __name__)
    by_name = {way.value: provider for way, provider in providers.items()}

    @pay.post("/pay/notices/<way>")
    def take(way: str) -> Response:
        provider = by_name.get(way)
        if provider is None:
            abort(404)
        if (request.content_length or 0) > BODY_BYTES_MAX:
            abort(413)
        reply = take_notice(books, provider, dict(request.headers), request.get_data())
        return Response(reply.body, reply.status, mimetype=reply.kind)

    return pay
