"""The Flask application of the office: puts the parts together."""

import json
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, Response, abort, g, redirect, render_template, request, send_from_directory, session, url_for
from werkzeug.exceptions import HTTPException

from kiosk.central.club.books import Books
from kiosk.central.club.second_factor import Vault
from kiosk.central.club.sessions import Door
from kiosk.central.database import Database
from kiosk.central.pay.provider import Provider
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Permission
from kiosk.core import texts
from kiosk.core.clock import Clock
from kiosk.core.errors import KioskError, Refused, RetryLater
from kiosk.local.events import StreamSlots
from kiosk.local.guard import PAGE_HEADERS
from kiosk.local.health import Health
from kiosk.local.webserver import BODY_BYTES_MAX, SHARED_FILES
from kiosk.office import (
    account,
    api,
    apply,
    club,
    doing,
    navigation,
    own_data,
    pages,
    pay_notices,
    photos,
    public,
    words,
)
from kiosk.office.club_card_steps import HASH_KEY
from kiosk.office.families import action_named
from kiosk.office.field_rows import is_empty
from kiosk.office.live import LiveRecords
from kiosk.office.look_ups import LookUps
from kiosk.office.part_texts import part_text, place_text
from kiosk.office.plain import changes, field_value, moment_in, number_columns
from kiosk.office.problems import NotAllowed, ProblemError, answer_to, problem_response
from kiosk.office.security import Caller, Gatekeeper, form_key
from kiosk.office.settings import OfficeSettings, read_staff_token
from kiosk.office.telling import error_text
from kiosk.office.trail import act_text, field_text, thing_text, who_did

_LIVE = "kiosk.live_records"
_OPEN_TO_ALL = frozenset(
    {"account.sign_in", "account.try_to_sign_in", "apply.show", "apply.send", "apply.received", "static", "shared"}
    | set(public.PATHS)
    | set(pay_notices.PATHS)
)
_WITH_TEMPORARY = frozenset({"account.password", "account.change_password", "account.sign_out"})
_log = logging.getLogger(__name__)


