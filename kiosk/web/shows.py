"""From what the gate says to what its display shows, in both languages, and nothing more of a member than that."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.texts import Language, member_text, outcome_of, say
from kiosk.web import words
from kiosk.web.feed import Decision, FeedItem, Passage, Point, Saying, Situation

BothTexts = dict[str, str]

_SAID = frozenset({"see_kiosk", "birthday", "anniversary", "welcome_new", "member_day", "not_cleared"})
_EXPIRES = {0: "expires_today", 1: "expires_tomorrow"}


class ShowDecision(msgspec.Struct, frozen=True, tag_field="kind", tag="decision"):
    """The result of a tap. `outcome` is granted, attention or denied; texts have `zh` and `en`.

    `notes` is what else is said to the member, and may be read by all.
    """

    outcome: str
    title: BothTexts
    advice: BothTexts
    greeting: str
    tier: BothTexts
    notes: tuple[BothTexts, ...] = ()


class ShowPassage(msgspec.Struct, frozen=True, tag_field="kind", tag="passage"):
    """Somebody went through after a grant, or nobody did."""

    taken: bool


class ShowStatus(msgspec.Struct, frozen=True, tag_field="kind", tag="status"):
    """What is shown while no card is there. `notice` names what the member must know, or is empty."""

    notice: str
    way_out: bool
    online: bool | None = None
    since: str = ""
    since_s: int = 0
    roster_revision: int = 0
    roster_age_s: int = 0
    data_as_of: str = ""


Show = ShowDecision | ShowPassage | ShowStatus


def reason_texts(granted: bool, reason: str) -> tuple[BothTexts, BothTexts]:
    """Return title and advice for a reason; one that we do not know reads as `other`, or `ok` on a grant."""
    known: set[str] = {*GrantReason} if granted else {*DenyReason}
    if reason not in known:
        reason = GrantReason.OK if granted else DenyReason.OTHER
    texts = {language.value: member_text(reason, language) for language in Language}
    return {key: text.title for key, text in texts.items()}, {key: text.advice for key, text in texts.items()}


def make_display(
    point_id: str, now: Callable[[], datetime], connected: Callable[[Situation], bool]
) -> Callable[[FeedItem], Show | None]:
    """Return the function that turns what the gate says into what one access point's display shows."""

    def show(item: FeedItem) -> Show | None:
        if isinstance(item, Situation):
            return show_status(item, item.point(point_id) or Point(point_id), now(), connected(item))
        if item.access_point != point_id:
            return None
        return ShowPassage(item.taken) if isinstance(item, Passage) else show_decision(item)

    return show


def show_decision(decision: Decision) -> ShowDecision:
    """Show a decision. A member who is refused is not named before others."""
    title, advice = reason_texts(decision.granted, decision.reason)
    tier = {language.value: decision.tier_name.get(language) or decision.tier for language in Language}
    return ShowDecision(
        outcome=outcome_of(decision.granted, decision.reason),
        title=title,
        advice=advice,
        greeting=decision.greeting if decision.granted else "",
        tier=tier if decision.granted else {"zh": "", "en": ""},
        notes=tuple(note_texts(decision.notes)) if decision.granted else (),
    )


def note_texts(sayings: Iterable[Saying]) -> Iterator[BothTexts]:
    """Yield what is said beside a grant (S40, S57, S76); a code that is not known here is left out."""
    for each in sayings:
        key = each.code if each.code in _SAID else None
        if each.code == "expires_soon" and each.days is not None and each.days >= 0:
            key = _EXPIRES.get(each.days, "expires_in")
        if key is not None:
            yield {language.value: say(words.DISPLAY, key, language, n=each.days) for language in Language}


def show_status(situation: Situation, point: Point, now: datetime, connected: bool) -> ShowStatus:
    """Show how things stand at one access point."""
    state = situation.state
    if not connected:
        return ShowStatus(notice="no_gate", way_out=point.way_out)
    since_s = 0
    if state.since:
        try:
            since_s = max(int((now - parse_utc(state.since)).total_seconds()), 0)
        except InvalidInput:
            since_s = 0
    return ShowStatus(
        notice=_notice(situation, point),
        way_out=point.way_out,
        online=state.online,
        since=state.since or "",
        since_s=since_s,
        roster_revision=state.roster_revision,
        roster_age_s=state.roster_age_s,
        data_as_of=format_utc(now - timedelta(seconds=state.roster_age_s)),
    )


def _notice(situation: Situation, point: Point) -> str:
    state = situation.state
    if state.emergency:
        return "drill" if state.drill else "emergency"
    if point.reader in situation.blind:
        return "no_reader"
    if point.way_out:
        return ""
    if state.lockdown:
        return "lockdown"
    return "" if state.journal_ok else "no_journal"
