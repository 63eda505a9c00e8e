"""How a till stands, for its screen: the card that is shown, the line, and what may be given without it."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from kiosk.core.clock import format_utc
from kiosk.core.errors import JournalUnavailable
from kiosk.core.texts import Language, staff_text
from kiosk.local.events import StreamEnded, Subscription, event_text
from kiosk.web import words_till
from kiosk.web.self_roster import Line
from kiosk.web.settings import TillSettings
from kiosk.web.till_cards import Shown
from kiosk.web.till_desk import TillDesk
from kiosk.web.till_shown import CardDesk

BothTexts = dict[str, str]


class CardView(msgspec.Struct, frozen=True):
    """The card that is shown, as staff see it: no number and no name but the greeting."""

    known: bool
    gift: bool
    member: bool
    in_order: bool
    greeting: str
    tier: BothTexts
    why: BothTexts


class TillState(msgspec.Struct, frozen=True):
    """What the page shows beside the basket; `reader` is None for a till without one, amounts are limits."""

    card: CardView | None
    fault: BothTexts
    reader: bool | None
    online: bool
    since: str
    data_as_of: str
    tap_minor: int
    card_minor: int


def state_of(desk: TillDesk, shown: CardDesk, line: Line, settings: TillSettings) -> TillState:
    """Return how a till stands now."""
    limits = desk.limits()
    try:
        card = _card_view(found) if (found := desk.card()) is not None else None
    except JournalUnavailable:
        card = None
    fault = shown.last_fault()
    return TillState(
        card=card,
        fault=_staff_texts(fault) if fault else {},
        reader=shown.reader_up if settings.reader is not None else None,
        online=line.online,
        since=_minute(line.since),
        data_as_of=_minute(line.data_at),
        tap_minor=limits.tap_minor,
        card_minor=limits.card_minor,
    )


def _card_view(shown: Shown) -> CardView:
    card, tier = shown.card, shown.policy.tiers.get(shown.card.tier) if shown.card is not None else None
    named = {"zh": tier.name or tier.id, "en": tier.name_en or tier.name or tier.id} if tier is not None else {}
    deny = "credential_revoked" if shown.found.denied else (shown.deny.value if shown.deny is not None else "")
    why = _staff_texts(deny) if deny else {}
    if not why and not shown.genuine:
        why = words_till.TILL["till_not_genuine"]._asdict()
    return CardView(
        known=card is not None,
        gift=card is not None and card.gift,
        member=card is not None and card.member is not None,
        in_order=shown.in_order,
        greeting=card.greeting if card is not None else "",
        tier=named,
        why=why,
    )


def _staff_texts(reason: str) -> BothTexts:
    return {language.value: staff_text(reason, {}, language) for language in Language}


def _minute(moment: datetime | None) -> str:
    return format_utc(moment.replace(second=0, microsecond=0)) if moment is not None else ""


def pull_from(subscription: Subscription[bool], state: Callable[[], TillState]) -> Callable[[float], list[bytes]]:
    """Return what the stream pulls from: how the till stands, whenever that has changed."""
    last: list[TillState] = []

    def pull(timeout_s: float) -> list[bytes]:
        subscription.take(timeout_s)
        if subscription.lagged():
            raise StreamEnded
        now = state()
        if last == [now]:
            return []
        last[:] = [now]
        return [event_text(msgspec.json.encode(now), name="state")]

    return pull
