"""What members do at a kiosk with the card: sign in to an activity, take a reward, say that their data are right.

Each is a change of the books by the rules of its service, once for the id that the kiosk made.
"""

import hashlib

from kiosk.central.care.surveys import give_feedback
from kiosk.central.club.application_book import number_of
from kiosk.central.club.books import Change
from kiosk.central.club.files import confirm_file
from kiosk.central.club.rewards import reserve
from kiosk.central.club.sign_ins import sign_in_at_desk
from kiosk.central.self_service.holders import check_member, holder_who_wishes
from kiosk.club.complaints import Channel
from kiosk.core.self_service import ConfirmAsked, Done, RedeemAsked, SignInAsked

REDEMPTION_ID_CHARACTERS = 32

DATA_ARE_WRONG = (
    "会员在自助机上表示资料有误，请联系核对。 The member says at a kiosk that the data shown are not right."
)


def sign_in(change: Change, asked: SignInAsked, _site: str) -> Done:
    """Sign a member in to an activity now (S42); raises RuleRefused, InvalidInput."""
    sign_in_at_desk(change, asked.activity, holder_who_wishes(change, asked.credential))
    return Done(asked.id, True)


def redeem(change: Change, asked: RedeemAsked, _site: str) -> Done:
    """Keep a reward for a member, who gets it at the desk by the number (S48); raises RuleRefused, InvalidInput."""
    member = holder_who_wishes(change, asked.credential)
    id = hashlib.sha256(f"{change.actor.id}/{asked.id}".encode()).hexdigest()[:REDEMPTION_ID_CHARACTERS]
    return Done(asked.id, True, number=number_of(reserve(change, member, asked.reward, id).id))


def confirm(change: Change, asked: ConfirmAsked, _site: str) -> Done:
    """Write down that a member's data are right (R116), or that somebody has to look into them."""
    member = holder_who_wishes(change, asked.credential)
    check_member(change, member)
    if asked.right:
        confirm_file(change, member)
        return Done(asked.id, True)
    return Done(asked.id, True, number=number_of(give_feedback(change, Channel.ON_SITE, DATA_ARE_WRONG, member).id))
