"""What the desk reports: something it saw, or somebody who is not the one in the photo (S28, S08)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change
from kiosk.central.club.card_taps import taps_of
from kiosk.central.club.cases import CaseWish, add_note, open_case
from kiosk.central.club.misuse import report_photo
from kiosk.club.cases import CaseKind
from kiosk.club.misuse_rules import StaffReport
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import HIDDEN, Action, Draft, Ids
from kiosk.office.club_case_pages import REPORT
from kiosk.office.whom import Done, card_named, member_named

LOOKED_BACK = timedelta(days=1)
"""How old the tap may be that a report is about, where it names none."""

_EVER = datetime(2000, 1, 1, tzinfo=UTC)

Words = Annotated[str, Meta(max_length=2000)]


class OpenCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen; `about` is a member number or a card's. Who looks into it ties the records to it."""

    kind: CaseKind
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    about: Annotated[str, Meta(max_length=64)] = ""


class ReportPhoto(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody is not the one in the photo: at the tap that is named, else at the card's last one."""

    card: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Words = ""
    journal: Annotated[str, Meta(max_length=32)] = ""
    seq: Annotated[int, Meta(ge=1, le=INTEGER_MAX)] | None = None


def report_case(change: Change, wish: OpenCase, _ids: Ids) -> Done:
    """Open a case."""
    about = member_named(change, wish.about) if wish.about.strip() else None
    return Done(open_case(change, CaseWish(wish.kind, about, text=wish.text)).id)


def report_stranger(change: Change, wish: ReportPhoto, _ids: Ids) -> Done:
    """Report that a card was not shown by its member."""
    card = card_named(change, wish.card)
    taps = taps_of(change, card.id, _EVER if wish.journal else change.now - LOOKED_BACK)
    if wish.journal:
        taps = [each for each in taps if (each.journal, each.seq) == (wish.journal, wish.seq)]
    if not taps:
        raise InvalidInput("no tap of this card is known", hint="Report a case without one")
    tap = taps[-1]
    found = report_photo(change, card.id, StaffReport(tap.journal, tap.seq, tap.at, tap.site, change.actor.id))
    if wish.text.strip():
        add_note(change, found.id, wish.text)
    return Done(found.id)


ACTIONS = (
    Action(
        "report_case",
        "/cases",
        Permission.CASES_WRITE,
        OpenCase,
        Done,
        report_case,
        "Open a case",
        about=REPORT,
        then="/report",
        act=OfficeAction.REPORT_MISUSE,
    ),
    Action(
        "report_photo",
        "/cases/photos",
        Permission.CASES_WRITE,
        ReportPhoto,
        Done,
        report_stranger,
        "Report somebody who is not in the photo",
        about=REPORT,
        then="/report",
        act=OfficeAction.REPORT_MISUSE,
        drafts=lambda _look, _ids: Draft(kinds=dict.fromkeys(("journal", "seq"), HIDDEN)),
    ),
)
