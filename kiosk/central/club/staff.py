"""Staff accounts: who may act, in which roles (S94). A password is made ready before the transaction that writes it.

No one raises his own roles, and the last admin stays. What somebody may do is asked of `kiosk.club.roles`.
"""

import re
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update

from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.failures import forget_failures
from kiosk.central.club.passwords import KeptPassword, keep_password, new_password
from kiosk.central.club.refused import refuse
from kiosk.central.club.site_names import check_site
from kiosk.central.club.staff_tables import api_key, staff, staff_recovery, staff_session
from kiosk.club.roles import Role, against_roles
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

ACTIVE, CLOSED = "active", "closed"
LOGIN_HINT = "Take 2 to 64 of a-z, 0-9, dot, dash, underscore and @"
NAME_CHARACTERS_MAX = 80
ACCOUNTS_MAX = 2000

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}\Z")


class Account(msgspec.Struct, frozen=True):
    """A staff account. `temporary`: somebody else knows its password; `factor`: it signs in with a second factor.

    `site` is where its person works, empty for the head office.
    """

    id: str
    login: str
    name: str
    roles: tuple[Role, ...]
    member: str | None
    site: str
    state: str
    temporary: bool
    factor: bool
    opened_at: datetime
    closed_at: datetime | None


class OpenAccount(msgspec.Struct, frozen=True):
    """The wish for an account. `member` is the file of staff who are members too."""

    login: str
    name: str
    roles: tuple[Role, ...]
    password: KeptPassword
    member: str | None = None
    site: str = ""


def accounts(look: Look) -> list[Account]:
    """Return all accounts by login, 2,000 at most."""
    query = select(staff).order_by(staff.c.login).limit(ACCOUNTS_MAX)
    return [_account(row) for row in look.connection.execute(query).mappings()]


def account(look: Look, staff_id: str) -> Account:
    """Return an account; raises InvalidInput where there is none."""
    return _account(staff_row(look, staff_id))


def open_account(change: Change, wish: OpenAccount) -> Account:
    """Open an account whose password is good for setting one's own; raises InvalidInput, RuleRefused."""
    login = clean_login(wish.login)
    _check_name(wish.name)
    roles = _checked(change, wish.roles)
    if change.connection.execute(select(staff.c.id).where(staff.c.login == login)).first() is not None:
        raise InvalidInput(f"there is an account {login} already", hint="Take another name")
    row: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "login": login,
        "name": wish.name.strip(),
        "roles": _roles_text(roles),
    }
    row |= {"member": wish.member, "site": check_site(change, wish.site), "state": ACTIVE, "temporary": True}
    row |= {"password": wish.password.text, "opened_at": format_utc(change.now)}
    change.connection.execute(insert(staff), row)
    opened = account(change, row["id"])
    change.note("staff.open", "staff", opened.id, after=_shown(opened))
    return opened


def give_roles(change: Change, staff_id: str, roles: Iterable[Role], why: str = "") -> Account:
    """Set an account's roles; raises InvalidInput where somebody gives himself more, or no admin would be left."""
    before = _account(staff_row(change, staff_id, lock=True))
    wanted = _checked(change, roles)
    if change.actor.id == staff_id and not set(wanted) <= set(before.roles):
        raise InvalidInput("nobody gives himself a role", hint="Another admin can")
    if Role.ADMIN in before.roles and Role.ADMIN not in wanted:
        _check_admin_left(change, staff_id)
    return _write(change, before, "staff.roles", why, roles=_roles_text(wanted))


def describe_account(
    change: Change, staff_id: str, name: str, member: str | None, why: str = "", *, site: str = ""
) -> Account:
    """Set an account's name, the member's file that is its person's own, and where it works; raises InvalidInput."""
    _check_name(name)
    before = _account(staff_row(change, staff_id, lock=True))
    values = {"name": name.strip(), "member": member, "site": check_site(change, site)}
    return _write(change, before, "staff.describe", why, **values)


def set_password(
    change: Change, staff_id: str, password: KeptPassword, keep_session: str = "", why: str = ""
) -> Account:
    """Set a password and end the account's sessions but the one of that hash.

    One that somebody else set is temporary: with it nothing can be done but setting one's own.
    """
    before = _account(staff_row(change, staff_id, lock=True))
    temporary = change.actor.id != staff_id
    end_sessions(change, staff_id, keep=keep_session)
    forget_failures(change, before.login)
    return _write(change, before, "staff.password", why, password=password.text, temporary=temporary)


