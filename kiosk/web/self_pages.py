"""The kiosk's pages at /self: one page, its event stream, and one way to press something. For this very box alone."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, abort, g, render_template, request
from flask.globals import app_ctx
from msgspec import Meta

from kiosk.core import texts
from kiosk.local.events import StreamSlots
from kiosk.web import self_join, self_member, self_orders, self_papers, self_paying, self_voice
from kiosk.web.bodies import stream_body
from kiosk.web.ours import check_ours
from kiosk.web.self_desk import Desk, Unfit, Unknown, Unseen
from kiosk.web.self_drawing import Drawing
from kiosk.web.self_help import CALLED, HelpBell
from kiosk.web.self_kiosk import Elsewhere, Ended, Kiosk, Page
from kiosk.web.self_member import Action
from kiosk.web.self_session import Screen, Session, Values
from kiosk.web.self_stream import make_pull

DOING_S = 15.0
"""So long a press waits for the one before it, which waits for central at most twice."""

GRACE_S = 15
"""A session lasts so much longer here than its page lets it, so that the page is the one who says so."""

ACTIONS: dict[str, Action] = {
    **self_member.ACTIONS, **self_paying.ACTIONS, **self_orders.ACTIONS, **self_voice.ACTIONS, **self_join.ACTIONS,
    **self_papers.ACTIONS,
}  # fmt: skip
WITHOUT_CARD = frozenset({*self_join.ACTIONS, *self_voice.ACTIONS})
BEGIN = frozenset({"join", "feedback"})

Fragment = tuple[str, int]

_Code = Annotated[str, Meta(max_length=64)]


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was pressed on a page, in which session, with what was chosen or typed."""

    page: _Code
    go: _Code
    session: _Code = ""
    values: Annotated[dict[_Code, Annotated[str, Meta(max_length=600)]], Meta(max_length=12)] = {}


class Pages:
    """Answers one kiosk's page."""

    def __init__(self, kiosk: Kiosk, desk: Desk, drawing: Drawing) -> None:
        self._kiosk, self._desk, self._drawing = kiosk, desk, drawing
        self._bell = HelpBell(desk)
        self._plain: dict[str, Callable[[Page, Press], Fragment]] = {
            "language": self._language, "stay": self._stay, "finish": self._finish, "attract": self._attract,
            "help": self._help,
        }  # fmt: skip

    def open(self) -> str:
        """Draw the whole page, with the attract screen in it: whatever was before is another page's."""
        page = self._kiosk.open_page()
        g.language = page.language
        return render_template("self.html", page=page, fragment=self._drawing.attract(page), **self._names(page))

    def do(self, press: Press) -> Fragment:
        """Do what was pressed; returns a fragment and a status."""
        page: Page | None = None
        try:
            page = self._kiosk.page(press.page)
            plain = self._plain.get(press.go)
            return plain(page, press) if plain is not None else self._act(page, press)
        except Elsewhere:
            return self._drawing.elsewhere(page), 409
        except Ended:
            return self._drawing.attract(self._kiosk.page(press.page)), 410

    def _act(self, page: Page, press: Press) -> Fragment:
        action = ACTIONS.get(press.go)
        if action is None:
            abort(422)
        if press.go in BEGIN and not press.session:
            session = self._kiosk.begin(page.token)
        else:
            session = self._kiosk.session(page.token, press.session)
        if not session.credential and press.go not in WITHOUT_CARD:
            raise Ended
        if not session.doing.acquire(timeout=DOING_S):
            abort(503)
        try:
            screen, status = self._run(action, session, press.values)
            before, session.screen = session.screen, screen
        finally:
            session.doing.release()
        # Somebody else's card may have come meanwhile: then this is nobody's to see any more.
        self._kiosk.session(page.token, session.token)
        self._allow(session)
        if press.go == "order" and status == 200 and _looks_same(before, screen):
            return "", 204
        return self._drawing.screen(page, screen, session), status

    def _run(self, action: Action, session: Session, values: Values) -> tuple[Screen, int]:
        try:
            return action(self._desk, session, values), 200
        except (Unseen, Unknown):
            return self_member.home(self._desk, session, {}), 200
        except Unfit:
            if not session.credential:
                raise Ended from None
            return self_member.home(self._desk, session, {}), 422

    def _allow(self, session: Session) -> None:
        screen = session.screen
        if screen is None:
            return
        waits_s = int(screen.fields.get("left_s", 0)) + self_orders.AFTER_END_S if screen.poll_s else 0
        idle_s = screen.ends_s or max(screen.idle_s or self._desk.settings.idle_s, waits_s)
        session.allow(idle_s + self._desk.settings.warning_s + GRACE_S)

    def _language(self, page: Page, press: Press) -> Fragment:
        """Turn the page into the other language; what is shown is drawn again and nothing is done again."""
        page.language = texts.other(page.language)
        if not self._kiosk.has_screen(page.token):
            raise Elsewhere
        if not press.session:
            return self._drawing.attract(page), 200
        session = self._kiosk.session(page.token, press.session)
        if session.screen is None:
            raise Ended
        self._allow(session)
        return self._drawing.screen(page, session.screen, session), 200

    def _stay(self, page: Page, press: Press) -> Fragment:
        self._allow(self._kiosk.session(page.token, press.session))
        return "", 204

    def _finish(self, page: Page, press: Press) -> Fragment:
        self._kiosk.end("finished", press.session or "none")
        return self._attract(page, press)

    def _attract(self, page: Page, _press: Press) -> Fragment:
        if not self._kiosk.has_screen(page.token):
            raise Elsewhere
        return self._drawing.attract(page, reset=True), 200

    def _help(self, page: Page, _press: Press) -> Fragment:
        """Ask for help; the screen stays as it is, and a text says how it went: 202 where somebody was told."""
        ending = self._bell.ring()
        return self._drawing.help_said(page, ending), 202 if ending == CALLED else 504

    def _names(self, page: Page) -> dict[str, Any]:
        return self._drawing.names(page)


def make_blueprint(kiosk: Kiosk, desk: Desk, drawing: Drawing, slots: StreamSlots) -> Blueprint:
    """Return GET /self and its stream, POST /self/do and /self/leave."""
    blueprint = Blueprint("self", __name__, url_prefix="/self")
    pages = Pages(kiosk, desk, drawing)
    blueprint.before_request(check_ours)

    @blueprint.get("")
    def show() -> str:
        return pages.open()

    @blueprint.post("/do")
    def do() -> Fragment:
        return pages.do(_read())

    @blueprint.post("/leave")
    def leave() -> Fragment:
        kiosk.let_go(_read().page)
        return "", 204

    @blueprint.get("/events")
    def events() -> Response:
        token = request.args.get("page", "")
        if not slots.take():
            abort(503)
        try:
            subscription = kiosk.follow(token)
        except Elsewhere:
            slots.release()
            abort(410)
        pull = make_pull(kiosk, drawing, token, subscription, app_ctx.app.app_context)
        return stream_body(pull, subscription.close, lambda: kiosk.leave(token), slots.release)

    return blueprint


def _read() -> Press:
    try:
        return msgspec.json.decode(request.get_data(), type=Press)
    except msgspec.DecodeError:
        abort(422)


def _looks_same(before: Screen | None, after: Screen) -> bool:
    """Say whether a page that asked how its order stands need draw nothing."""
    if before is None or before.name != after.name:
        return False
    return all(before.fields.get(name) == after.fields.get(name) for name in ("code", "unheard", "settling"))
