"""Who comes, and what they may do: staff with a session or the staff token, programs with a key or the token.

The staff token is one secret with all roles; a deployment may do without it.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import NamedTuple

from flask import Flask, abort, g, request, session

from kiosk.central.club.api_keys import PREFIX as KEY_PREFIX
from kiosk.central.club.api_keys import key_holder
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.sessions import Door, Session, SignInReason, SignInRefusal
from kiosk.club.roles import Permission, Role, RoleRules, Staff, against, permissions
from kiosk.local.rates import RateLimiter
from kiosk.office.problems import NotAllowed, ProblemError

SESSION_HOURS = 12
BY_ITSELF = "X-By-Itself"
"""The header with which a page brings itself up to date."""


TOKEN_HOLDER = Staff("token", frozenset(Role), second_factor=True)
"""Who comes with the staff token: whoever set this machine up."""


class Caller(NamedTuple):
    """Somebody who was recognised, with the permissions of today. `session` is None for the token and for programs."""

    staff: Staff
    via: str
    permissions: frozenset[Permission]
    rules: RoleRules = RoleRules()
    session: Session | None = None

    @property
    def actor(self) -> Actor:
        """As whom the books write it down."""
        return Actor(self.staff.id, self.via)

    def check(self, permission: Permission | None) -> None:
        """Return where something may be done; raises NotAllowed with the reason."""
        if permission is not None and (refusal := against(self.staff, permission, self.rules)) is not None:
            raise NotAllowed(refusal)


class Entry(NamedTuple):
    """What came of a sign-in: after how many seconds to try again, and whether only the code is missing."""

    ok: bool
    wait_s: int = 0
    code_missing: bool = False


class Gatekeeper:
    """Recognises staff and programs: ten failures a minute from one address, then it waits."""

    def __init__(self, books: Books, door: Door, staff_token: bytes, secret: bytes) -> None:
        """Take the staff token, empty where there is none, and the secret that the cookies are signed with."""
        self._books = books
        self._door = door
        self._staff_token = staff_token
        self._secret = secret
        self._failed_sign_ins = RateLimiter(books.clock)
        self._wrong_tokens = RateLimiter(books.clock)

    @property
    def takes_token(self) -> bool:
        """Whether there is a staff token."""
        return bool(self._staff_token)

    def prepare(self, app: Flask, https: bool) -> None:
        """Set up the session cookie, with `https` for https alone; a new staff token makes all cookies void."""
        app.secret_key = hmac.digest(self._secret + self._staff_token, b"kiosk office session", hashlib.sha256)
        app.config.update(
            SESSION_COOKIE_NAME="kiosk-office",
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SECURE=https,
            SESSION_COOKIE_SAMESITE="Lax",
            PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        )

    def sign_in_by_token(self, presented: str) -> Entry:
        """Open a session for the staff token."""
        address = request.remote_addr or ""
        if wait_s := self._failed_sign_ins.wait_s(address):
            return Entry(False, wait_s)
        if not self._matches(presented):
            self._failed_sign_ins.count(address)
            return Entry(False, self._failed_sign_ins.wait_s(address))
        self._failed_sign_ins.forget(address)
        self._begin(token=True)
        return Entry(True)

    def sign_in(self, login: str, password: str, code: str) -> Entry:
        """Open a session for an account; a name is locked by the books, an address waits besides."""
        address = request.remote_addr or ""
        if wait_s := self._failed_sign_ins.wait_s(address):
            return Entry(False, wait_s)
        opened = self._door.sign_in(login, password, code)
        if isinstance(opened, SignInRefusal):
            if opened.reason is SignInReason.CODE_MISSING:
                return Entry(False, code_missing=True)
            self._failed_sign_ins.count(address)
            return Entry(False, int(opened.detail.get("wait_s", 0)) or self._failed_sign_ins.wait_s(address))
        self._failed_sign_ins.forget(address)
        self._begin(sid=opened.secret)
        return Entry(True)

    def sign_out(self) -> None:
        """End this browser's session; the language stays."""
        if secret := session.get("sid"):
            self._door.sign_out(secret)
        for key in ("token", "sid", "form_key"):
            session.pop(key, None)
        g.pop("caller", None)

    def caller(self) -> Caller | None:
        """Return who is signed in at this browser, None for nobody; looked up once a request."""
        if "caller" not in g:
            g.caller = self._of_session()
        found: Caller | None = g.caller
        return found

    def signed_in(self) -> Caller:
        """Return who is signed in; 403 for nobody."""
        found = self.caller()
        if found is None:
            abort(403)
        return found

    def check_bearer(self) -> Caller:
        """Return who sends the request's bearer token; raises ProblemError 401 or 429."""
        address = request.remote_addr or ""
        if wait_s := self._wrong_tokens.wait_s(address):
            raise ProblemError(429, f"Too many wrong tokens. Try again in {wait_s} s.", retry_after_s=wait_s)
        kind, _, presented = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise ProblemError(401, "Send a key or the staff token as Authorization: Bearer TOKEN.")
        found = self._of_bearer(presented.strip())
        if found is None:
            self._wrong_tokens.count(address)
            raise ProblemError(401, "That token is good for nothing here.")
        self._wrong_tokens.forget(address)
        return found

    def _begin(self, **kept: object) -> None:
        for key in ("token", "sid", "form_key"):
            session.pop(key, None)
        g.pop("caller", None)
        session.permanent = True
        session.update(kept)

    def _of_session(self) -> Caller | None:
        if session.get("token") and self.takes_token:
            return _token_caller("office")
        secret = session.get("sid")
        by_itself = BY_ITSELF in request.headers
        found = self._door.resume(secret, by_itself=by_itself) if isinstance(secret, str) else None
        if found is None:
            return None
        with self._books.look() as look:
            rules = look.rules.roles
        return Caller(found.staff, "office", permissions(found.staff, rules), rules, found)

    def _of_bearer(self, presented: str) -> Caller | None:
        if self._matches(presented):
            return _token_caller("api")
        if not presented.startswith(f"{KEY_PREFIX}_"):
            return None
        with self._books.look() as look:
            holder, rules = key_holder(look, presented), look.rules.roles
        return Caller(holder, "api", permissions(holder, rules), rules) if holder else None

    def _matches(self, presented: str) -> bool:
        return self.takes_token and hmac.compare_digest(presented.encode(errors="replace"), self._staff_token)


def form_key() -> str:
    """Return the key that a form of this browser carries, so that no foreign page can post in its name."""
    if "form_key" not in session:
        session["form_key"] = secrets.token_urlsafe(24)
    key: str = session["form_key"]
    return key


def check_form() -> None:
    """Return when a posted form carries this browser's key; 403 otherwise."""
    if not hmac.compare_digest(request.form.get("form_key", "").encode(errors="replace"), form_key().encode()):
        abort(403)


def local_path(wanted: str, default: str) -> str:
    """Return where to go after signing in: a path of this site, or the default."""
    # Browsers read /\ and any number of slashes at the front as the start of a host's name.
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if plain else default


def _token_caller(via: str) -> Caller:
    return Caller(TOKEN_HOLDER, via, permissions(TOKEN_HOLDER, RoleRules()))
