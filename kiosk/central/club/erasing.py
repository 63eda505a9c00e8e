"""What is personal of somebody who left is erased, by retention or on request; ids, bookings and counts stay (§5.10).

Records of gates are chained and stay as they were written. They name a member by a random id, and that id leads to
nobody once name, file and the numbers of the cards are gone: so the link is erased and not the record.
"""

from datetime import timedelta

from sqlalchemy import update

from kiosk.central.care.complaint_facts import open_complaints
from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import file_of, keep_file
from kiosk.central.club.membership import standing
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.retention import purge_file
from kiosk.central.members import members_by
from kiosk.central.money.statements import balance
from kiosk.central.money.stored_lots import overdraft_of
from kiosk.central.tables import credential
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.membership import ENDED, MemberState
from kiosk.club.privacy import PrivacyRefusal, against_erasure
from kiosk.core.errors import InvalidInput

_OF_A_MEMBER = (
    AccountKind.MEMBER_PRINCIPAL,
    AccountKind.MEMBER_BONUS,
    AccountKind.MEMBER_DEBT,
    AccountKind.REFUND_PAYABLE,
)


def against_request(look: Look, member_id: str) -> tuple[PrivacyRefusal, ...]:
    """Return what speaks against erasing somebody's data today: membership, money or a complaint still open (S90)."""
    accounts = [overdraft_of(member_id), *(Account(kind, member_id) for kind in _OF_A_MEMBER)]
    state = standing(look, member_id).state
    return against_erasure(
        is_member=state not in ENDED and state is not MemberState.APPLICANT,
        balance_minor=sum(abs(balance(look, each)) for each in accounts),
        complaints_open=len(open_complaints(look, [member_id])),
    )


def erase_on_request(change: Change, member_id: str, why: str) -> None:
    """Erase what is personal of somebody at their request; raises RuleRefused while something is open."""
    if not members_by(change.connection, "id", [member_id]):
        raise InvalidInput(f"there is no member {member_id!r}")
    if file_of(change, member_id).purged_on is not None:
        raise RuleRefused("file_erased", what=f"member {member_id}")
    for refusal in against_request(change, member_id):
        raise refuse(refusal, f"member {member_id}")
    keep_file(change, member_id, change.today - timedelta(days=1))
    erase(change, member_id)
    change.note("file.erase_on_request", "member", member_id, why=why)


def erase(change: Change, member_id: str) -> None:
    """Erase everything personal of a leaver or guest whose file need not be kept; raises InvalidInput where it must."""
    purge_file(change, member_id)
    mine = credential.c.member == member_id
    # The id of a card is a keyed hash: without the number it stands for nothing, and every gate goes on refusing it.
    nameless = "erased-" + credential.c.id
    change.connection.execute(update(credential).where(mine).values(identifier=nameless))
