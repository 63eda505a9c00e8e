"""A club of any size as it stands one night, written as rows: its people with files, cards, tiers, plans, activities.

Everything is made of a member's number, so that every run has the same club. Names and phones are nobody's.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from kiosk.bench.rosters import identifier
from kiosk.bench.year_rows import SITE, ZONE, Rows, local, put
from kiosk.central.club import benefits
from kiosk.central.club.activity_tables import activity, activity_sign_in
from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.card_tables import card, card_hand_over
from kiosk.central.club.people_tables import ending, member_file, membership
from kiosk.central.club.points_tables import referral_reward, tier_holding, tier_move
from kiosk.central.club.tables import notice
from kiosk.central.money.fee_tables import fee_plan
from kiosk.central.policy import AreaText, ClubPolicy, ProductText, SiteText
from kiosk.central.roster import in_steps
from kiosk.central.tables import credential, entitlement, member
from kiosk.club.activities import ActivityState
from kiosk.club.attendance import Presence
from kiosk.club.calendar import add_months
from kiosk.club.fees import Charge, Cycle, FeePlan, FeeRules, charges_until
from kiosk.club.membership import Ending, EndReason, MemberFacts, MembershipRules, MemberState
from kiosk.club.standing import projection
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.identifiers import credential_of

YEAR = timedelta(days=365)
FEE_MINOR = 36_000
STAFF = "bench"
ACTIVITIES = 12
GOLD_RANK = 3
PEOPLE_AT_ONCE = 500
POLICY = ClubPolicy(
    sites={SITE: SiteText(zone=ZONE)},
    areas={"club": AreaText(), "outside": AreaText()},
    products={"gym": ProductText(areas=("club",))},
)

_DAY = timedelta(days=1)
_FAMILIES, _GIVEN = "王李张刘陈杨赵黄周吴", ("伟", "小明", "芳", "建国", "秀英", "思远", "丽华", "军")


class Person(NamedTuple):
    """A member: `left` is the last day of one who left, `dormant` is who came in the year's first half alone."""

    number: int
    id: str
    credential: str
    joined: date
    left: date | None
    dormant: bool
    in_arrears: bool
    gold: bool
    brought_by: str | None

    @property
    def plan(self) -> FeePlan:
        """The plan of the contract."""
        return FeePlan(str(self.number + 1), Cycle.YEAR, FEE_MINOR)


def people(members: int, night: date, hash_key: bytes) -> list[Person]:
    """Make members who joined in the three years before a night: 2 % left, 4 % owe a fee, 15 % stay away."""
    chance = random.Random(members)  # noqa: S311  # a benchmark
    found: list[Person] = []
    for number in range(members):
        joined = night - timedelta(days=1 + chance.randrange(3 * 365))
        gone = number % 50 == 49 and joined < night - YEAR
        found.append(
            Person(
                number,
                f"{chance.getrandbits(64):016x}",
                credential_of(identifier(number), hash_key),
                joined,
                night - timedelta(days=1 + chance.randrange(180)) if gone else None,
                dormant=number % 20 in (3, 11, 17),
                in_arrears=number % 25 == 7,
                gold=number % 20 == 5,
                brought_by=found[-3].id if number % 10 == 3 else None,
            )
        )
    return found


def charges_of(person: Person, night: date) -> list[tuple[Charge, bool]]:
    """Return the charges a member's plan has made until the evening before a night, and whether each is paid."""
    until = min(person.left or night, night - _DAY)
    made = charges_until(person.plan, person.joined, until, FeeRules())
    due = [each for each in made if each.due_on < night]
    owed = due[-1:] if person.in_arrears and person.left is None else []
    return [(each, each in due and each not in owed) for each in made]


def fill_people(books: Books, members: Sequence[Person], night: date) -> None:
    """Write the club's rules and its people down, 500 in a transaction, with their rows in the roster."""
    actor = Actor(STAFF)
    books.change(actor, lambda change: benefits.load_policy(change, POLICY))
    for step in in_steps(members, PEOPLE_AT_ONCE):
        books.change(actor, lambda change, step=step: _write(change, step, night))  # type: ignore[misc]
    books.change(actor, lambda change: _write_activities(change, members, night))


def _write(change: Change, step: Sequence[Person], night: date) -> None:
    rows: Rows = {
        table: []
        for table in (member, credential, entitlement, card, card_hand_over, member_file, membership, ending,
                      tier_holding, tier_move, referral_reward, fee_plan, notice)
    }  # fmt: skip
    for person in step:
        for table, row in _rows(person, night):
            rows[table].append(row)
    put(change.connection, rows)
    ids = [each.id for each in step]
    benefits.refresh_members(change, ids)
    for each in ids:
        change.touch(each)


