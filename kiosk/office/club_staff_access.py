"""How staff sign in, as admins look after it: passwords shown once, locked accounts, lost second factors (S94)."""

from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.enrolment import drop_factor
from kiosk.central.club.passwords import KeptPassword, keep_password, new_password
from kiosk.central.club.staff import ACTIVE, Account, account, set_password, unlock_account
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_staff_pages import KIND
from kiosk.office.whom import Done

_NO_LOGIN = "?"
"""Stands for the login where a password is tried for it: no login has this, and a random password no word of it."""

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class ChangeStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is done."""

    why: Reason


class NewPassword(msgspec.Struct, frozen=True):
    """An account with the password for its first sign-in, which is empty once it was shown."""

    id: str
    login: str
    password: str


class Ready(NamedTuple):
    """A wish with a password that was made for it."""

    wish: Any
    password: str
    kept: KeptPassword


def with_password(wish: msgspec.Struct, _ids: Ids) -> Ready:
    """Make a password ahead of the transaction, as that takes 0.1 s."""
    password = new_password()
    return Ready(wish, password, keep_password(password, _NO_LOGIN))


def set_staff_password(change: Change, ready: Ready, ids: Ids) -> NewPassword:
    """Set a temporary password."""
    known = set_password(change, ids["staff"], ready.kept, why=ready.wish.why)
    return NewPassword(known.id, known.login, ready.password)


def without_password(answer: NewPassword) -> NewPassword:
    """Return what is kept of the answer."""
    return msgspec.structs.replace(answer, password="")


def unlock_staff(change: Change, wish: ChangeStaff, ids: Ids) -> Done:
    """Let its person try again."""
    unlock_account(change, ids["staff"], wish.why)
    return Done(ids["staff"])


def drop_staff_factor(change: Change, wish: ChangeStaff, ids: Ids) -> Done:
    """Take the second factor off."""
    drop_factor(change, ids["staff"], wish.why)
    return Done(ids["staff"])


def matter_of(_look: Look, ids: Ids) -> Matter:
    """Return whose account it is."""
    return Matter(staff=ids["staff"])


def draft_of(look: Look, ids: Ids) -> Draft:
    """Return a form that says whose account it is, with its roles."""
    known = account(look, ids["staff"])
    return Draft(f"{known.name} ({known.login})", {"roles": known.roles})


def is_open(known: Account) -> bool:
    """Say whether the account is open."""
    return known.state == ACTIVE


def _has_factor(known: Account) -> bool:
    return known.state == ACTIVE and known.factor


ACTIONS = (
    Action(
        "set_staff_password",
        "/staff/{staff}/password",
        Permission.STAFF_WRITE,
        ChangeStaff,
        NewPassword,
        set_staff_password,
        "Set a temporary password; it is in the first answer alone",
        about=KIND,
        then="/staff/{staff}",
        possible=is_open,
        act=OfficeAction.EDIT_STAFF,
        matter=matter_of,
        drafts=draft_of,
        prepare=with_password,
        kept=without_password,
    ),
    Action(
        "unlock_staff",
        "/staff/{staff}/unlock",
        Permission.STAFF_WRITE,
        ChangeStaff,
        Done,
        unlock_staff,
        "Forget failed sign-ins",
        about=KIND,
        then="/staff/{staff}",
        possible=is_open,
        act=OfficeAction.EDIT_STAFF,
        matter=matter_of,
        drafts=draft_of,
    ),
    Action(
        "drop_staff_factor",
        "/staff/{staff}/drop-factor",
        Permission.STAFF_WRITE,
        ChangeStaff,
        Done,
        drop_staff_factor,
        "Take a second factor off",
        about=KIND,
        then="/staff/{staff}",
        possible=_has_factor,
        act=OfficeAction.EDIT_STAFF,
        matter=matter_of,
        drafts=draft_of,
    ),
)
