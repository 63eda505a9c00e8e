"""A stream of records as an HTTP response."""

from collections.abc import Callable

from flask import Response, request

from kiosk.core.errors import RetryLater
from kiosk.local.events import StreamSlots, event_stream
from kiosk.office.live import Entry, RecordStream


def stream_response(slots: StreamSlots, stream: RecordStream, write: Callable[[Entry], bytes]) -> Response:
    """Send a stream for as long as its browser stays; raises RetryLater when too many are open."""
    if not slots.take():
        stream.close()
        raise RetryLater("too many event streams are open", hint="Try again later")
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    chunks = event_stream(lambda timeout_s: [write(entry) for entry in stream.pull(timeout_s)], gone)
    response = Response(chunks, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(stream.close)
    response.call_on_close(slots.release)
    return response
