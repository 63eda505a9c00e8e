"""Who may look: staff with the staff token in a session, programs with it as bearer token."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from flask import Flask, abort, request, session

from kiosk.core.clock import Clock
from kiosk.local.guard import Attempts
from kiosk.office.problems import ProblemError

SESSION_HOURS = 12


class Gatekeeper:
    """Compares what is presented with the staff token: ten failures a minute from one address, then it waits."""

    def __init__(self, staff_token: bytes, clock: Clock) -> None:
        self._staff_token = staff_token
        self._pages = Attempts(clock)
        self._programs = Attempts(clock)

    def prepare(self, app: Flask) -> None:
        """Set up the session cookie. Its key follows from the staff token: a new token signs everybody out."""
        app.secret_key = hmac.digest(self._staff_token, b"kiosk office session", hashlib.sha256)
        app.config.update(
            SESSION_COOKIE_NAME="kiosk-office",
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        )

    def sign_in(self, presented: str) -> int:
        """Open a session for the right token; otherwise return after how many seconds to try again, 0 for at once.

        Returns -1 when signed in.
        """
        address = request.remote_addr or ""
        if wait_s := self._pages.wait_s(address):
            return wait_s
        if not self._matches(presented):
            self._pages.failed(address)
            return self._pages.wait_s(address)
        self._pages.succeeded(address)
        session.pop("form_key", None)
        session.permanent = True
        session["staff"] = True
        return -1

    def sign_out(self) -> None:
        """End this browser's session; the language stays."""
        for key in ("staff", "form_key"):
            session.pop(key, None)

    def check_bearer(self) -> None:
        """Return when the request carries the token; raises ProblemError 401 or 429."""
        address = request.remote_addr or ""
        if wait_s := self._programs.wait_s(address):
            raise ProblemError(429, f"Too many wrong tokens. Try again in {wait_s} s.", retry_after_s=wait_s)
        kind, _, presented = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise ProblemError(401, "Send the staff token as Authorization: Bearer TOKEN.")
        if not self._matches(presented.strip()):
            self._programs.failed(address)
            raise ProblemError(401, "That is not the staff token.")
        self._programs.succeeded(address)

    def _matches(self, presented: str) -> bool:
        return hmac.compare_digest(presented.encode(errors="replace"), self._staff_token)


def signed_in() -> bool:
    """Say whether this browser is signed in."""
    return bool(session.get("staff"))


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
