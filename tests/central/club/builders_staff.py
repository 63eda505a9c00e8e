"""Builders for tests of staff: accounts whose passwords are cheap to check, and telephones."""

from base64 import b32decode
from datetime import datetime
from typing import Any

from sqlalchemy import update

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.enrolment import begin_enrolment, confirm_enrolment
from kiosk.central.club.passwords import KeptPassword, keep_password
from kiosk.central.club.second_factor import Vault, code_at
from kiosk.central.club.sessions import Door, Opened
from kiosk.central.club.staff import Account, OpenAccount, open_account
from kiosk.central.club.staff_tables import staff
from kiosk.club.roles import Role

PASSWORD = "four plain words here"
SETUP = Actor("setup", "cli")
VAULT = Vault(b"k" * 32)


def cheap(password: str = PASSWORD, login: str = "nobody") -> KeptPassword:
    """A password as it rests, quickly checked."""
    return keep_password(password, login, cost=2)


def make_account(books: Books, login: str = "li.wei", *roles: Role, temporary: bool = False, **more: Any) -> Account:
    """An account, of the desk unless roles are named, whose password its person has set."""
    wish = OpenAccount(login, more.get("name", "Li Wei"), roles or (Role.DESK,), cheap(), more.get("member"))

    def work(change: Change) -> Account:
        opened = open_account(change, wish)
        change.connection.execute(update(staff).where(staff.c.id == opened.id).values(temporary=temporary))
        return opened

    return books.change(SETUP, work)


def sign_in(door: Door, login: str = "li.wei", password: str = PASSWORD, code: str = "") -> Opened:
    """A session, which must open."""
    opened = door.sign_in(login, password, code)
    assert isinstance(opened, Opened), opened
    return opened


class Telephone:
    """What an authenticator does: it keeps the secret and shows codes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def code(self, at: datetime) -> str:
        """Return the code shown at a time."""
        return code_at(self._secret, at)


def enrol(books: Books, door: Door, staff_id: str, login: str = "li.wei") -> tuple[Telephone, tuple[str, ...], Opened]:
    """Set up a second factor in a new session; return telephone, recovery codes and session."""
    session, actor = sign_in(door, login), Actor(staff_id)
    wanted = books.change(actor, lambda change: begin_enrolment(change, VAULT))
    telephone = Telephone(_from_base32(wanted.secret))
    code, key = telephone.code(books.clock.now()), session.session.key
    codes = books.change(actor, lambda change: confirm_enrolment(change, VAULT, code, key))
    return telephone, codes, session


def _from_base32(text: str) -> bytes:
    return b32decode(text)
