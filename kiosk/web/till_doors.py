"""The ways to a till: the box's own socket, and JSON for screens that run on the box itself."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response

from kiosk.core.errors import InvalidInput, Refused
from kiosk.core.self_service import MaySpend, SpendAsked, Subject
from kiosk.local.talk import Message
from kiosk.web.bodies import json_body, read_body
from kiosk.web.ours import check_ours
from kiosk.web.self_asking import CentralOverSync, NoAnswer
from kiosk.web.till import Till
from kiosk.web.till_wishes import SaleWish, TillAnswer, TopUpWish, VoidWish

Handler = Callable[[Message], Message]
W = TypeVar("W")


class CentralAsked:
    """Asks central through sync whether a purchase may be; None where no answer comes in time."""

    def __init__(self, sync_socket: Path) -> None:
        self._ask = CentralOverSync(sync_socket)

    def __call__(self, owner: str, amount_minor: int) -> bool | None:
        """Ask; raises nothing."""
        found = self._ask(Subject.SPEND, SpendAsked(owner, amount_minor), MaySpend)
        return None if isinstance(found, NoAnswer) else found.may


def till_handlers(till: Till) -> Mapping[str, Handler]:
    """Return what the socket understands: `sale`, `void` and `topup`."""
    return {
        "sale": lambda args: _told(till.sell(_read(args, SaleWish))),
        "void": lambda args: _told(till.void(_read(args, VoidWish))),
        "topup": lambda args: _told(till.top_up(_read(args, TopUpWish))),
    }


def make_blueprint(till: Till) -> Blueprint:
    """Return `POST /till/sale`, `/till/void` and `/till/topup`: JSON in and out, for pages of this very box alone."""
    pages = Blueprint("till", __name__, url_prefix="/till")
    pages.before_request(check_ours)
    for name, handler in till_handlers(till).items():
        pages.add_url_rule(f"/{name}", name, _page(handler), methods=["POST"])
    return pages


def _page(handler: Handler) -> Callable[[], tuple[Response, int]]:
    def answer() -> tuple[Response, int]:
        try:
            return json_body(handler(read_body(dict[str, Any]))), 200
        except Refused as error:
            return json_body({"message": error.message, "hint": error.hint}), 422

    return answer


def _read(args: Message, kind: type[W]) -> W:
    try:
        return msgspec.convert(args, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"not understood: {error}") from error


def _told(answer: TillAnswer) -> Message:
    said: dict[str, Any] = msgspec.to_builtins(answer)
    return said
