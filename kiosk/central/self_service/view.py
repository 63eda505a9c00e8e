"""Everything that a kiosk shows of the member whose card lies on it, out of the books, in one answer.

Of the person no more than the masks let through; of the cards no number at all.
"""

from datetime import timedelta

from kiosk.central.care.refusals import refusals_of
from kiosk.central.club import points
from kiosk.central.club.books import Look
from kiosk.central.club.files import MemberFile, file_of
from kiosk.central.club.turning import standing
from kiosk.central.members import cards_by, members_by
from kiosk.central.self_service import club_view, masks, papers
from kiosk.central.self_service.activity_view import activities_of
from kiosk.central.self_service.fee_view import FeeView, fees_of
from kiosk.central.self_service.holders import holder_of
from kiosk.central.self_service.money_view import NOT_VALID, entries_of, money_of, top_up_of
from kiosk.central.self_service.right_view import rights_of
from kiosk.club.membership import ENDED
from kiosk.core.self_service import ROWS_MAX, Datum, MemberView, Refusal, TopUpView, ViewAsked

REFUSALS_SHOWN = timedelta(days=7)
NUMBER_END = 4
CODE_CHARACTERS_MAX = 48
"""Of codes that a box wrote; its own are shorter."""

NOBODY = MemberView(known=False)
READ = ("kiosk_view",)
"""What of a member is written down as read with each view: all of it, masked as it is."""


def view_of(look: Look, asked: ViewAsked, ways: tuple[str, ...]) -> tuple[str, MemberView]:
    """Return who it is and what is shown: an empty id and nothing for a card that is nobody's or that is shut."""
    member = holder_of(look, asked.credential, asked.assurance)
    return (member, _of_member(look, member, ways)) if member is not None else ("", NOBODY)


def _of_member(look: Look, member: str, ways: tuple[str, ...]) -> MemberView:
    record, file = members_by(look.connection, "id", [member])[0], file_of(look, member)
    now, balance = standing(look, member), points.balance(look, member)
    is_over = now.state in ENDED
    fees = FeeView() if is_over else fees_of(look, member)
    return MemberView(
        known=True,
        name=masks.name_shown(record.name),
        number_end=record.member_no[-NUMBER_END:],
        tier=club_view.tier_of(look, record.tier),
        standing=now.state.value,
        valid_until=now.until,
        money=money_of(look, member),
        points=club_view.points_of(balance),
        due=fees.due,
        ahead=fees.ahead,
        top_up=TopUpView(off=NOT_VALID) if is_over else top_up_of(look, member, ways),
        next_tier=None if is_over else club_view.next_tier_of(look, member),
        coupons=club_view.coupons_of(look, member),
        rights=() if is_over else rights_of(look, member),
        rewards=club_view.rewards_of(look, member, balance),
        activities=() if is_over else activities_of(look, member),
        entries=entries_of(look, member),
        refusals=_refusals(look, member),
        data=_data(file),
        confirmed_on=file.confirmed_on,
        votes=() if is_over else papers.votes_of(look, member),
        surveys=() if is_over else papers.surveys_of(look, member),
    )


def _refusals(look: Look, member: str) -> tuple[Refusal, ...]:
    cards = {each.id for each in cards_by(look.connection, "member", [member])}
    found = refusals_of(look, cards, ROWS_MAX, look.now - REFUSALS_SHOWN)
    return tuple(
        Refusal(
            f"{each.record.journal}:{each.record.seq}",
            each.at,
            each.access_point[:CODE_CHARACTERS_MAX],
            each.reason[:CODE_CHARACTERS_MAX],
        )
        for each in found
    )


def _data(file: MemberFile) -> tuple[Datum, ...]:
    """Return what is confirmed, masked; what the file does not have is left out."""
    shown = {
        "name": masks.name_shown(file.name),
        "phone": masks.phone_shown(file.phone),
        "email": masks.email_shown(file.email),
        "born": masks.birth_shown(file.born),
        "address": masks.address_shown(file.address),
    }
    return tuple(Datum(label, text) for label, text in shown.items() if text)