def _rows(person: Person, night: date) -> Iterator[tuple[Any, dict[str, Any]]]:
    number, joined, name = person.number, person.joined.isoformat(), _name(person.number)
    facts = _facts(person, night)
    dates = projection(facts, MembershipRules(), night - _DAY)
    until = _text(dates.member_until)
    tier = "gold" if person.gold else "silver"
    mine = {"member": person.id}
    yield member, {
        "id": person.id, "member_no": f"M{number:07}", "name": name, "tier": tier, "member_until": until,
        "paid_until": _text(dates.paid_until),
    }  # fmt: skip
    yield credential, mine | {"id": person.credential, "identifier": identifier(number)}
    yield entitlement, mine | {"id": f"e{number}", "product": "gym", "valid_from": joined, "valid_until": until}
    yield card, mine | {
        "number": f"C{number:07}", "kind": "ordinary", "use_class": "ordinary", "state": "handed_over",
        "holder": "member", "credential": person.credential, "medium": "chip", "function_on": True,
    }  # fmt: skip
    yield card_hand_over, mine | {
        "number": f"C{number:07}", "by": STAFF, "point": "desk", "at": _at(person.joined), "identity_checked": True,
    }  # fmt: skip
    yield member_file, _file(person, name, night)
    yield membership, mine | {
        "spell": 1, "approved_on": joined, "collected_on": joined, "owes_fees": True,
        "paid_until": _text(facts.paid_until), "good_until": _text(dates.good_until),
    }  # fmt: skip
    if person.left is not None:
        end = {"spell": 1, "n": 0, "last_day": person.left.isoformat()}
        yield ending, mine | end | {"state": MemberState.WITHDRAWN.value, "reason": EndReason.REQUESTED.value}
    if person.brought_by is not None:
        yield referral_reward, {"member": person.brought_by, "key": "points.1.1", "at": _at(person.joined)}
    review_on = person.joined
    while review_on < night:
        review_on = add_months(review_on, 12)
    source = "earned" if person.gold else "joined"
    held = mine | {"tier": tier, "source": source, "since": joined, "review_on": review_on.isoformat()}
    yield tier_holding, held | {"joined_on": joined}
    moved = mine | {"on": joined, "move": "kept", "source": source, "tier_from": "", "tier_to": tier}
    yield tier_move, moved | {"at": _at(person.joined)}
    plan = {"n": number + 1, "code": "year", "cycle": Cycle.YEAR.value, "service": "", "amount_minor": FEE_MINOR}
    plan |= {"contract": f"V{number:07}", "since": joined, "until": _text(person.left), "by": STAFF}
    yield fee_plan, mine | plan | {"at": _at(person.joined)}
    for told in range(2):
        at = _at(night - timedelta(days=1 + (number * 7 + told * 180) % 360))
        yield notice, mine | {
            "topic": f"bench.{number}.{told}", "channel": "app", "template": "fee_soon", "language": "zh", "data": "{}",
            "due_at": at, "state": "sent", "tries": 1, "done_at": at,
        }  # fmt: skip


def _facts(person: Person, night: date) -> MemberFacts:
    paid = [each.last for each, is_paid in charges_of(person, night) if is_paid and each.last is not None]
    left = (Ending(person.left, MemberState.WITHDRAWN, EndReason.REQUESTED),) if person.left is not None else ()
    return MemberFacts(person.joined, person.joined, paid_until=max(paid, default=None), endings=left)


def _file(person: Person, name: str, night: date) -> dict[str, Any]:
    number, joined = person.number, person.joined.isoformat()
    kept = add_months(person.left, 36).isoformat() if person.left is not None else None
    return {
        "member": person.id, "kind": "person", "name": name, "phone": f"1{number:010}", "sex": "female",
        "born": date(1950 + number % 50, number % 12 + 1, number % 28 + 1).isoformat(), "home_site": SITE,
        "referred_by": person.brought_by, "owner_staff": "", "opened_on": joined, "keep_until": kept,
        "confirmed_on": max(person.joined, night - timedelta(days=number % 360)).isoformat(),
        "changed_at": _at(person.joined),
    }  # fmt: skip


def _write_activities(change: Change, members: Sequence[Person], night: date) -> None:
    """Write an obligatory activity a month that a third of the members came to, and one to come for gold members."""
    audience = canonical({"min_rank": GOLD_RANK}).decode()
    held = [(f"{n:016x}", night - timedelta(days=15 + 30 * n), ActivityState.CLOSED) for n in range(ACTIVITIES)]
    coming = (f"{ACTIVITIES:016x}", night + timedelta(days=10), ActivityState.ANNOUNCED)
    rows = [
        {
            "id": id, "site": SITE, "title": "月会", "state": state.value, "starts_at": _at(day),
            "ends_at": format_utc(local(day, 14)), "place": "大厅", "agenda": "月会", "budget_minor": 0,
            "audience": audience if id == coming[0] else "{}", "obligatory": id != coming[0], "changed_at": _at(day),
        }
        for id, day, state in (*held, coming)
    ]  # fmt: skip
    put(change.connection, {activity: rows})
    came = (
        {"activity": id, "subject": each.id, "by": each.id, "presence": Presence.IN_PERSON.value, "at": _at(day)}
        for n, (id, day, _) in enumerate(held)
        for each in members
        if each.joined < day and (each.number + n) % 3 == 0
    )
    for step in in_steps(came, 5000):
        put(change.connection, {activity_sign_in: step})


def _name(number: int) -> str:
    return _FAMILIES[number % len(_FAMILIES)] + _GIVEN[number // 10 % len(_GIVEN)]


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _at(day: date) -> str:
    return format_utc(local(day))
