"""Member files: opened, changed, confirmed and found, every change with what was before and after (S01, S18, R44)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.field_checks import check_fields
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import first_spell, lock_member
from kiosk.central.database import upsert, write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.members import MemberRecord, members_by, new_member_id, save_members
from kiosk.central.sealed import is_text
from kiosk.central.tables import member
from kiosk.club.joining import JoiningReason
from kiosk.club.membership import MemberFacts
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

MEMBER_NO = "member_no"
"""Name in `setting` of the last member number that was given out."""

PHONES = "member_phones"
"""Name in `setting` of the lock under which phone numbers are held against each other."""

NUMBERS_TRIED_MAX = 10_000

_NOT_IN_AUDIT = ("id_document", "photo", "health")
_NOT_BY_HAND = frozenset({"member", "kind", "referred_by", "opened_on", "confirmed_on", "keep_until", "purged_on"})


class FileKind(StrEnum):
    """Whose file it is. Wire format."""

    PERSON = "person"
    ORGANISATION = "organisation"
    CHILD = "child"
    VISITOR = "visitor"


_WITH_PHONE = (FileKind.PERSON, FileKind.ORGANISATION)
"""Whose phone numbers are held against each other: a child comes with its parent's."""


class MemberFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the club keeps of somebody (§3, S01). Nobody is asked for an income (R16).

    `photo` is the digest of a picture, or like `id_document` refers to what is kept elsewhere. `opened_on` is in the
    past for nobody who came today.
    """

    member: str
    kind: FileKind = FileKind.PERSON
    name: str = ""
    phone: str = ""
    email: str = ""
    sex: str = ""
    born: date | None = None
    address: str = ""
    occupation: str = ""
    employer: str = ""
    post: str = ""
    fixed_phone: str = ""
    fax: str = ""
    id_document: str = ""
    photo: str = ""
    interests: str = ""
    health: str = ""
    region: str = ""
    trade: str = ""
    home_site: str = ""
    recruited_by: str = ""
    referred_by: str | None = None
    owner_staff: str = ""
    language: str = "zh"
    private: bool = False
    accessible: bool = False
    preferences: Mapping[str, Any] = {}
    opened_on: date | None = None
    confirmed_on: date | None = None
    keep_until: date | None = None
    purged_on: date | None = None


def file_of(look: Look, member_id: str) -> MemberFile:
    """Return a member's file, of one who came with a list what the list says; raises InvalidInput where no such is."""
    row = look.connection.execute(select(member_file).where(member_file.c.member == member_id)).mappings().first()
    if row is not None:
        return read_file(row)
    found = members_by(look.connection, "id", [member_id])
    if not found:
        raise InvalidInput(f"there is no member {member_id!r}")
    kind = FileKind.VISITOR if found[0].guest_of else FileKind.PERSON
    return MemberFile(member_id, kind, name=found[0].name)


def locked_file(change: Change, member_id: str) -> MemberFile:
    """Return a member's file that no other change writes until this one ends: it is written back as a whole."""
    lock_member(change, member_id)
    return file_of(change, member_id)


def open_file(change: Change, file: MemberFile, *, guest_of: str | None = None, why: str = "") -> MemberFile:
    """Write somebody down under a fresh id and number, who is an applicant until approved (R07); returns the file.

    Raises RuleRefused where the phone belongs to somebody else, and the rules give one to one (R14).
    """
    file = msgspec.structs.replace(file, member=new_member_id())
    record = MemberRecord(file.member, _next_number(change), file.name, guest_of=guest_of)
    save_members(change.connection, [record])
    first_spell(change, file.member, MemberFacts(approved_on=None))
    opened = msgspec.structs.replace(file, opened_on=change.today, confirmed_on=change.today)
    return _save(change, None, opened, why)


