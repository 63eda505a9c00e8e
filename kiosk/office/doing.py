"""Serves every act of the office as a form: what is typed becomes the wish, and the same act runs as over the API."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Blueprint, abort, redirect, render_template, request, url_for
from msgspec import to_builtins
from werkzeug.wrappers import Response

from kiosk.central.club.books import Books
from kiosk.core.errors import Refused
from kiosk.office import families, readings
from kiosk.office.actions import KEY_CHARACTERS_MAX, Action, Draft, filled, perform
from kiosk.office.fields import Field
from kiosk.office.forms import fields_of, initial, read, typed, with_one_more
from kiosk.office.problems import answer_to
from kiosk.office.security import Caller, Gatekeeper, check_form

Shown = str | Response | tuple[str, int]


class _Form(NamedTuple):
    """A form that is shown: for what, for whom, and what was said so far."""

    action: Action
    ids: Mapping[str, str]
    draft: Draft
    fields: tuple[Field, ...]


def make_blueprint(books: Books, gatekeeper: Gatekeeper) -> Blueprint:
    """Return the forms: GET shows one, POST does what it says."""
    doing = Blueprint("doing", __name__)

    @doing.get("/do/<name>", defaults={"ids": ""})
    @doing.get("/do/<name>/<path:ids>")
    def form(name: str, ids: str) -> Shown:
        action, caller = _permitted(gatekeeper, name)
        shown = _form(books, action, ids)
        readings.note(books, caller, shown.ids, action.reads)
        return _render(shown, initial(shown.fields, shown.draft, request.args))

    @doing.post("/do/<name>", defaults={"ids": ""})
    @doing.post("/do/<name>/<path:ids>")
    def do(name: str, ids: str) -> Shown:
        action, caller = _permitted(gatekeeper, name)
        check_form()
        shown = _form(books, action, ids)
        said = typed(request.form, shown.fields)
        if wanted := request.form.get("one_more"):
            return _render(shown, with_one_more(shown.fields, said, wanted))
        with books.look() as look:
            found = read(action.wish, shown.fields, said, look.zone)
        if found.wish is None:
            return _render(shown, said, faults=found.faults), 422
        key = f"form:{request.form.get('once', '')}"[:KEY_CHARACTERS_MAX]
        try:
            answer = perform(books, caller, action, shown.ids, found.wish, key)
        except Refused as error:
            return _render(shown, said, error=error), answer_to(error).status
        address = _next(action, {**_flat(answer), **shown.ids})
        if action.kept is not None:
            return render_template("once.html", form=shown, answer=_flat(answer), address=address)
        return redirect(address)

    return doing


def _permitted(gatekeeper: Gatekeeper, name: str) -> tuple[Action, Caller]:
    caller = gatekeeper.signed_in()
    action = families.action_named(name)
    if action is None:
        abort(404)
    caller.check(action.permission)
    return action, caller


def _form(books: Books, action: Action, path: str) -> _Form:
    parts = path.split("/") if path else []
    if len(parts) != len(action.id_names):
        abort(404)
    ids = dict(zip(action.id_names, parts, strict=True))
    draft = Draft()
    if action.drafts is not None:
        with books.look() as look:
            try:
                draft = action.drafts(look, ids)
            except Refused:
                abort(404)
    return _Form(action, ids, draft, fields_of(action.wish, draft))


def _render(
    form: _Form, said: Mapping[str, Any], faults: Mapping[str, Any] | None = None, error: Refused | None = None
) -> str:
    return render_template(
        "do.html",
        form=form,
        said=said,
        faults=faults or {},
        error=error,
        back=_next(form.action, form.ids, done=False),
        # A form sent twice is one wish; one that was refused is another after a correction.
        once=secrets.token_urlsafe(16),
    )


def _next(action: Action, values: Mapping[str, Any], *, done: bool = True) -> str:
    """Return the page to go to; the first one where a form does not know yet what its act will make."""
    try:
        path = filled(action.then, values)
    except KeyError:
        return url_for("pages.live")
    if not done:
        return path
    return f"{path}{'&' if '?' in path else '?'}done={action.name}"


def _flat(answer: Any) -> Mapping[str, Any]:
    plain = to_builtins(answer)
    return plain if isinstance(plain, dict) else {}
