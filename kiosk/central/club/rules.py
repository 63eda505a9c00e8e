"""The rule book as staff read and change it: an amendment is checked against the whole book before it is written."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import String, insert, select

from kiosk.central.club import benefits, nightly, tiers
from kiosk.central.club.books import Change, Look, read_book
from kiosk.central.club.card_kind_faults import card_kind_faults
from kiosk.central.club.offer_faults import offer_faults
from kiosk.central.club.points_tables import coupon_kind, reward, tier_holding
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.tables import rule_amendment
from kiosk.central.journals import lock_counter
from kiosk.central.money import items
from kiosk.central.tables import entitlement, roster_row
from kiosk.club import reservations
from kiosk.club.benefits import BenefitRules, lower_has_more
from kiosk.club.coupons import CouponKind
from kiosk.club.faults import clock_faults
from kiosk.club.gate_rights import DAY_PREFIX, RIGHT_PREFIX
from kiosk.club.rewards import Reward
from kiosk.club.risks import threshold_faults
from kiosk.club.rulebook import Amendment, RuleBook, Rules, check_amendment, entries
from kiosk.club.tiers import ladder_faults
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

NUMBER = "rule_amendment"
"""Name of the counter in `setting`: amendments are written one after the other."""

WHO_CHARACTERS_MAX = 100
WHY_CHARACTERS_MAX = 1000
PRODUCT_CHARACTERS_MAX = 32

_FAULTS_SHOWN = 5


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amendment as it is asked for: the entry as `family.entry`, its value, from which day on, by whom and why."""

    rule: str
    value: Any
    effective_on: date
    decided_by: str
    why: str


class RuleView(msgspec.Struct, frozen=True):
    """One entry of the book: what it means, where it comes from, its value today, and every amendment of it."""

    name: str
    meaning: str
    source: str
    default: Any
    value: Any
    amendments: tuple[Amendment, ...]


def rule_list(look: Look, family: str = "") -> list[RuleView]:
    """Return the book with its history, of one family or of all (S95)."""
    history = amendments(look)
    today = look.rules
    found = []
    for each in entries():
        group, _, name = each.name.partition(".")
        if family in ("", group):
            value = msgspec.to_builtins(getattr(getattr(today, group), name))
            own = tuple(amendment for amendment in history if amendment.rule == each.name)
            found.append(RuleView(each.name, each.meaning, each.source, each.default, value, own))
    return found


def amendments(look: Look) -> list[Amendment]:
    """Return every amendment in the order of writing."""
    names = Amendment.__struct_fields__
    query = select(*(rule_amendment.c[name] for name in names)).order_by(rule_amendment.c.number)
    rows = [{name: row[name] for name in names} for row in look.connection.execute(query).mappings()]
    return [msgspec.convert(row | {"value": msgspec.json.decode(row["value"])}, Amendment) for row in rows]


def preview(look: Look, wishes: Sequence[Wish]) -> tuple[str, ...]:
    """Return what speaks against amendments that come together; raises InvalidInput where an entry cannot be that."""
    return tuple(dict.fromkeys(_faults(look, _amendments(look, wishes))))


def amend(change: Change, wishes: Sequence[Wish]) -> list[Amendment]:
    """Write amendments into the book together; what begins today reaches the gates with this commit (S95, R93).

    Raises InvalidInput for a day that is over or a value that cannot be, RuleRefused where the book would not hold
    together any more: a ladder without a tier that members hold, a higher tier with less than a lower one (R85), kinds
    of card without one that cards in use are of, offers beyond their own limits (R100).
    """
    lock_counter(change.connection, NUMBER)
    # What was written since this change began its reading counts as well.
    change.book = before = read_book(change.connection)
    fresh = _amendments(change, wishes)
    faults = tuple(dict.fromkeys(_faults(change, fresh)))
    if faults:
        raise RuleRefused("book_would_not_hold_together", what="; ".join(faults[:_FAULTS_SHOWN]))
    for each in fresh:
        row = msgspec.to_builtins(each) | {"value": canonical(each.value).decode()}
        change.connection.execute(insert(rule_amendment), row | {"recorded_at": format_utc(change.now)})
        was = {"value": _value(before.on(each.effective_on), each.rule)}
        after = {"value": each.value, "effective_on": each.effective_on}
        change.note("rule.amend", "rule", each.rule, before=was, after=after, why=each.why)
    change.book = read_book(change.connection)
    take_effect(change)
    return fresh


def take_effect(change: Change) -> None:
    """Bring the gates' rows up to the rules of today and the days ahead; members follow with the next run."""
    benefits.write_gate_rows(change)
    items.publish(change)
    for name in (benefits.JOB, tiers.JOB):
        nightly.begin_again(change, name)


def _amendments(look: Look, wishes: Sequence[Wish]) -> list[Amendment]:
    """Return wishes as amendments with the next numbers; raises InvalidInput."""
    if not wishes:
        raise InvalidInput("no amendment is asked for")
    first = max((each.number for each in amendments(look)), default=0) + 1
    found = []
    for number, wish in enumerate(wishes, first):
        for name, text in (("decided_by", wish.decided_by), ("why", wish.why)):
            if not text.strip():
                raise InvalidInput(f"an amendment of {wish.rule} without {name}", hint="Say who decided it, and why")
        who, why = wish.decided_by.strip()[:WHO_CHARACTERS_MAX], wish.why.strip()[:WHY_CHARACTERS_MAX]
        amendment = Amendment(number, wish.rule, msgspec.to_builtins(wish.value), wish.effective_on, who, why)
        check_amendment(amendment, look.today)
        found.append(amendment)
    return found