def change_file(change: Change, member_id: str, fields: Mapping[str, Any], *, why: str = "") -> MemberFile:
    """Change some fields of a file, which is made where there is none yet; dates may be ISO text.

    Raises InvalidInput for a field there is not or a value that does not fit, RuleRefused for a phone taken (R14).
    """
    before = locked_file(change, member_id)
    if before.purged_on is not None:
        raise RuleRefused("file_erased", {"on": before.purged_on.isoformat()}, what=f"member {member_id}")
    fixed = sorted(_NOT_BY_HAND & set(fields))
    if fixed:
        raise InvalidInput(f"{', '.join(fixed)} cannot be changed by hand")
    try:
        after = msgspec.convert({**msgspec.to_builtins(before), **fields}, MemberFile, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the file of {member_id} does not take that: {error}") from error
    if before.opened_on is None:
        after = msgspec.structs.replace(after, opened_on=change.today)
    elif after == before:
        return before
    return _save(change, before, after, why)


def reopen_file(
    change: Change, member_id: str, kind: FileKind, fields: Mapping[str, Any], *, why: str = ""
) -> MemberFile:
    """Fill the file of somebody who joins under an id there is: a former member, also erased, or a guest (S14, S16)."""
    before = locked_file(change, member_id)
    after = msgspec.structs.replace(
        before,
        kind=kind,
        opened_on=before.opened_on or change.today,
        confirmed_on=change.today,
        keep_until=None,
        purged_on=None,
        **fields,
    )
    change.connection.execute(update(member).where(member.c.id == member_id).values(guest_of=None))
    return _save(change, before, after, why)


def confirm_file(change: Change, member_id: str, fields: Mapping[str, Any] | None = None) -> MemberFile:
    """Write down that a member says the data are right today, with what was put right on the way (R116, S17)."""
    before = change_file(change, member_id, fields or {})
    after = msgspec.structs.replace(before, confirmed_on=change.today)
    return _save(change, before, after, "confirmed by the member")


def holder_of_phone(look: Look, phone: str, *, but: str = "") -> str | None:
    """Return the member, other than `but`, that a phone number belongs to; a guest's is nobody's (R14, S19)."""
    mine = (
        is_text(look.connection, member_file.c.phone, phone),
        member_file.c.kind.in_(_WITH_PHONE),
        member_file.c.member != but,
    )
    query = select(member_file.c.member).where(*mine)
    return look.connection.execute(query.order_by(member_file.c.member).limit(1)).scalar() if phone else None


def keep_file(change: Change, member_id: str, until: date | None) -> None:
    """Say until when a leaver's file is kept; None for a member (R71, S16)."""
    known = locked_file(change, member_id)
    if known.keep_until == until or known.purged_on is not None:
        return
    _write(change, msgspec.structs.replace(known, keep_until=until, opened_on=known.opened_on or change.today))


def _save(change: Change, before: MemberFile | None, after: MemberFile, why: str) -> MemberFile:
    _check(change, after, before)
    after = _write(change, after)
    change.note(
        "file.open" if before is None else "file.change",
        "member_file",
        after.member,
        before=_for_audit(before, None) if before else None,
        after=_for_audit(after, before),
        why=why,
    )
    name = after.name if before is None or after.name != before.name else None
    if name is not None:
        change.connection.execute(update(member).where(member.c.id == after.member).values(name=name))
        change.touch(after.member)
    return after


def _check(change: Change, file: MemberFile, before: MemberFile | None) -> None:
    check_fields(file, before, change.rules.completeness)
    if not file.phone or file.kind not in _WITH_PHONE:
        return
    lock_counter(change.connection, PHONES)
    holder = holder_of_phone(change, file.phone, but=file.member)
    if change.rules.joining.one_phone_one_member and holder is not None:
        raise RuleRefused(
            JoiningReason.PHONE_TAKEN, what="that phone number", hint="Search by the number to see whose it is"
        )


def _write(change: Change, file: MemberFile) -> MemberFile:
    values: dict[str, Any] = msgspec.to_builtins(file)
    values["preferences"] = canonical(dict(file.preferences)).decode()
    upsert(change.connection, member_file, values | {"changed_at": format_utc(change.now)})
    return file


def read_file(row: Mapping[Any, Any]) -> MemberFile:
    """Return a row of `member_file` as what it stands for."""
    values = {name: row[name] for name in MemberFile.__struct_fields__}
    values["preferences"] = msgspec.json.decode(values["preferences"])
    return msgspec.convert(values, MemberFile)


def _for_audit(file: MemberFile, other: MemberFile | None) -> dict[str, Any]:
    """Return a file's fields for the audit trail; of documents and health only that they are others now."""
    values: dict[str, Any] = msgspec.to_builtins(file)
    hidden = {name: values.pop(name) for name in _NOT_IN_AUDIT}
    if other is not None:
        values["hidden"] = [name for name in _NOT_IN_AUDIT if hidden[name] != getattr(other, name)]
    return values


def _next_number(change: Change) -> str:
    """Return the next member number that no list gave out; numbers are never used again (S16)."""
    last = lock_counter(change.connection, MEMBER_NO)
    for number in range(last + 1, last + NUMBERS_TRIED_MAX):
        text = f"{number:08}"
        if not members_by(change.connection, "member_no", [text]):
            write_setting(change.connection, MEMBER_NO, str(number))
            return text
    raise InvalidInput(
        f"no free member number in {NUMBERS_TRIED_MAX} from {last + 1:08}", hint="Raise the setting `member_no`"
    )
