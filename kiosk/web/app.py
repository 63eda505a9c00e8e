"""The Flask application of the member's screens: puts the parts together."""

import logging
import secrets
from functools import partial
from typing import Any

from flask import Flask, Response, g, render_template, request, send_from_directory, url_for
from werkzeug.exceptions import HTTPException

from kiosk.core import texts
from kiosk.core.clock import Clock
from kiosk.core.errors import KioskError, RetryLater
from kiosk.local.events import StreamSlots
from kiosk.local.guard import PAGE_HEADERS
from kiosk.local.health import Health
from kiosk.local.webserver import BODY_BYTES_MAX, SHARED_FILES
from kiosk.web import demo, screens, words
from kiosk.web.feed import GateFeed
from kiosk.web.settings import WebSettings

_log = logging.getLogger(__name__)
_FEED = "kiosk.gate_feed"


def create_app(settings: WebSettings, clock: Clock) -> Flask:
    """Return the application; it follows the gate from the first request until `close_app`."""
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        SESSION_COOKIE_NAME="kiosk-screens",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    feed = GateFeed(settings.gate_socket, clock)
    app.extensions[_FEED] = feed
    app.register_blueprint(screens.make_blueprint(settings, feed, clock, StreamSlots(settings.streams_max)))
    if settings.sample_cards:
        app.register_blueprint(demo.make_blueprint(settings, feed))
    app.add_url_rule("/shared/<path>", "shared", partial(send_from_directory, SHARED_FILES))
    _add_language(app, settings)
    _add_headers(app)
    _add_error_pages(app)
    return app


def close_app(app: Flask) -> None:
    """Stop following the gate and end every event stream."""
    feed_of(app).close()


def check_health(app: Flask) -> Health:
    """Say whether the screens can show what the gate does."""
    connected = feed_of(app).connected()
    return Health(connected, {"gate": "connected" if connected else "no connection"})


def feed_of(app: Flask) -> GateFeed:
    """Return what the application knows of the gate."""
    feed: GateFeed = app.extensions[_FEED]
    return feed


def _add_language(app: Flask, settings: WebSettings) -> None:
    @app.before_request
    def choose_language() -> None:
        g.language = texts.parse_language(request.args.get("lang", ""), settings.language)

    @app.context_processor
    def in_every_page() -> dict[str, Any]:
        language: texts.Language = g.get("language", settings.language)

        def link(endpoint: str, **values: Any) -> str:
            """Return an address that keeps the language."""
            return url_for(endpoint, lang=None if language is settings.language else language, **values)

        return {
            "t": lambda key, **values: texts.say(words.ALL, key, language, **values),
            "language": language,
            "html_lang": texts.html_lang,
            "other_language": texts.other(language),
            "link": link,
            "demo_on": bool(settings.sample_cards),
            "club": settings.club,
        }


def _add_headers(app: Flask) -> None:
    @app.after_request
    def guard(response: Response) -> Response:
        response.headers.extend(PAGE_HEADERS)
        if request.endpoint not in ("static", "shared"):
            response.headers["Cache-Control"] = "no-store"
        return response


def _add_error_pages(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> tuple[str, int]:
        return _error_page(error.code or 500)

    @app.errorhandler(KioskError)
    def on_kiosk_error(error: KioskError) -> tuple[str, int]:
        if isinstance(error, RetryLater):
            return _error_page(503)
        _log.error("page failed", extra={"path": request.path, "error": error})
        return _error_page(500)


def _error_page(code: int) -> tuple[str, int]:
    shown = code if f"error_{code}" in words.PAGES else (500 if code >= 500 else 400)
    return render_template("error.html", code=code, shown=shown), code