def create_app(
    settings: OfficeSettings,
    database: Database,
    clock: Clock,
    secret: bytes,
    providers: Mapping[PayWay, Provider] | None = None,
) -> Flask:
    """Return the application; it follows the records from the first stream until `close_app`. Raises ConfigError.

    `secret` is the key that card numbers are hashed with; cookies are signed and second factors sealed with keys that
    follow from it. `providers` are those of whom notices are taken.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    app.jinja_env.policies["json.dumps_function"] = json.dumps
    books, vault = Books(database, clock), Vault(secret)
    token = read_staff_token(settings.token_file) if settings.token_file is not None else b""
    gatekeeper = Gatekeeper(books, Door(books, vault), token, secret)
    gatekeeper.prepare(app, settings.https)
    live = LiveRecords(database)
    slots = StreamSlots(settings.streams_max)
    look_ups = LookUps(books, settings.look_ups_a_minute)
    app.extensions[_LIVE] = live
    app.extensions[HASH_KEY] = secret
    app.register_blueprint(api.make_blueprint(api.Api(database, live, slots), books, gatekeeper, look_ups))
    app.register_blueprint(account.make_blueprint(account.Account(books, vault, gatekeeper)))
    app.register_blueprint(pages.make_blueprint(pages.Pages(database, live, slots), gatekeeper))
    app.register_blueprint(club.make_blueprint(books, gatekeeper, look_ups))
    app.register_blueprint(doing.make_blueprint(books, gatekeeper))
    app.register_blueprint(public.make_blueprint(books))
    app.register_blueprint(pay_notices.make_blueprint(books, providers or {}))
    app.register_blueprint(photos.make_blueprint(photos.PhotoPages(books, gatekeeper)))
    app.register_blueprint(own_data.make_blueprint(own_data.OwnDataFile(books, gatekeeper)))
    app.register_blueprint(apply.make_blueprint(apply.ApplyPage(books, settings.applications_an_hour)))
    app.add_url_rule("/shared/<path>", "shared", partial(send_from_directory, SHARED_FILES))
    _add_language(app, settings)
    _add_guard(app, gatekeeper)
    _add_context(app, settings, gatekeeper)
    _add_headers(app)
    _add_errors(app)
    return app


def close_app(app: Flask) -> None:
    """Stop following the records and end every event stream."""
    live: LiveRecords = app.extensions[_LIVE]
    live.close()


def check_health(app: Flask) -> Health:
    """Say whether the records can be read, and new ones are seen."""
    live: LiveRecords = app.extensions[_LIVE]
    try:
        newest = live.newest()
    except KioskError as error:
        return Health(False, {"records": live.position, "trouble": error.message})
    return Health(live.working(), {"records": newest})


def _add_language(app: Flask, settings: OfficeSettings) -> None:
    @app.before_request
    def choose_language() -> Any:
        wanted = request.args.get("lang", "")
        if wanted and request.method == "GET" and request.endpoint is not None and not _is_api():
            session["language"] = texts.parse_language(wanted, settings.language).value
            kept = urlencode({key: value for key, value in request.args.items() if key != "lang"})
            return redirect(f"{quote(request.path)}?{kept}" if kept else quote(request.path))
        g.language = texts.parse_language(session.get("language", ""), settings.language)
        return None


def _add_guard(app: Flask, gatekeeper: Gatekeeper) -> None:
    @app.before_request
    def no_nul() -> None:
        """Refuse addresses that hold what PostgreSQL takes in no text."""
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            abort(400)

    @app.before_request
    def only_staff() -> Any:
        """Lead strangers to the sign-in, a temporary password to its change, and each role to a page it may see."""
        if request.endpoint in _OPEN_TO_ALL or request.endpoint is None or _is_api():
            return None
        caller = gatekeeper.caller()
        if caller is None:
            if request.endpoint == "pages.live_events" or request.method != "GET":
                abort(403)
            return redirect(url_for("account.sign_in", next=_local_address()))
        if caller.session is not None and caller.session.temporary and request.endpoint not in _WITH_TEMPORARY:
            return redirect(url_for("account.password"))
        if request.endpoint == "pages.live" and Permission.MEMBERS_READ not in caller.permissions:
            return redirect(navigation.home(caller))
        return None


def _add_context(app: Flask, settings: OfficeSettings, gatekeeper: Gatekeeper) -> None:
    @app.context_processor
    def in_every_page() -> dict[str, Any]:
        language: texts.Language = g.get("language", settings.language)
        caller = _caller_of(gatekeeper)
        done = request.args.get("done", "")
        return {
            "t": lambda key, **values: texts.say(words.PAGES, key, language, **values),
            "known": lambda key: key in words.PAGES,
            "why": lambda code: words.say_why(code, language),
            "choice": lambda enum, value: words.say_choice(enum, value, language),
            "error_text": lambda error: error_text(error, language),
            "language": language,
            "html_lang": texts.html_lang,
            "other_language": texts.other(language),
            "other_address": f"?{urlencode({**request.args, 'lang': texts.other(language).value})}",
            "form_key": form_key,
            "caller": caller,
            "signed_in": caller is not None,
            "navigation": navigation.navigation(caller),
            "finds_members": caller is not None and Permission.MEMBERS_READ in caller.permissions,
            "member_pages": lambda thing: navigation.member_pages(caller, thing.ids),
            "buttons": lambda thing: navigation.buttons(caller, thing),
            "thing_address": lambda kind, thing_id: navigation.thing_address(caller, kind, thing_id),
            "thing_text": thing_text,
            "moment_in": moment_in,
            "number_columns": number_columns,
            "changes": changes,
            "field_value": field_value,
            "act_text": act_text,
            "who_did": who_did,
            "field_text": field_text,
            "part_text": part_text,
            "place_text": place_text,
            "is_empty": is_empty,
            "done": action_named(done) or (done if done == "password" else None),
        }


def _caller_of(gatekeeper: Gatekeeper) -> Caller | None:
    try:
        return gatekeeper.caller()
    except KioskError:
        # The page that says so must open with the database away.
        return None


def _add_headers(app: Flask) -> None:
    @app.after_request
    def guard(response: Response) -> Response:
        response.headers.extend(PAGE_HEADERS)
        if request.endpoint not in ("static", "shared"):
            response.headers["Cache-Control"] = "no-store"
        return response


def _add_errors(app: Flask) -> None:
    @app.errorhandler(ProblemError)
    def on_problem(error: ProblemError) -> Response:
        return problem_response(error.status, error.detail, error.errors, error.retry_after_s)

    @app.errorhandler(NotAllowed)
    def on_not_allowed(error: NotAllowed) -> Response:
        reason, about = error.refusal.reason, error.refusal.detail
        if _is_api():
            return problem_response(403, "These roles may not do that.", reason=reason.value, about=about)
        return Response(render_template("error.html", code=403, shown=reason.value), 403)

    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> Response:
        return _error(error.code or 500, headers=error.get_response().headers if error.code == 405 else None)

    @app.errorhandler(KioskError)
    def on_kiosk_error(error: KioskError) -> Response:
        if isinstance(error, RetryLater):
            return _error(503, error.message)
        if isinstance(error, Refused):
            answer = answer_to(error)
            if _is_api():
                return problem_response(answer.status, str(error), reason=answer.reason, about=answer.about)
            return _error(answer.status)
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


def _local_address() -> str:
    query = request.query_string.decode("ascii", "replace")
    return f"{quote(request.path)}?{query}" if query else quote(request.path)


def _is_api() -> bool:
    return request.path.startswith("/api/")
