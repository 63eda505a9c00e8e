"""The Flask application of the office: puts the parts together."""

import logging
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, render_template, request, session
from werkzeug.exceptions import HTTPException

from kiosk.central.database import Database
from kiosk.core.clock import Clock
from kiosk.core.errors import InvalidInput, KioskError, RetryLater
from kiosk.core.texts import Language
from kiosk.local.events import StreamSlots
from kiosk.local.guard import PAGE_HEADERS
from kiosk.local.health import Health
from kiosk.local.webserver import BODY_BYTES_MAX
from kiosk.office import api, pages, words
from kiosk.office.live import LiveRecords
from kiosk.office.problems import ProblemError, problem_response
from kiosk.office.security import Gatekeeper, form_key, signed_in
from kiosk.office.settings import OfficeSettings, read_staff_token

_LIVE = "kiosk.live_records"
_log = logging.getLogger(__name__)


def create_app(settings: OfficeSettings, database: Database, clock: Clock) -> Flask:
    """Return the application; it follows the records from the first stream until `close_app`. Raises ConfigError."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    gatekeeper = Gatekeeper(read_staff_token(settings.token_file), clock)
    gatekeeper.prepare(app)
    live = LiveRecords(database)
    slots = StreamSlots(settings.streams_max)
    app.extensions[_LIVE] = live
    app.register_blueprint(api.make_blueprint(api.Api(database, live, slots, clock), gatekeeper))
    app.register_blueprint(pages.make_blueprint(pages.Pages(database, live, slots, clock), gatekeeper))
    _add_language(app, settings)
    _add_headers(app)
    _add_errors(app)
    return app


def close_app(app: Flask) -> None:
    """Stop following the records and end every event stream."""
    live: LiveRecords = app.extensions[_LIVE]
    live.close()


def check_health(app: Flask) -> Health:
    """Say whether new records are seen."""
    live: LiveRecords = app.extensions[_LIVE]
    return Health(live.working(), {"records": live.position})


def _add_language(app: Flask, settings: OfficeSettings) -> None:
    @app.before_request
    def choose_language() -> Any:
        wanted = request.args.get("lang", "")
        if wanted and request.method == "GET" and request.endpoint is not None and not _is_api():
            session["language"] = words.parse_language(wanted, settings.language).value
            kept = urlencode({key: value for key, value in request.args.items() if key != "lang"})
            return redirect(f"{request.path}?{kept}" if kept else request.path)
        g.language = words.parse_language(session.get("language", ""), settings.language)
        return None

    @app.context_processor
    def texts() -> dict[str, Any]:
        language: Language = g.get("language", settings.language)
        return {
            "t": lambda key, **values: words.say(key, language, **values),
            "why": lambda code: words.say_why(code, language),
            "language": language,
            "html_lang": words.html_lang,
            "other_language": words.other(language),
            "form_key": form_key,
            "signed_in": signed_in(),
        }


def _add_headers(app: Flask) -> None:
    @app.after_request
    def guard(response: Response) -> Response:
        response.headers.extend(PAGE_HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


def _add_errors(app: Flask) -> None:
    @app.errorhandler(ProblemError)
    def on_problem(error: ProblemError) -> Response:
        return problem_response(error.status, error.detail, error.errors, error.retry_after_s)

    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> Response:
        return _error(error.code or 500, headers=error.get_response().headers if error.code == 405 else None)

    @app.errorhandler(KioskError)
    def on_kiosk_error(error: KioskError) -> Response:
        if isinstance(error, RetryLater):
            return _error(503, error.message)
        if isinstance(error, InvalidInput):
            return _error(422, error.message)
        _log.error("request failed", extra={"path": request.path, "error": error})
        return _error(500)


def _error(code: int, detail: str = "", headers: Any = None) -> Response:
    if _is_api():
        response = problem_response(code, detail)
    else:
        shown = code if f"error_{code}" in words.PAGES else (500 if code >= 500 else 400)
        response = Response(render_template("error.html", code=code, shown=shown), code)
    if headers and "Allow" in headers:
        response.headers["Allow"] = headers["Allow"]
    return response


def _is_api() -> bool:
    return request.path.startswith("/api/")
