"""What scripts of our pages send and are sent: JSON, and streams of events."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from flask import Response, request

from kiosk.core.errors import InvalidInput
from kiosk.local.events import event_stream
from kiosk.web.ours import JSON

W = TypeVar("W")


def read_body(kind: type[W]) -> W:
    """Return what a script sent; raises InvalidInput where it is not that."""
    try:
        return msgspec.json.decode(request.get_data(), type=kind)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"not understood: {error}") from error


def json_body(body: Any) -> Response:
    """Return an answer in JSON."""
    return Response(msgspec.json.encode(body), mimetype=JSON)


def stream_body(pull: Callable[[float], Iterable[bytes]], *at_its_end: Callable[[], object]) -> Response:
    """Return a stream of what `pull` gives for as long as its browser stays; what is to be done at its end is done."""
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    response = Response(event_stream(pull, gone), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    for each in at_its_end:
        response.call_on_close(each)
    return response
