"""Which of the staff looks after a member, and how that changes hands (S71, R128, R130–R132, R155, R156, §4 L13).

Only a change that went all its steps moves a member; that staff move to another store or are away moves nobody.
"""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal


class OwnershipRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who agrees to another owner, and what a leaver has to do first."""

    two_approvals: Annotated[
        bool,
        Meta(
            description="Whether store manager and manager have to be two persons.",
            extra={"source": "R130, seeds 003:351"},
        ),
    ] = True
    written_request: Annotated[
        bool,
        Meta(description="Whether a request names its paper.", extra={"source": "R130, seeds 003:351"}),
    ] = True
    leaver_hands_over: Annotated[
        bool,
        Meta(
            description="Whether nobody leaves who still looks after members.",
            extra={"source": "R131, seeds 003:352"},
        ),
    ] = True
    complaint_to_owner: Annotated[
        bool,
        Meta(
            description="Whether a complaint goes to the member's own person first; never one that is about that "
            "person.",
            extra={"source": "R128, seeds 003:354"},
        ),
    ] = True
    arrival_tiers: Annotated[
        tuple[str, ...],
        Meta(
            description="Tiers whose members, as soon as they come in, are announced to whoever looks after them. The "
            "seeds promise the highest tier a representative and help at any hour: platinum.",
            extra={"source": "S72, seeds 000:19, 003:18, 003:111"},
        ),
    ] = ("platinum",)


class ChangeState(StrEnum):
    """Where a change of owner stands. Wire format."""

    REQUESTED = "requested"
    STORE_AGREED = "store_agreed"
    AGREED = "agreed"
    CHANGED = "changed"
    FILED = "filed"
    REFUSED = "refused"


class ChangeAction(StrEnum):
    """What can be done with one. Wire format."""

    AGREE_STORE = "agree_store"
    AGREE = "agree"
    CHANGE = "change"
    FILE = "file"
    REFUSE = "refuse"


CHANGE_LIFE: Life[ChangeState, ChangeAction] = Life(
    name="a change of owner",
    start=ChangeState.REQUESTED,
    steps=(
        Step(ChangeAction.AGREE_STORE, (ChangeState.REQUESTED,), ChangeState.STORE_AGREED),
        Step(ChangeAction.AGREE, (ChangeState.STORE_AGREED,), ChangeState.AGREED),
        Step(ChangeAction.CHANGE, (ChangeState.AGREED,), ChangeState.CHANGED),
        Step(ChangeAction.FILE, (ChangeState.CHANGED,), ChangeState.FILED),
        Step(ChangeAction.REFUSE, (ChangeState.REQUESTED, ChangeState.STORE_AGREED), ChangeState.REFUSED),
    ),
)
"""Asked for in writing, agreed to by the store manager and the manager, done, filed at customer service (R130)."""


class OwnerReason(StrEnum):
    """Why an owner does not change, or nobody may leave. Wire format."""

    NO_PAPER = "no_paper"
    SAME_OWNER = "same_owner"
    NOT_ON_STAFF = "not_on_staff"
    OWN_REQUEST = "own_request"
    HAS_AGREED_ALREADY = "has_agreed_already"
    MEMBERS_NOT_HANDED_OVER = "members_not_handed_over"


class OwnerRefusal(Refusal[OwnerReason], frozen=True):
    """Why an owner does not change, or nobody may leave."""


class OwnerChange(msgspec.Struct, frozen=True):
    """A change of owner: whose, from whom to whom, who asked and agreed, by which paper, and from which day on."""

    member: str
    owner_from: str
    owner_to: str
    asked_by: str
    paper: str = ""
    agreed_by: tuple[str, ...] = ()
    state: ChangeState = ChangeState.REQUESTED
    changed_on: date | None = None


class Credit(msgspec.Struct, frozen=True):
    """A sale: whose member it was and who is credited with it; two things (§6.25)."""

    owner: str
    credited: str


def against_request(
    change: OwnerChange, staff: Collection[str], rules: OwnershipRules, *, leaver: bool = False
) -> OwnerRefusal | None:
    """Return why a change is not asked for so (R130). A leaver hands over without asking for a paper each (R131)."""
    if change.owner_to not in staff:
        return OwnerRefusal(OwnerReason.NOT_ON_STAFF, {"staff": change.owner_to})
    if change.owner_to == change.owner_from:
        return OwnerRefusal(OwnerReason.SAME_OWNER, {"staff": change.owner_to})
    if rules.written_request and not change.paper and not leaver:
        return OwnerRefusal(OwnerReason.NO_PAPER)
    return None


def against_agreeing(change: OwnerChange, by: str, rules: OwnershipRules) -> OwnerRefusal | None:
    """Return why somebody may not agree: nobody to the own request, and nobody twice (R130)."""
    if by == change.asked_by:
        return OwnerRefusal(OwnerReason.OWN_REQUEST)
    if rules.two_approvals and by in change.agreed_by:
        return OwnerRefusal(OwnerReason.HAS_AGREED_ALREADY)
    return None


def against_leaving(owned: int, rules: OwnershipRules) -> OwnerRefusal | None:
    """Return why somebody cannot leave yet: members are handed over before (R131, seeds 003:352)."""
    if rules.leaver_hands_over and owned > 0:
        return OwnerRefusal(OwnerReason.MEMBERS_NOT_HANDED_OVER, {"members": owned})
    return None


def credit_of(owner: str, received_by: str) -> Credit:
    """Return who is credited: whoever received the member, owner or not, away or not (R132, R155, seeds 003:353)."""
    return Credit(owner=owner, credited=received_by or owner)


def first_for_complaint(owner: str, about: str, present: Collection[str], rules: OwnershipRules) -> str:
    """Return who looks into a complaint first; empty = the desk gives it to somebody (R128, seeds 003:354).

    `about` is the member of staff that it complains about, `present` are those who are not away.
    """
    fits = rules.complaint_to_owner and bool(owner) and owner != about and owner in present
    return owner if fits else ""
