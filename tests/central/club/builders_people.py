"""Builders for tests of people: applicants in order, members that joined, and what a gate answers to their cards."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from kiosk.central.club import applications, files, membership
from kiosk.central.club.application_book import Applicant, publish_version
from kiosk.central.club.books import Books, Change
from kiosk.central.club.files import MemberFile
from kiosk.central.club.organisations import Succession
from kiosk.central.members import (
    CardRecord,
    EntitlementRecord,
    MemberRecord,
    cards_by,
    members_by,
    save_cards,
    save_entitlements,
)
from kiosk.central.policy import apply_policy
from kiosk.central.tables import roster_row
from kiosk.club.joining import ApplicantKind, Channel, Consent, Criterion, Document, Mark, Scope
from kiosk.club.membership import Ending, EndReason, MemberState
from kiosk.core.clock import ClockReading, ClockState
from kiosk.core.decision import Case, decide
from kiosk.core.identifiers import credential_of
from kiosk.core.model import Area as AreaRow
from kiosk.core.model import Credential, CredentialState, Policy, Product, Site
from kiosk.core.roster import decode_row
from tests.builders import make_point, make_read
from tests.central.builders import ManualClock
from tests.central.club.builders import DESK
from tests.central.roster_builders import HASH_KEY, make_club_policy

ZONE = ZoneInfo("Asia/Shanghai")
VERSION = "2026"


def set_day(clock: ManualClock, day: date, hour: int = 10) -> None:
    """Move the clock to an hour of a local day in Shanghai."""
    clock.set_wall(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE))


def open_club(books: Books) -> None:
    """Load the club's policy, and put version 2026 of what has to be agreed to into force."""

    def work(change: Change) -> None:
        apply_policy(change.connection, make_club_policy(), at=change.now)
        for each in (Consent.PURPOSE, Consent.CHARTER, Consent.REGULATIONS):
            publish_version(change, each, VERSION, change.today, decided_by="council")

    books.change(DESK, work)


def make_applicant(number: int = 1, **fields: Any) -> Applicant:
    """Make applicant `number`, a person with nothing missing."""
    defaults = {
        "name": f"王小{number}",
        "phone": f"138{number:08}",
        "channel": Channel.DESK,
        "card_kind": "annual",
        "scopes": frozenset({Scope.INDOOR}),
        "born": date(1990, 5, 4),
        "full_capacity": True,
        "consents": dict.fromkeys((Consent.PURPOSE, Consent.CHARTER, Consent.REGULATIONS), VERSION),
        "documents": {Document.FORM: 1, Document.ID_COPY: 1, Document.PHOTO: 1},
        "marks": frozenset({Mark.SIGNATURE}),
        "findings": {Criterion.HEALTH: True},
    }
    return Applicant(**defaults | fields)


def make_unit_applicant(number: int = 50, **fields: Any) -> Applicant:
    """Make applicant `number`, an organisation with nothing missing."""
    defaults = {
        "name": f"恒大公司{number}",
        "kind": ApplicantKind.ORGANISATION,
        "born": None,
        "full_capacity": False,
        "documents": {Document.FORM: 1, Document.PROOF: 1},
        "marks": frozenset({Mark.STAMP}),
        "findings": {},
    }
    return make_applicant(number, **defaults | fields)


def do(books: Books, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Run a service as the desk does."""
    return books.change(DESK, lambda change: work(change, *args, **more))


def see(books: Books, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Read with a service."""
    with books.look() as look:
        return work(look, *args, **more)


def approve(books: Books, applicant: Applicant, **more: Any) -> str:
    """Take somebody from the form through the review; returns the member."""
    application = do(books, applications.submit, applicant)
    do(books, applications.pre_register, application)
    do(books, applications.review, application)
    return str(do(books, applications.approve, application, **more).member)


def hand_over(books: Books, member: str, number: int = 1) -> None:
    """Give a member card `number` in the hand, as the card service does, with the gym for the year."""

    def work(change: Change) -> None:
        save_cards(change.connection, [card_of(number, member)])
        applications.collected(change, member, change.today)
        save_entitlements(change.connection, [EntitlementRecord(f"e{number}", member, "gym")])

    books.change(DESK, work)


def card_of(number: int, member: str, state: CredentialState = CredentialState.ACTIVE) -> CardRecord:
    """Make card `number` of a member."""
    identifier = f"04{number:012X}"
    return CardRecord(credential_of(identifier, HASH_KEY), identifier, member, state)


def join(books: Books, number: int = 1, *, paid_until: date = date(2027, 11, 21), **fields: Any) -> str:
    """Make a valid member: applied, approved, paid, card `number` in the hand."""
    member = approve(books, make_applicant(number, **fields))
    do(books, membership.record_paid, member, paid_until, why="first fee")
    hand_over(books, member, number)
    return member


def ended(last_day: date) -> Ending:
    """Make the end of a membership that was asked for."""
    return Ending(last_day, MemberState.WITHDRAWN, EndReason.REQUESTED)


def whole_succession() -> Succession:
    """Make what a successor needs."""
    return Succession(reviewed=True, agreed=True, council_voted=True)


def make_person(books: Books, number: int = 1, **fields: Any) -> str:
    """Write a person's file at the desk, who has not applied."""
    return str(
        do(books, files.open_file, MemberFile("", name=f"李大{number}", phone=f"139{number:08}", **fields)).member
    )


def row_of(books: Books, member: str) -> MemberRecord:
    """Read what the roster is made of."""
    with books.look() as look:
        return members_by(look.connection, "id", [member])[0]


def cards_of(books: Books, member: str) -> list[CardRecord]:
    """Read a member's cards."""
    with books.look() as look:
        return cards_by(look.connection, "member", [member])


def gate_says(books: Books, number: int, day: date) -> str:
    """What a gate into the club answers card `number` at ten o'clock of a day, by the roster as it is now."""
    with books.look() as look:
        bodies = look.connection.execute(select(roster_row.c.body)).scalars().all()
    # No gate reads the price list, which stands beside what it reads.
    rows = [decode_row(bytes(body)) for body in bodies if b'"kind":"item"' not in bytes(body)]
    card = credential_of(f"04{number:012X}", HASH_KEY)
    policy = Policy(
        revision=1,
        site=next(row for row in rows if isinstance(row, Site)),
        areas={row.id: row for row in rows if isinstance(row, AreaRow)},
        products={row.id: row for row in rows if isinstance(row, Product)},
    )
    held = next((row for row in rows if isinstance(row, Credential) and row.id == card), None)
    now = datetime(day.year, day.month, day.day, 10, tzinfo=ZONE)
    reading = ClockReading(now, ClockState.OK)
    case = Case(read=make_read(credential=card), point=make_point(), clock=reading, policy=policy, credential=held)
    return str(decide(case).event.reason)
