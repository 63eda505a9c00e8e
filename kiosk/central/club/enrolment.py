"""Setting up, checking and taking away the second factor of staff (S94). A recovery code stands in for a telephone."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import delete, insert, update

from kiosk.central.club.books import Change
from kiosk.central.club.failures import locked_until, note_failure
from kiosk.central.club.second_factor import (
    Vault,
    enrolment_uri,
    new_recovery_codes,
    new_secret,
    recovery_hash,
    secret_text,
    step_of,
)
from kiosk.central.club.staff import end_sessions, staff_row
from kiosk.central.club.staff_tables import staff, staff_recovery, staff_session
from kiosk.core.errors import InvalidInput


class Enrolment(msgspec.Struct, frozen=True):
    """What a telephone takes in: the otpauth URI for a QR code, and the secret to type. Shown once."""

    uri: str
    secret: str

    def __repr__(self) -> str:
        """Say nothing: this must not get into a log."""
        return "Enrolment(…)"


def begin_enrolment(change: Change, vault: Vault) -> Enrolment:
    """Make a secret for the second factor of who acts. It counts once a code proved it.

    Raises InvalidInput where there is a factor already: it is dropped first, with a code or by another admin.
    """
    row = staff_row(change, change.actor.id, lock=True)
    if row["factor"]:
        raise InvalidInput("there is a second factor already", hint="Drop it first, with a code or a recovery code")
    secret = new_secret()
    wanted = update(staff).where(staff.c.id == row["id"])
    change.connection.execute(wanted.values(factor_wanted=vault.seal(secret, row["id"])))
    return Enrolment(enrolment_uri(secret, row["login"]), secret_text(secret))


def confirm_enrolment(change: Change, vault: Vault, code: str, session: str) -> tuple[str, ...]:
    """Make the secret the second factor of who acts, proved by a code; return the recovery codes, shown once.

    The session of that hash stands from now on as one with a second factor, the others end. Raises InvalidInput.
    """
    row = staff_row(change, change.actor.id, lock=True)
    if not row["factor_wanted"]:
        raise InvalidInput("no second factor is being set up", hint="Begin with a new secret")
    step = step_of(vault.open(row["factor_wanted"], row["id"]), code, change.now, row["factor_step"])
    if step is None:
        raise InvalidInput("the code does not fit", hint="Check the telephone's clock and type the newest code")
    values = {"factor": row["factor_wanted"], "factor_wanted": "", "factor_step": step}
    change.connection.execute(update(staff).where(staff.c.id == row["id"]).values(**values))
    end_sessions(change, row["id"], keep=session)
    change.connection.execute(update(staff_session).where(staff_session.c.hash == session).values(factor=True))
    change.note("staff.factor", "staff", row["id"], before={"factor": False}, after={"factor": True})
    return _renew_recovery(change, row["id"])


def take_code(change: Change, vault: Vault, row: Mapping[str, Any], code: str) -> bool:
    """Say whether a code is good for the second factor of a locked account's row, and use it up: each counts once."""
    step = step_of(vault.open(row["factor"], row["id"]), code, change.now, row["factor_step"])
    if step is not None:
        change.connection.execute(update(staff).where(staff.c.id == row["id"]).values(factor_step=step))
        return True
    used = (staff_recovery.c.staff == row["id"], staff_recovery.c.hash == recovery_hash(code))
    if change.connection.execute(delete(staff_recovery).where(*used)).rowcount != 1:
        return False
    change.note("staff.recovery_code", "staff", row["id"])
    return True


def drop_own_factor(change: Change, vault: Vault, code: str) -> bool:
    """Take the second factor off the account of who acts, for a code or a recovery code; say whether it was good.

    A wrong one counts as a failed sign-in, and a name that has to wait has to wait here too.
    """
    row = staff_row(change, change.actor.id, lock=True)
    if not row["factor"] or locked_until(change, row["login"]) is not None:
        return False
    if not take_code(change, vault, dict(row), code):
        note_failure(change, row["login"])
        return False
    _drop(change, row["id"], "by its person")
    return True


def drop_factor(change: Change, staff_id: str, why: str = "") -> None:
    """Take the second factor off another one's account: the telephone is lost. Raises InvalidInput for one's own."""
    if change.actor.id == staff_id:
        raise InvalidInput("one's own second factor is dropped with a code", hint="A recovery code will do")
    if staff_row(change, staff_id, lock=True)["factor"]:
        _drop(change, staff_id, why)


def _drop(change: Change, staff_id: str, why: str) -> None:
    """End the sessions too. Without a factor, roles that ask for one count for nothing until a new one is set up."""
    change.connection.execute(delete(staff_recovery).where(staff_recovery.c.staff == staff_id))
    change.connection.execute(update(staff).where(staff.c.id == staff_id).values(factor="", factor_wanted=""))
    end_sessions(change, staff_id)
    change.note("staff.factor", "staff", staff_id, before={"factor": True}, after={"factor": False}, why=why)


def _renew_recovery(change: Change, staff_id: str) -> tuple[str, ...]:
    change.connection.execute(delete(staff_recovery).where(staff_recovery.c.staff == staff_id))
    codes = new_recovery_codes()
    rows = [{"staff": staff_id, "hash": recovery_hash(each)} for each in codes]
    change.connection.execute(insert(staff_recovery), rows)
    return codes
