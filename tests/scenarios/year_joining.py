"""How the people of the year come: most with a list, the others by application, and the rules they find."""

from datetime import date
from typing import Any

from kiosk.central.importing import import_members
from kiosk.central.keys import load_keys
from kiosk.central.members import members_by
from tests.scenarios.desk import identifier
from tests.scenarios.year import FEES, WAYS, Year
from tests.scenarios.year_cards import Cards
from tests.scenarios.year_money import BONUS, INSTANT, MEMBER_DAY, PRICES, STORED
from tests.scenarios.year_people import DAY, Person, months_later
from tests.support.central_home import write_rows

CARD = 90_000_000
"""The numbers of the cards of the list begin here, far from those that the club gives."""

OLD_GIFT_CARD = str(CARD + 999)
FAR = 400
LISTED = 216


def open_club(year: Year) -> None:
    """Publish what is agreed to, set the rules of money, and write the price list."""
    staff, today = year.staff, year.today.isoformat()
    for each in ("purpose", "charter", "regulations"):
        staff.manager.do("/consents", consent=each, version="2026", effective_on=today, decided_by="council")
    plans = [{"code": code, "cycle": code, "amount_minor": price} for code, price in FEES.values()]
    staff.amend("fees.plans", plans)
    staff.amend("prices.schemes", [{"goods": "", "instant_percent": INSTANT, "stored_percent": STORED}])
    staff.amend("stored_value.bonus_tiers", [{"paid_min_minor": least, "bonus_minor": bonus} for least, bonus in BONUS])
    day = {"code": "club_day", "dates": [year.member_day.isoformat()], "price_percent": MEMBER_DAY}
    staff.amend("calendar.member_days", [day])
    staff.amend("exposure.check_per_mille", 1000)
    for item, price in PRICES.items():
        staff.finance.do("/items", id=item, name=item, name_en=item, price=f"{price / 100:.2f}")


def cohorts(year: Year) -> list[tuple[str, int, date]]:
    """Return who comes with the list: the cohort, the months of a period or 0, and the last paid day."""
    on = year.on
    found = [("steady", 12, on(16 + 5 * n)) for n in range(60)]
    found += [("steady", 3, on(15 + 6 * n)) for n in range(12)]
    found += [("steady", 1, on(14 + 3 * n)) for n in range(6)]
    found += [("late", 12, on(15))] * 16
    found += [("deferred", 12, on(29))] * 5
    found += [("leaver", 12, on(95))] * 4 + [("leaver", 0, on(FAR))] * 3
    found += [("lapsed", 0, on(-200))] * 6
    found += [("loser", 0, on(FAR))] * 4
    found += [("refunded", 0, on(FAR))] * 5
    return [*found, *[("quiet", 0, on(FAR))] * (LISTED - len(found))]


def come_with_the_list(year: Year) -> None:
    """Import the list, and write down who pays by a contract from where the list ends."""
    listed = cohorts(year)
    for n, (cohort, _, paid_until) in enumerate(listed, 1):
        year.add(Person(cohort, f"M{n:03}", str(CARD + n), paid_until, WAYS[n % len(WAYS)]))
    venue = year.venue
    rows: list[dict[str, Any]] = [
        {"member_no": each.member_no, "name": f"王{each.member_no}", "identifier": identifier(each.card),
         "tier": "silver", "paid_until": each.paid_until.isoformat(), "status": "active"}
        for each in year.people
    ]  # fmt: skip
    rows.append(dict.fromkeys(rows[0], "") | {"identifier": identifier(OLD_GIFT_CARD), "status": "gift"})
    path = venue.central.folder / "members.csv"
    write_rows(path, rows)
    report = import_members(venue.desk.books.database, load_keys(venue.central.folder), path, clock=venue.clock)
    assert (report.refused, report.added) == (0, len(rows)), report
    with venue.desk.books.look() as look:
        found = members_by(look.connection, "member_no", [each.member_no for each in year.people])
    ids = {each.member_no: each.id for each in found}
    for person, (_, months, _) in zip(year.people, listed, strict=True):
        person.id = ids[person.member_no]
        if months:
            year.contract(person, months)


def apply(year: Year, cards: Cards, count: int, *, waiting: int = 0) -> None:
    """Take so many from the form to the card in the hand, who pay a year at once; some do not collect it yet."""
    for n in range(count):
        person = _approved(year)
        cards.assign(person)
        person.is_collected = False
        if n >= waiting:
            cards.hand_over(person)


def _approved(year: Year) -> Person:
    """Take somebody from the form through the review, with a contract and the first fee."""
    desk, membership = year.staff.desk, year.staff.membership
    number, birthday = len(year.people) + 1, year.on(60)
    born = date(1992, birthday.month, min(birthday.day, 28))
    form = {
        "name": f"林{number}", "phone": f"139{number:08}", "born": born.isoformat(), "full_capacity": True,
        "card_kind": "ordinary", "scopes": ["indoor"], "documents": ["form", "id_copy", "photo"],
        "marks": ["signature"], "consents": ["purpose", "charter", "regulations"],
    }  # fmt: skip
    path = f"/applications/{desk.do('/applications', **form)['application']}"
    desk.do(f"{path}/registration")
    membership.do(f"{path}/review")
    membership.do(f"{path}/findings", fit_health=True)
    id = str(membership.do(f"{path}/approval")["member"])
    member_no = membership.see(f"/people/{id}")["member"]["member_no"]
    person = Person("applicant", member_no, "", year.today - DAY, WAYS[number % len(WAYS)], id, born)
    year.contract(year.add(person), 12)
    year.pay_fee(person, 1, person.way)
    assert person.paid_until == months_later(year.today, 12) - DAY
    return person
