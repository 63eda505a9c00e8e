"""Whose card lies on a kiosk, and as whom a device acts."""

import hashlib

from kiosk.central.club.books import Actor, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.turning import standing
from kiosk.central.members import cards_by
from kiosk.club.membership import ENDED
from kiosk.core.identifiers import Assurance
from kiosk.core.model import CredentialState

VIA = "kiosk"
NAME_CHARACTERS_MAX = 25
"""So much of a device's name has room in who acted, 32 characters of the audit trail, behind `device:`."""

SUM_CHARACTERS = 8

NO_CARD = "credential_not_found"
NOT_A_MEMBER = "not_a_member"


def actor_of(device: str) -> Actor:
    """Return as whom a device acts; of a long name the beginning and a sum, so that no two devices act as one."""
    if len(device) > NAME_CHARACTERS_MAX:
        digest = hashlib.sha256(device.encode()).hexdigest()[:SUM_CHARACTERS]
        device = f"{device[: NAME_CHARACTERS_MAX - SUM_CHARACTERS - 1]}~{digest}"
    return Actor(f"device:{device}", VIA)


def holder_of(look: Look, credential: str, assurance: Assurance | None = None) -> str | None:
    """Return the member whose card that is; None for a card that is nobody's, shut, or read with less than it needs.

    A card that was lost shows nobody's account to whoever found it.
    """
    card = next(iter(cards_by(look.connection, "id", [credential])), None)
    if card is None or card.gift or card.state is not CredentialState.ACTIVE:
        return None
    if assurance is not None and assurance.rank < card.assurance.rank:
        return None
    return card.member


def holder_who_wishes(look: Look, credential: str) -> str:
    """Return the member whose card that is; raises RuleRefused where it is nobody's."""
    member = holder_of(look, credential)
    if member is None:
        raise RuleRefused(NO_CARD, what="that card")
    return member


def check_member(look: Look, member: str) -> None:
    """Return for somebody who is a member still; raises RuleRefused for one who left."""
    if standing(look, member).state in ENDED:
        raise RuleRefused(NOT_A_MEMBER, what=f"member {member}")
