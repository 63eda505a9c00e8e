"""Whether a member's file is complete, confirmed and of use to reach the member (S17, S18, R116, R157, R158)."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class FileField(StrEnum):
    """What a file should hold (§3). Income is not among it (R16). Wire format."""

    NAME = "name"
    BORN = "born"
    SEX = "sex"
    PHONE = "phone"
    EMAIL = "email"
    PHOTO = "photo"
    ID_DOCUMENT = "id_document"
    ADDRESS = "address"
    OCCUPATION = "occupation"
    INTERESTS = "interests"
    HEALTH = "health"
    CONSENT = "consent"


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much one field counts."""

    field: FileField
    points: int


class YearDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day that every year has."""

    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=28)]


class CompletenessRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a complete file is, when members confirm theirs, and when a contact counts as dead."""

    weights: Annotated[
        tuple[Weight, ...],
        Meta(
            description="What each field counts. The seeds name fields and no weights: what a card, a check of age or "
            "a call needs counts double.",
            extra={"source": "S17, R158, seeds 003:355, 004:71"},
        ),
    ] = (
        Weight(FileField.NAME, 2),
        Weight(FileField.BORN, 2),
        Weight(FileField.PHONE, 2),
        Weight(FileField.PHOTO, 2),
        Weight(FileField.ID_DOCUMENT, 2),
        Weight(FileField.CONSENT, 2),
        Weight(FileField.EMAIL, 1),
        Weight(FileField.SEX, 1),
        Weight(FileField.HEALTH, 1),
        Weight(FileField.INTERESTS, 1),
    )
    confirm_on: Annotated[
        tuple[YearDay, ...],
        Meta(
            description="From which days of the year on members are asked to confirm their data: at its start and end.",
            extra={"source": "R116, S17, seeds 003:9"},
        ),
    ] = (YearDay(1, 1), YearDay(12, 1))
    confirm_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days that a member has to confirm, after which staff ask. No number in the seeds.",
            extra={"source": "R116, seeds 003:9"},
        ),
    ] = 30
    new_file_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days after approval in which a new member's file must be complete. The seeds say at once: 0.",
            extra={"source": "R158, seeds 003:355"},
        ),
    ] = 0
    phone_pattern: Annotated[
        str,
        Meta(description="What a mobile number looks like.", extra={"source": "S17, S18, R157, seeds 003:349, 004:75"}),
    ] = r"1[3-9][0-9]{9}|\+[1-9][0-9]{6,14}"
    email_pattern: Annotated[
        str, Meta(description="What an e-mail address looks like.", extra={"source": "S18, R157, seeds 004:75"})
    ] = r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"
    failures_to_dead: Annotated[
        int,
        Meta(
            ge=1,
            description="Failed messages in a row after which a contact counts as dead. No number in the seeds.",
            extra={"source": "S18, R157, seeds 004:75"},
        ),
    ] = 3


class Score(msgspec.Struct, frozen=True):
    """How complete a file is: points of how many, whole per cent rounded down, and what is missing, heaviest first."""

    points: int
    of: int
    percent: int
    missing: tuple[FileField, ...]


def score(held: Iterable[FileField], rules: CompletenessRules) -> Score:
    """Return how complete a file is (S17, R158); rules without weights make every file complete."""
    has = frozenset(held)
    total = sum(each.points for each in rules.weights)
    points = sum(each.points for each in rules.weights if each.field in has)
    lacking = sorted((each for each in rules.weights if each.field not in has), key=lambda each: -each.points)
    percent = points * 100 // total if total else 100
    return Score(points, total, percent, tuple(each.field for each in lacking))


def complete_by(approved_on: date, rules: CompletenessRules) -> date:
    """Return the day by which a new member's file must be complete (R158, seeds 003:355)."""
    return approved_on + timedelta(days=rules.new_file_days)


class Confirmation(StrEnum):
    """Whether a member's data are confirmed for this half of the year. Wire format."""

    CONFIRMED = "confirmed"
    DUE = "due"
    OVERDUE = "overdue"


class ConfirmationDue(msgspec.Struct, frozen=True):
    """The state on a day, since when it is asked for, and by when; both None before the first date that counts."""

    state: Confirmation
    asked_on: date | None
    due_on: date | None


def confirmation_on(confirmed_on: date, rules: CompletenessRules, today: date) -> ConfirmationDue:
    """Return whether data last confirmed on a day (joining is one) are to be confirmed again (R116, S17).

    Each date of the rules asks anew; what is confirmed on or after it holds until the next.
    """
    dates = (date(today.year - back, each.month, each.day) for back in (0, 1) for each in rules.confirm_on)
    asked = max((day for day in dates if day <= today), default=None)
    if asked is None:
        return ConfirmationDue(Confirmation.CONFIRMED, None, None)
    due = asked + timedelta(days=rules.confirm_days)
    if confirmed_on >= asked:
        return ConfirmationDue(Confirmation.CONFIRMED, asked, due)
    return ConfirmationDue(Confirmation.OVERDUE if today > due else Confirmation.DUE, asked, due)


class ContactKind(StrEnum):
    """How a member can be reached. Wire format."""

    PHONE = "phone"
    EMAIL = "email"


class ContactState(StrEnum):
    """What one way to reach a member is worth. Wire format."""

    USABLE = "usable"
    MISSING = "missing"
    MALFORMED = "malformed"
    DEAD = "dead"


class Contact(msgspec.Struct, frozen=True):
    """One way to reach a member, and how many messages in a row did not arrive."""

    kind: ContactKind
    value: str
    failures: int = 0


def contact_state(contact: Contact, rules: CompletenessRules) -> ContactState:
    """Return what a contact is worth (S18, R157, seeds 003:349, 004:75)."""
    pattern = rules.phone_pattern if contact.kind is ContactKind.PHONE else rules.email_pattern
    if not contact.value:
        return ContactState.MISSING
    if re.fullmatch(pattern, contact.value) is None:
        return ContactState.MALFORMED
    return ContactState.DEAD if contact.failures >= rules.failures_to_dead else ContactState.USABLE


def blind_spots(contacts: Iterable[Contact], rules: CompletenessRules) -> Mapping[ContactKind, ContactState]:
    """Return the ways of reaching a member that do not work (S18: no blind spots and no errors)."""
    states = dict.fromkeys(ContactKind, ContactState.MISSING)
    states.update({each.kind: contact_state(each, rules) for each in contacts})
    return {kind: state for kind, state in states.items() if state is not ContactState.USABLE}


def unreachable(contacts: Iterable[Contact], rules: CompletenessRules) -> bool:
    """Say whether no way of reaching a member works (S18)."""
    return len(blind_spots(contacts, rules)) == len(ContactKind)
