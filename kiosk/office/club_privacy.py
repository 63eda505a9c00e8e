"""A member's privacy in the office: what is sensitive, what data are for and who agreed, and erasure (S90, §5)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.erasing import against_request, erase_on_request
from kiosk.central.club.files import file_of
from kiosk.central.club.purposes import Answer, answer_purpose, answers_of, standing_answers
from kiosk.club.office_actions import OfficeAction
from kiosk.club.privacy import Ground, Purpose
from kiosk.club.privacy_fields import FIELD_USES
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_people_acts import person_named
from kiosk.office.club_readings import readings_table
from kiosk.office.listing import may, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.people_fields import Why, member_of
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import Done

KIND = "privacy"
SENSITIVE_KIND = "sensitive"

Version = Annotated[str, Meta(min_length=1, max_length=32)]


class SetPurpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member says to a use, on a local day, today where none is given, to the version of the text shown."""

    purpose: Purpose
    agreed: bool
    version: Version
    said_on: date | None = None


class EraseMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who left asks for the data to be erased."""

    why: Why


class PurposePage(msgspec.Struct, frozen=True):
    """What a member said to each use, the latest first; `next` is null, as they come at once."""

    items: tuple[Answer, ...]
    next: str | None


def _set_purpose(change: Change, wish: SetPurpose, ids: Ids) -> Answer:
    member = member_of(change, ids["member"]).id
    return answer_purpose(change, member, wish.purpose, agreed=wish.agreed, version=wish.version, said_on=wish.said_on)


def _erase(change: Change, wish: EraseMember, ids: Ids) -> Done:
    erase_on_request(change, ids["member"], wish.why)
    return Done(ids["member"])


def _purpose_draft(look: Look, ids: Ids) -> Draft:
    wanted = [(each.value, chosen("Purpose", each.value)) for each in look.rules.privacy.consent_for]
    return person_named(look, ids)._replace(values={"said_on": look.today}, choices={"purpose": wanted})


def list_purposes(look: Look, _query: NoQuery, ids: Ids) -> PurposePage:
    """Return what a member said to the uses that need a yes; raises InvalidInput where there is no such member."""
    return PurposePage(tuple(answers_of(look, member_of(look, ids["member"]).id)), None)


def _thing(look: Look, ids: Ids, kind: str, facts: Sequence[Fact], tables: Sequence[Table] = ()) -> str:
    person = member_of(look, ids["member"])
    title, place = f"{person.name} {person.member_no}", f"/people/{person.id}"
    return show_thing(
        look, Thing(kind, person.id, title, {"member": person.id}, facts, up=place, up_label="member", tables=tables)
    )


def _privacy_page(look: Look, ids: Ids) -> str:
    member = member_of(look, ids["member"]).id
    answers, file = standing_answers(look, member), file_of(look, member)
    uses = [(word(each), *_standing(answers.get(each))) for each in look.rules.privacy.consent_for]
    fields = [
        (
            told(f"field_{name}"),
            word(purpose),
            word(ground),
            _state(look, ground, answers.get(purpose)),
            file.keep_until,
        )
        for name, (purpose, ground) in FIELD_USES.items()
    ]
    said = [(each.said_on, word(each.purpose), each.agreed, each.version) for each in answers_of(look, member)]
    facts = [
        Fact("entry_months", look.rules.privacy.entry_months),
        Fact("talk_months", look.rules.privacy.talk_months),
        Fact("complaint_months", look.rules.privacy.complaint_months),
        Fact("keep_until", file.keep_until),
        Fact("erasing_open", [word(each.reason) for each in against_request(look, member)]),
    ]
    if may(Permission.MEMBERS_EXPORT):
        facts.append(Fact("own_data", Link(told("own_data_file"), f"/people/{member}/own-data")))
    tables = [
        Table("purposes", ("purpose", "agreed", "consent_version", "consent_on"), uses),
        Table("field_uses", ("field_read", "purpose", "ground", "agreed", "keep_until"), fields),
        Table("purpose_answers", ("consent_on", "purpose", "agreed", "consent_version"), said, empty="no_answers"),
        *readings_table(look, member),
    ]
    return _thing(look, ids, KIND, facts, tables)


def _standing(answer: Answer | None) -> tuple[object, ...]:
    return (told("not_asked"), "", None) if answer is None else (answer.agreed, answer.version, answer.said_on)


def _state(_look: Look, ground: Ground, answer: Answer | None) -> object:
    if ground is not Ground.CONSENT:
        return told("asks_nobody")
    return told("not_asked") if answer is None else answer.agreed


def _sensitive_page(look: Look, ids: Ids) -> str:
    file = file_of(look, ids["member"])
    names = ("id_document", "health", "born", "address")
    return _thing(look, ids, SENSITIVE_KIND, [Fact(f"field_{name}", getattr(file, name)) for name in names])


_P = Permission

ACTIONS = (
    Action(
        "set_purpose",
        "/people/{member}/purposes",
        _P.MEMBERS_WRITE,
        SetPurpose,
        Answer,
        _set_purpose,
        "Write down what a member says to a use of the data",
        about=KIND,
        then="/people/{member}/privacy",
        act=OfficeAction.EDIT_MEMBER,
        drafts=_purpose_draft,
    ),
    Action(
        "erase_member",
        "/people/{member}/erasure",
        _P.MEMBERSHIPS_DECIDE,
        EraseMember,
        Done,
        _erase,
        "Erase what is personal of somebody who left and asks for it",
        about=KIND,
        then="/people/{member}",
        act=OfficeAction.ERASE_MEMBER,
        drafts=person_named,
    ),
)

ROUTES = (
    Route("/people/{member}/purposes", "list_purposes", "What a member said to each use of the data", NoQuery,
          PurposePage, _P.MEMBERS_READ, run=list_purposes),
)  # fmt: skip

PAGES = (
    Page("/people/{member}/privacy", "privacy", _P.MEMBERS_READ, _privacy_page, under="person", about=KIND),
    Page(
        "/people/{member}/sensitive",
        "sensitive",
        _P.MEMBERS_SENSITIVE,
        _sensitive_page,
        under="person",
        reads=("id_document", "health", "born", "address"),
    ),
)