def _value(rules: Rules, rule: str) -> Any:
    family, _, name = rule.partition(".")
    return msgspec.to_builtins(getattr(getattr(rules, family), name))


def _faults(look: Look, fresh: Sequence[Amendment]) -> Iterator[str]:
    """Yield what would not hold together, on the first day of each amendment and on every later day of the book."""
    known = amendments(look)
    book = RuleBook([*known, *fresh])
    first = min(each.effective_on for each in fresh)
    worn = _tiers_in_use(look)
    names = _names_of_gates(look)
    for day in sorted({each.effective_on for each in (*known, *fresh) if each.effective_on >= first}):
        rules = book.on(day)
        yield from ladder_faults(rules.tiers)
        yield from _missing_tiers(rules, worn)
        yield from _less_for_more(rules)
        yield from _unfit_for_gates(rules, names)
        yield from card_kind_faults(look, rules.cards)
        yield from offer_faults(rules)
        yield from (*threshold_faults(rules.risks), *clock_faults(rules.faults))


def _missing_tiers(rules: Rules, worn: dict[str, str]) -> Iterator[str]:
    ladder = {rung.tier for rung in rules.tiers.ladder}
    of_steps = {step.tier: "a referral reward" for step in rules.referrals.steps if step.tier}
    for tier, who in {**of_steps, **worn}.items():
        if tier not in ladder:
            yield f"tier {tier} is not on the ladder, and {who} names it"


def _less_for_more(rules: Rules) -> Iterator[str]:
    try:
        percents = [("points_percent", each.tier, each.percent) for each in rules.earning.tier_percents]
        named = {each.tier for each in rules.earning.tier_percents}
        ordinary = [("points_percent", rung.tier, 100) for rung in rules.tiers.ladder if rung.tier not in named]
        ahead = reservations.figures(rules.reservations, rules.tiers)
        found = lower_has_more(rules.benefits, rules.tiers, [*percents, *ordinary, *ahead])
    except InvalidInput as error:
        yield error.message
        return
    for each in found:
        yield f"{each.higher} has less of {each.benefit} than {each.lower}"


def _unfit_for_gates(rules: Rules, names: dict[str, set[str]]) -> Iterator[str]:
    """Yield what no gate could use: areas, sites and schedules there are not, and codes that do not fit its rows."""
    for day in rules.calendar.member_days:
        yield from _unknown(f"member day {day.code}", "area", day.areas, names)
        if len(DAY_PREFIX + day.code) > PRODUCT_CHARACTERS_MAX:
            yield f"member day {day.code} has a code that is too long"
    yield from reservations.faults(rules.reservations, names["area"])
    yield from _unfit_rights(rules.benefits, names)


def _unfit_rights(rules: BenefitRules, names: dict[str, set[str]]) -> Iterator[str]:
    codes = [right.code for right in rules.rights]
    yield from (f"right {code} is named twice" for code in sorted({each for each in codes if codes.count(each) > 1}))
    for right in rules.rights:
        yield from _unknown(f"right {right.code}", "area", right.areas, names)
        yield from _unknown(f"right {right.code}", "site", right.sites, names)
        yield from _unknown(f"right {right.code}", "schedule", (right.schedule,) if right.schedule else (), names)
        longest = PRODUCT_CHARACTERS_MAX - len(RIGHT_PREFIX)
        if right.areas and _is_counted(right):
            longest = min(longest, _id_characters() - len(f"{'0' * 16}.{RIGHT_PREFIX}"))
        if right.areas and len(right.code) > longest:
            yield f"right {right.code} has a code of more than {longest} characters"


def _is_counted(right: Any) -> bool:
    allowances = [right.allowance, *(each.allowance for each in right.more)]
    return any(each is not None and each.times is not None for each in allowances)


def _id_characters() -> int:
    kind = entitlement.c.id.type
    return (kind.length if isinstance(kind, String) else None) or PRODUCT_CHARACTERS_MAX


def _unknown(what: str, kind: str, wanted: Sequence[str], names: dict[str, set[str]]) -> Iterator[str]:
    for name in wanted:
        if name not in names[kind]:
            yield f"{what} names the {kind} {name}, which the club does not have"


def _names_of_gates(look: Look) -> dict[str, set[str]]:
    """Return the areas, sites and schedules that the roster has, by kind."""
    found: dict[str, set[str]] = {}
    for kind in ("area", "site", "schedule"):
        first, behind = f"{kind}:".encode(), f"{kind};".encode()
        keys = select(roster_row.c.key).where(roster_row.c.key >= first, roster_row.c.key < behind)
        texts = (bytes(key).decode(errors="replace") for key in look.connection.execute(keys).scalars())
        found[kind] = {text.partition(":")[2] for text in texts}
    return found


def _tiers_in_use(look: Look) -> dict[str, str]:
    """Return every tier that something rests on, with what it is."""
    found = {}
    for row in look.connection.execute(select(reward.c.body).where(reward.c.offered).order_by(reward.c.id)):
        item = msgspec.json.decode(row.body, type=Reward)
        found[item.tier] = f"reward {item.id}"
    kinds = select(coupon_kind.c.body).where(coupon_kind.c.offered).order_by(coupon_kind.c.code)
    for row in look.connection.execute(kinds):
        kind = msgspec.json.decode(row.body, type=CouponKind)
        found[kind.target.tier] = f"coupon {kind.code}"
    for column in ("bought", "ceiling", "tier"):
        tiers = select(tier_holding.c[column]).distinct().order_by(tier_holding.c[column])
        held = look.connection.execute(tiers).scalars()
        found |= dict.fromkeys(held, "a member who holds it" if column == "tier" else f"a member's {column}")
    found.pop("", None)
    return found
