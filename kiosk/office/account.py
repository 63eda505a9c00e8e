"""Signing in and out, and one's own account: password, second factor, recovery codes."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kiosk.central.club.books import Books, Change
from kiosk.central.club.enrolment import Enrolment, begin_enrolment, confirm_enrolment, drop_own_factor
from kiosk.central.club.passwords import is_password, keep_password
from kiosk.central.club.second_factor import Vault
from kiosk.central.club.sessions import Session
from kiosk.central.club.staff import account, accounts, set_password, staff_row
from kiosk.core.errors import InvalidInput, KioskError
from kiosk.local.rates import RateLimiter
from kiosk.office.navigation import home
from kiosk.office.security import Caller, Entry, Gatekeeper, check_form, local_path

Shown = str | Response | tuple[str, int]

PASSWORD_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 32
"""A recovery code with its dashes, and room to spare."""


class Account:
    """What a person does with the own account."""

    def __init__(self, books: Books, vault: Vault, gatekeeper: Gatekeeper) -> None:
        self._books = books
        self._vault = vault
        self._gatekeeper = gatekeeper
        self._wrong = RateLimiter(books.clock)

    def sign_in(self) -> Shown:
        """Show the sign-in page."""
        if self._gatekeeper.caller() is not None:
            return redirect(self._after(""))
        return self._sign_in_page(Entry(True))

    def try_to_sign_in(self) -> Shown:
        """Take the staff token, or name, password and code."""
        check_form()
        form = request.form
        if "staff_token" in form:
            entry = self._gatekeeper.sign_in_by_token(form["staff_token"].strip())
        else:
            login, code = form.get("login", "")[:64], form.get("code", "").strip()[:CODE_CHARACTERS_MAX]
            entry = self._gatekeeper.sign_in(login, form.get("password", "")[:PASSWORD_CHARACTERS_MAX], code)
        if entry.ok:
            return redirect(self._after(form.get("next", "")))
        return self._sign_in_page(entry), 429 if entry.wait_s else (200 if entry.code_missing else 403)

    def sign_out(self) -> Shown:
        """End the session."""
        check_form()
        self._gatekeeper.sign_out()
        return redirect(url_for("account.sign_in"))

    def show(self) -> Shown:
        """Show who is signed in, and what may be done."""
        caller = self._gatekeeper.signed_in()
        return render_template("account.html", caller=caller)

    def password(self) -> Shown:
        """Show the form for a new password."""
        caller, session = self._own()
        return render_template("password.html", caller=caller, temporary=session.temporary, fault="")

    def change_password(self) -> Shown:
        """Set a new password for who knows the present one."""
        check_form()
        caller, session = self._own()
        fault = self._set_password(caller, session)
        if fault:
            return render_template("password.html", caller=caller, temporary=session.temporary, fault=fault), 422
        return redirect(url_for("account.show", done="password"))

    def factor(self) -> Shown:
        """Show whether there is a second factor, and what can be done about it."""
        return self._factor_page(*self._own())

    def begin_factor(self) -> Shown:
        """Make a secret and show it once."""
        check_form()
        caller, session = self._own()

        def work(change: Change) -> Enrolment:
            return begin_enrolment(change, self._vault)

        try:
            enrolment = self._books.change(caller.actor, work)
        except InvalidInput:
            return redirect(url_for("account.factor"))
        return render_template("factor.html", session=session, enrolment=enrolment, codes=(), fault="")

    def confirm_factor(self) -> Shown:
        """Take a code as proof, and show the recovery codes once."""
        check_form()
        caller, session = self._own()
        code = request.form.get("code", "").strip()[:CODE_CHARACTERS_MAX]
        # What the telephone took in is shown again after a wrong code; it is this browser's own secret.
        enrolment = Enrolment(request.form.get("uri", "")[:500], request.form.get("secret", "")[:64])
        if self._wrong.wait_s(caller.staff.id):
            abort(429)
        try:
            codes = self._books.change(
                caller.actor, lambda change: confirm_enrolment(change, self._vault, code, session.key)
            )
        except InvalidInput:
            self._wrong.count(caller.staff.id)
            page = render_template(
                "factor.html", session=session, enrolment=enrolment, codes=(), fault="factor_wrong_code"
            )
            return page, 422
        return render_template("factor.html", session=session, enrolment=None, codes=codes, fault="")

    def drop_own_factor(self) -> Shown:
        """Take the second factor off the own account for a code; every session of it ends."""
        check_form()
        caller, session = self._own()
        code = request.form.get("code", "").strip()[:CODE_CHARACTERS_MAX]
        if self._books.change(caller.actor, lambda change: drop_own_factor(change, self._vault, code)):
            self._gatekeeper.sign_out()
            return redirect(url_for("account.sign_in"))
        return self._factor_page(caller, session, "factor_wrong_code"), 422

    def _after(self, wanted: str) -> str:
        """Return where somebody who has signed in was going, else the page that comes first for the account's roles."""
        caller, front = self._gatekeeper.signed_in(), url_for("pages.live")
        first = home(caller) if caller.session is not None else front
        return first if wanted == front else local_path(wanted, first)

    def _factor_page(self, caller: Caller, session: Session, fault: str = "") -> str:
        with self._books.look() as look:
            known = account(look, caller.staff.id)
        return render_template("factor.html", account=known, session=session, enrolment=None, codes=(), fault=fault)

    def _own(self) -> tuple[Caller, Session]:
        """Return who is signed in with an account; 404 for the staff token, which has none."""
        caller = self._gatekeeper.signed_in()
        if caller.session is None:
            abort(404)
        return caller, caller.session

    def _set_password(self, caller: Caller, session: Session) -> str:
        """Set a new password; return the key of what is wrong, empty where it is set."""
        form = {name: request.form.get(name, "")[:PASSWORD_CHARACTERS_MAX] for name in ("present", "new", "again")}
        if self._wrong.wait_s(caller.staff.id):
            return "password_wait"
        with self._books.look() as look:
            kept = staff_row(look, caller.staff.id)["password"]
        if not is_password(form["present"], kept):
            self._wrong.count(caller.staff.id)
            return "password_wrong"
        if form["new"] != form["again"]:
            return "password_differs"
        if form["new"] == form["present"]:
            return "password_same"
        try:
            fresh = keep_password(form["new"], session.login)
        except InvalidInput:
            return "password_bad"
        self._books.change(caller.actor, lambda change: set_password(change, caller.staff.id, fresh, session.key))
        return ""

    def _sign_in_page(self, entry: Entry) -> str:
        return render_template(
            "sign_in.html",
            entry=entry,
            takes_token=self._gatekeeper.takes_token,
            has_accounts=self._has_accounts() or not self._gatekeeper.takes_token,
            by_token="staff_token" in request.form,
        )

    def _has_accounts(self) -> bool:
        try:
            with self._books.look() as look:
                return bool(accounts(look))
        except KioskError:
            # The page of the sign-in opens with the database away, too.
            return False


def make_blueprint(own: Account) -> Blueprint:
    """Return the pages of signing in and of the own account."""
    blueprint = Blueprint("account", __name__)
    for method, path, handler in (
        ("GET", "/sign-in", own.sign_in),
        ("POST", "/sign-in", own.try_to_sign_in),
        ("POST", "/sign-out", own.sign_out),
        ("GET", "/account", own.show),
        ("GET", "/account/password", own.password),
        ("POST", "/account/password", own.change_password),
        ("GET", "/account/factor", own.factor),
        ("POST", "/account/factor", own.begin_factor),
        ("POST", "/account/factor/confirm", own.confirm_factor),
        ("POST", "/account/factor/drop", own.drop_own_factor),
    ):
        blueprint.add_url_rule(path, handler.__name__, handler, methods=[method])
    return blueprint
