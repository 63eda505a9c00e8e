"""What a kiosk asks of central on behalf of the member whose card lies on it, and what it is told.

A box carries these as they are: `Question` goes to sync, on to central, and the answer comes back, in memory only. Each
that changes something has an id made by the kiosk, under which it may be asked again and is done once. Amounts are in
fen, days the venue's, moments UTC. Names are masked at central already, so that no box ever holds the whole of one.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.identifiers import Assurance

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{8,60}\Z")]
Credential = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,48}\Z")]
Words = Annotated[str, Meta(max_length=500)]

ROWS_MAX = 20
"""So many of one thing are told at most."""


class Subject(StrEnum):
    """What is asked; `spend` by a till, whether an owner has so much to spend now. Wire format."""

    SPEND = "spend"
    VIEW = "member.view"
    OPEN_ORDER = "order.open"
    LOOK_AT_ORDER = "order.look"
    CANCEL_ORDER = "order.cancel"
    FEEDBACK = "feedback.leave"
    SIGN_IN = "activity.sign_in"
    REDEEM = "reward.redeem"
    CONFIRM = "data.confirm"
    APPLY = "application.submit"
    QUOTE = "sale.quote"
    PAPER = "paper.look"
    HAND_IN = "paper.hand_in"
    HELP = "help.call"
    PHOTO = "member.photo"


class PayFor(StrEnum):
    """What an order pays. Wire format."""

    TOP_UP = "top_up"
    FEE = "fee"


class OrderState(StrEnum):
    """Where an order stands for whoever waits in front of a kiosk. Wire format.

    `opening` until the provider has taken it, `open` while it can be paid; then one of three ends: `paid`, `closed`
    without money having moved, or `checking`: money may have moved, and it will be found out and booked once.
    """

    OPENING = "opening"
    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"
    CHECKING = "checking"


class ViewAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The member of the card that is shown."""

    credential: Credential
    assurance: Assurance


class OrderAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order with a provider (`wechat` or `alipay`); `periods_ahead` of a fee, above what is due."""

    id: Id
    credential: Credential
    pay_for: PayFor
    amount_minor: Annotated[int, Meta(ge=1, le=10**8)]
    way: Name
    periods_ahead: Annotated[int, Meta(ge=0, le=36)] = 0


class OrderNamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order that was opened before, by the kiosk that asks."""

    id: Id


class FeedbackAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says, with a card or without; `about` is a record (`journal:seq`) or a charge, where it is one."""

    id: Id
    words: Words
    matter: Name
    credential: Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?\Z")] = ""
    about: Annotated[str, Meta(max_length=80)] = ""
    call_back: bool = False


class SignInAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody signs in to an activity with the card."""

    id: Id
    credential: Credential
    activity: Name


class RedeemAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody takes a reward for points; it is handed out at the desk."""

    id: Id
    credential: Credential
    reward: Name


class ConfirmAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody says that the data shown is right, or that it is not."""

    id: Id
    credential: Credential
    right: bool


class ApplyAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pre-registration: who wants to join, and the consents that were read and given, by document and version."""

    id: Id
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    phone: Annotated[str, Meta(pattern=r"^\+?[0-9]{6,15}\Z")]
    birth: date
    kind: Name
    consents: Annotated[tuple[Name, ...], Meta(max_length=10)] = ()
    referred_by: Annotated[str, Meta(max_length=32)] = ""


class PhotoAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose card that is which was just tapped at a gate: for the attendant there, to hold against the face."""

    credential: Credential


class PhotoTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A member's photo and its media type; neither where there is none, or none that staff's screens may show."""

    kind: str = ""
    body: bytes = b""


class QuoteAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a basket costs at a till: items with pieces, how it is paid, and the card that is shown."""

    items: Annotated[tuple[tuple[Name, Annotated[int, Meta(ge=1, le=1000)]], ...], Meta(min_length=1, max_length=50)]
    tender: Name
    credential: Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?\Z")] = ""


class SpendAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an owner of stored value, a member or a gift card, may spend so much."""

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    amount_minor: Annotated[int, Meta(ge=1, le=2**53 - 1)]


class MaySpend(msgspec.Struct, frozen=True):
    """Whether there is so much to spend."""

    may: bool


class Both(msgspec.Struct, frozen=True):
    """A text that central keeps, in both languages."""

    zh: str
    en: str = ""


class MoneyView(msgspec.Struct, frozen=True):
    """Stored value: what was paid in, what was given, what is held for orders and boxes, and what is owed."""

    paid_minor: int = 0
    given_minor: int = 0
    held_minor: int = 0
    debt_minor: int = 0


class PointsView(msgspec.Struct, frozen=True):
    """Points: what can be spent, and what of it ends next, when."""

    available: int = 0
    ending: int = 0
    ending_on: date | None = None
    lifetime: int = 0


class Due(msgspec.Struct, frozen=True):
    """A fee that is to be paid: what for, how much of it is left, and since when."""

    what: Both
    left_minor: int
    due_on: date
    overdue: bool


class Ahead(msgspec.Struct, frozen=True):
    """What it costs to pay everything due and so many periods more, and until when that makes paid."""

    periods: int
    amount_minor: int
    until: date


class Tile(msgspec.Struct, frozen=True):
    """An amount to top up, within every limit, and what is given for it."""

    amount_minor: int
    given_minor: int = 0


class TopUpView(msgspec.Struct, frozen=True):
    """What may be topped up now: tiles, the limits of another amount, the ways; `off` is why nothing may be."""

    tiles: tuple[Tile, ...] = ()
    least_minor: int = 0
    most_minor: int = 0
    ways: tuple[str, ...] = ()
    off: str = ""


class Missing(msgspec.Struct, frozen=True):
    """One condition of the next tier: its basis, what is needed and what there is."""

    basis: str
    needed: int
    there: int


class NextTier(msgspec.Struct, frozen=True):
    """The tier above, and what is missing for it: any one of the conditions where `any_one`."""

    tier: Both
    missing: tuple[Missing, ...]
    any_one: bool = True


class CouponView(msgspec.Struct, frozen=True):
    """A coupon that can be used now."""

    id: str
    what: Both
    until: date | None


class RightView(msgspec.Struct, frozen=True):
    """What was bought or comes with the tier: how often it is left, None without a limit, and until when."""

    what: Both
    left: int | None
    until: date | None


class RewardView(msgspec.Struct, frozen=True):
    """What can be had for points; `why_not` is a reason, "" where it can be had now."""

    id: str
    what: Both
    points: int
    why_not: str = ""


class ActivityView(msgspec.Struct, frozen=True):
    """An activity of today and the days to come that the member may attend."""

    id: str
    what: Both
    starts: datetime
    ends: datetime
    booked: bool
    signed_in: bool
    why_not: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One line of what happened to money or points, newest first: `kind` is a code, `points` says which it is."""

    at: datetime
    kind: str
    amount: int
    after: int | None = None
    points: bool = False


class Refusal(msgspec.Struct, frozen=True):
    """A tap of the last days that was refused: `record` is `journal:seq`, `reason` as it was recorded."""

    record: str
    at: datetime
    access_point: str
    reason: str


class Datum(msgspec.Struct, frozen=True):
    """One thing that the club knows of the member, masked: a code for what it is, and what is shown."""

    label: str
    shown: str


class PaperView(msgspec.Struct, frozen=True):
    """A vote or questionnaire that the member may take part in, or has: who may not is not told of it."""

    id: str
    what: Both
    done: bool = False


class MemberView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that a kiosk shows of a member, fetched once after the tap and forgotten when the member leaves.

    `known` is False for a card that is nobody's; `standing` is a code of the membership's standing.
    """

    known: bool
    name: str = ""
    number_end: str = ""
    tier: Both | None = None
    standing: str = ""
    valid_until: date | None = None
    money: MoneyView = MoneyView()
    points: PointsView = PointsView()
    due: tuple[Due, ...] = ()
    ahead: tuple[Ahead, ...] = ()
    top_up: TopUpView = TopUpView()
    next_tier: NextTier | None = None
    coupons: tuple[CouponView, ...] = ()
    rights: tuple[RightView, ...] = ()
    rewards: tuple[RewardView, ...] = ()
    activities: tuple[ActivityView, ...] = ()
    entries: tuple[Entry, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    data: tuple[Datum, ...] = ()
    confirmed_on: date | None = None
    votes: tuple[PaperView, ...] = ()
    surveys: tuple[PaperView, ...] = ()


class OrderTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order as its kiosk is told: `code` is what the QR code says, `until` when it can be paid no more.

    `after_minor` is the balance afterwards, `paid_until` until when a fee makes paid, `receipt` its receipt; `reason`
    is why one was not opened, as a code.
    """

    id: str
    state: OrderState
    amount_minor: int
    given_minor: int = 0
    way: str = ""
    code: str = ""
    until: datetime | None = None
    after_minor: int | None = None
    paid_until: date | None = None
    receipt: str = ""
    reason: str = ""


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a wish was done; `reason` is a code where it was not, `number` what the member may quote later."""

    id: str
    done: bool
    reason: str = ""
    number: str = ""


class QuotedLine(msgspec.Struct, frozen=True):
    """One line of a basket: its price a piece, the list price, and why they differ (a code, "" where they do not)."""

    item: str
    quantity: int
    price_minor: int
    list_minor: int
    why: str = ""


class Quoted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a basket costs, and what the card has before and after; None where no stored value is asked about.

    Pieces that were bought before are lines of their own at 0, with `entitlement` as their `why`. `points` is what all
    of it costs in points, where that is the tender and they pay. `reason` says why it is not sold so, "" where it is.
    """

    lines: tuple[QuotedLine, ...]
    total_minor: int
    before_minor: int | None = None
    after_minor: int | None = None
    points: int | None = None
    reason: str = ""
