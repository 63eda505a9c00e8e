"""What the front desk needs of a member at once: everything of the member's own pages that the desk may see, in one.

Who may take money is the desk; the role has every permission that the parts rest on (a test holds it to that). When a
member came in is not among them, so of the taps there are those that were refused.
"""

from datetime import timedelta

import msgspec

from kiosk.central.care.refusals import Refused, refusals_of
from kiosk.central.club.books import Look
from kiosk.central.club.card_book import cards_of
from kiosk.central.self_service.right_view import rights_of
from kiosk.club.cards import HELD
from kiosk.club.membership import ENDED
from kiosk.club.roles import Permission
from kiosk.core.self_service import RightView
from kiosk.office.actions import Ids
from kiosk.office.care_member import CareView, care_of
from kiosk.office.club_card_file import CardFile, card_file
from kiosk.office.club_points_view import PointsView
from kiosk.office.club_points_view import view_of as points_of
from kiosk.office.money_account import AccountView
from kiosk.office.money_account import view_of as account_of
from kiosk.office.money_fee_pages import FeeView, show_fees
from kiosk.office.person_view import PersonView, person_view
from kiosk.office.routes import NoQuery, Route

DESK = Permission.MONEY_TAKE
"""What the desk alone may do."""

RESTS_ON = frozenset(
    {
        Permission.MEMBERS_READ,
        Permission.CARDS_READ,
        Permission.MONEY_READ,
        Permission.FEES_READ,
        Permission.CARE_READ,
        Permission.APPLICATIONS_READ,
        Permission.ACTIVITIES_READ,
    }
)
"""What each part of the desk's pages asks for where it has a page of its own."""

REFUSALS_SHOWN = timedelta(days=7)
REFUSALS_MAX = 8


class DeskView(msgspec.Struct, frozen=True):
    """A member as the desk sees it. `cards` are those of the book, what is held before what was; `refusals` of a week.

    `rights` are what can be used today, nothing for one who is no member any more.
    """

    person: PersonView
    money: AccountView
    fees: FeeView
    points: PointsView
    cards: tuple[CardFile, ...]
    rights: tuple[RightView, ...]
    refusals: tuple[Refused, ...]
    care: CareView


def desk_view(look: Look, member: str) -> DeskView:
    """Return what the desk sees of a member; raises InvalidInput where there is none."""
    ids = {"member": member}
    person = person_view(look, member)
    cards = [card_file(look, each.card.number) for each in cards_of(look, member)]
    known = {each.credential for each in person.cards}
    return DeskView(
        person=person,
        money=account_of(look, member),
        fees=show_fees(look, NoQuery(), ids),
        points=points_of(look, member),
        cards=tuple(sorted(cards, key=lambda each: (each.card.state not in HELD, each.card.number))),
        rights=() if person.standing.state in ENDED else rights_of(look, member),
        refusals=tuple(refusals_of(look, known, REFUSALS_MAX, look.now - REFUSALS_SHOWN)),
        care=care_of(look, NoQuery(), ids),
    )


def show_desk(look: Look, _query: NoQuery, ids: Ids) -> DeskView:
    """Return a member as the desk sees it; raises InvalidInput where there is none."""
    return desk_view(look, ids["member"])


ROUTES = (
    Route(
        "/desk/{member}",
        "show_desk",
        "A member as the front desk sees it",
        NoQuery,
        DeskView,
        DESK,
        "Standing, money, fees, points, cards, rights left, refused taps of a week and open matters, in one answer.",
        run=show_desk,
    ),
)