def close_account(change: Change, staff_id: str, why: str = "") -> Account:
    """Close an account for good, with its sessions and keys; raises InvalidInput where it is the last admin's."""
    before = _account(staff_row(change, staff_id, lock=True))
    if before.state == CLOSED:
        return before
    if Role.ADMIN in before.roles:
        _check_admin_left(change, staff_id)
    end_sessions(change, staff_id)
    at = format_utc(change.now)
    change.connection.execute(delete(staff_recovery).where(staff_recovery.c.staff == staff_id))
    open_keys = (api_key.c.staff == staff_id, api_key.c.revoked_at.is_(None))
    change.connection.execute(update(api_key).where(*open_keys).values(revoked_at=at))
    nothing = {"password": "", "factor": "", "factor_wanted": ""}
    return _write(change, before, "staff.close", why, state=CLOSED, closed_at=at, **nothing)


def unlock_account(change: Change, staff_id: str, why: str = "") -> None:
    """Forget the failed sign-ins of an account, so that its person may try again."""
    known = account(change, staff_id)
    forget_failures(change, known.login)
    change.note("staff.unlock", "staff", staff_id, why=why)


def first_admin(books: Books, login: str = "admin", name: str = "Administrator") -> str | None:
    """Open the first admin's account where no account is there, and return its password, to be shown once.

    None where there are accounts already, so that it may be called at every start.
    """
    password = new_password()
    wish = OpenAccount(login, name, (Role.ADMIN,), keep_password(password, login))

    def work(change: Change) -> str | None:
        if change.connection.execute(select(staff.c.id).limit(1)).first() is not None:
            return None
        open_account(change, wish)
        return password

    return books.change(Actor("setup", "cli"), work)


def clean_login(login: str) -> str:
    """Return a login as it is kept, in lower case; raises InvalidInput."""
    text = login.strip().casefold()
    if not _LOGIN.match(text):
        raise InvalidInput(f"{login[:64]!r} cannot be a login", hint=LOGIN_HINT)
    return text


def end_sessions(change: Change, staff_id: str, keep: str = "") -> None:
    """End an account's sessions but the one of that hash."""
    ended = (staff_session.c.staff == staff_id, staff_session.c.hash != keep)
    change.connection.execute(delete(staff_session).where(*ended))


def staff_row(look: Look, staff_id: str, *, lock: bool = False) -> Any:
    """Return an account's row as a mapping; raises InvalidInput where there is none. `lock` keeps it until the end."""
    query = select(staff).where(staff.c.id == staff_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise InvalidInput(f"no staff account {staff_id[:16]!r}")
    return row


def file_of_actor(change: Change) -> str | None:
    """Return the member's file of who acts; None for programs, and for staff who are no members."""
    return change.connection.execute(select(staff.c.member).where(staff.c.id == change.actor.id)).scalar_one_or_none()


def roles_of(text: str) -> frozenset[Role]:
    """Return roles as they are kept."""
    return frozenset(msgspec.json.decode(text, type=tuple[Role, ...]))


def _write(change: Change, before: Account, action: str, why: str, **values: Any) -> Account:
    change.connection.execute(update(staff).where(staff.c.id == before.id).values(**values))
    after = account(change, before.id)
    change.note(action, "staff", before.id, before=_shown(before), after=_shown(after), why=why)
    return after


def _checked(look: Look, roles: Iterable[Role]) -> Collection[Role]:
    wanted = frozenset(roles)
    for refusal in against_roles(wanted, look.rules.roles):
        raise refuse(refusal, "roles")
    return wanted


def _check_admin_left(change: Change, staff_id: str) -> None:
    """Raise InvalidInput unless another admin is left, and keep it so until the end of the transaction."""
    query = select(staff.c.id, staff.c.roles).where(staff.c.state == ACTIVE).order_by(staff.c.id).with_for_update()
    rows = change.connection.execute(query).all()
    if not any(row.id != staff_id and Role.ADMIN in roles_of(row.roles) for row in rows):
        raise InvalidInput("this is the last admin", hint="Make somebody else an admin first")


def _check_name(name: str) -> None:
    if not 1 <= len(name.strip()) <= NAME_CHARACTERS_MAX:
        raise InvalidInput(f"a name has 1 to {NAME_CHARACTERS_MAX} characters")


def _roles_text(roles: Iterable[Role]) -> str:
    return canonical(sorted(role.value for role in roles)).decode()


def _account(row: Any) -> Account:
    return Account(
        **{name: row[name] for name in ("id", "login", "name", "member", "site", "state", "temporary")},
        roles=tuple(sorted(roles_of(row["roles"]))),
        factor=bool(row["factor"]),
        opened_at=parse_utc(row["opened_at"]),
        closed_at=parse_utc(row["closed_at"]) if row["closed_at"] else None,
    )


def _shown(known: Account) -> dict[str, Any]:
    """Return what the audit trail keeps of an account."""
    shown: dict[str, Any] = msgspec.to_builtins(known)
    return {name: value for name, value in shown.items() if name not in ("opened_at", "closed_at")}
