"""What is done with a member's file: changed, confirmed by the member, and what of it is sensitive (S17, S18, R116)."""

from datetime import date
from typing import Any

import msgspec

from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import MemberFile, change_file, confirm_file, file_of
from kiosk.central.club.greeting import note_members
from kiosk.central.club.referrals import claim, take_back
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.texts import Language
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.own_file import check_not_own
from kiosk.office.people_fields import (
    Code,
    Line,
    MayWhy,
    MemberNo,
    Name,
    Short,
    Words,
    file_choices,
    member_of,
    named,
    number_of,
)
from kiosk.office.person_view import PersonView, without_sensitive

KIND = "member"
_NOT_OF_FILE = ("why", "referred_by_no")


class ChangeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it should stand: all of it, for what is left out is empty then."""

    name: Name
    phone: Code = ""
    email: Line = ""
    sex: Short = ""
    born: date | None = None
    address: Line = ""
    occupation: Line = ""
    employer: Line = ""
    post: Line = ""
    fixed_phone: Code = ""
    fax: Code = ""
    interests: Words = ""
    region: Code = ""
    trade: Line = ""
    home_site: Code = ""
    recruited_by: Short = ""
    referred_by_no: MemberNo = ""
    owner_staff: Code = ""
    language: Language = Language.ZH
    private: bool = False
    accessible: bool = False
    why: MayWhy = ""


class ConfirmFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member says that the data are right; what has changed is put right first, with a change of the file."""


class ChangeSensitive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the identity document is kept, and what staff have to know of the member's health."""

    id_document: Line = ""
    health: Words = ""
    why: MayWhy = ""


def _change(change: Change, wish: ChangeFile, ids: Ids) -> MemberFile:
    fields: dict[str, Any] = msgspec.to_builtins(wish)
    kept = {name: value for name, value in fields.items() if name not in _NOT_OF_FILE}
    changed = change_file(change, ids["member"], kept, why=wish.why)
    changed = _brought(change, changed, named(change, wish.referred_by_no), wish.why)
    # Whether the name is shown, and how long a barrier stays open, is known at the gates at once.
    note_members(change, [changed.member])
    return _shown(changed)


def _brought(change: Change, file: MemberFile, referred_by: str | None, why: str) -> MemberFile:
    """Write down who brought a member by the rules of a claim, for it is rewarded; nobody writes himself down (S78)."""
    if referred_by == file.referred_by:
        return file
    if referred_by is None:
        take_back(change, file.member, why=why)
    else:
        check_not_own(change, [referred_by], "claim_referral")
        claim(change, file.member, referred_by)
    return file_of(change, file.member)


def _confirm(change: Change, _wish: ConfirmFile, ids: Ids) -> MemberFile:
    return _shown(confirm_file(change, ids["member"]))


def _change_sensitive(change: Change, wish: ChangeSensitive, ids: Ids) -> MemberFile:
    fields = {"id_document": wish.id_document, "health": wish.health}
    return change_file(change, ids["member"], fields, why=wish.why)


def _shown(file: MemberFile) -> MemberFile:
    return without_sensitive(file)


def person_named(look: Look, ids: Ids) -> Draft:
    """Begin with nothing but whose membership it is."""
    person = member_of(look, ids["member"])
    return Draft(f"{person.name} {person.member_no}")


def _change_draft(look: Look, ids: Ids) -> Draft:
    file = file_of(look, ids["member"])
    names = [each for each in ChangeFile.__struct_fields__ if each not in _NOT_OF_FILE]
    values = {name: getattr(file, name) for name in names} | {"referred_by_no": number_of(look, file.referred_by)}
    return person_named(look, ids)._replace(values=values, choices=file_choices(look, file))


def _sensitive_draft(look: Look, ids: Ids) -> Draft:
    file = file_of(look, ids["member"])
    return person_named(look, ids)._replace(values={"id_document": file.id_document, "health": file.health})


def is_kept(view: PersonView) -> bool:
    """Say whether there is a file still."""
    return view.file.purged_on is None


_WRITES, _SEES = Permission.MEMBERS_WRITE, Permission.MEMBERS_SENSITIVE

ACTIONS = (
    Action(
        "change_file",
        "/people/{member}/file",
        _WRITES,
        ChangeFile,
        MemberFile,
        _change,
        "Change a member's file",
        about=KIND,
        then="/people/{member}",
        possible=is_kept,
        drafts=_change_draft,
        reads=("born", "address"),
        act=OfficeAction.EDIT_MEMBER,
    ),
    Action(
        "confirm_file",
        "/people/{member}/confirmation",
        _WRITES,
        ConfirmFile,
        MemberFile,
        _confirm,
        "Write down that the data are right",
        about=KIND,
        then="/people/{member}",
        possible=is_kept,
        drafts=person_named,
        act=OfficeAction.EDIT_MEMBER,
    ),
    Action(
        "change_sensitive",
        "/people/{member}/sensitive",
        _SEES,
        ChangeSensitive,
        MemberFile,
        _change_sensitive,
        "Change what is sensitive of a member's file",
        about=KIND,
        then="/people/{member}",
        possible=is_kept,
        drafts=_sensitive_draft,
        reads=("id_document", "health"),
        act=OfficeAction.EDIT_SENSITIVE,
    ),
)
