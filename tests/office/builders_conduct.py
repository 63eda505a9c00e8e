"""Activities, discipline, a case, a staff account and a key, written down so that pages and routes show them."""

from sqlalchemy import insert

from kiosk.central.club.activity_tables import activity, activity_answer, activity_sign_in, club_post
from kiosk.central.club.case_tables import case_note, case_record, club_case, discipline_order, misuse_alert, violation
from kiosk.central.club.staff_tables import api_key, staff
from kiosk.central.club.tables import notice, rule_proposal
from kiosk.central.database import Database
from kiosk.core.codec import canonical
from tests.office.builders import JOURNAL, MEMBER, STORED_AT, make_decision, store

CASE, ACTIVITY, ORDER, VIOLATION, POST, STAFF, KEY, PROPOSAL = (f"{each}c" * 8 for each in "12345678")
CARD = "c1" * 16

CONDUCT_IDS = {
    "activity": ACTIVITY,
    "case": CASE,
    "record": "1",
    "member": MEMBER,
    "order": ORDER,
    "post": POST,
    "staff": STAFF,
    "key": KEY,
    "proposal": PROPOSAL,
    "site": "demo",
}
"""What `fill_conduct` writes down, as paths name it."""


def make_activity_row(**fields: object) -> dict[str, object]:
    """Make the row of an activity that is announced for this evening."""
    row = {"id": ACTIVITY, "site": "demo", "title": "秋季品茶会", "state": "announced", "obligatory": True,
           "starts_at": "2026-11-22T11:00:00.000Z", "ends_at": "2026-11-22T13:00:00.000Z", "place": "茶室",
           "agenda": "品茶", "budget_minor": 200_000, "capacity": 20, "points": None, "review": "",
           "audience": canonical({"min_rank": None, "classes": [], "home_sites": [], "visitors_only": False}).decode(),
           "changed_at": STORED_AT}  # fmt: skip
    return row | fields


def fill_conduct(database: Database) -> None:
    """Write one of each down; the case is about record 1, which is stored where there is none."""
    with database.begin() as connection:
        connection.execute(insert(activity).values(**make_activity_row()))
        said = {"activity": ACTIVITY, "member": MEMBER, "willing": "yes", "rank": 2, "at": STORED_AT}
        connection.execute(insert(activity_answer).values(**said))
        came = {"activity": ACTIVITY, "subject": MEMBER, "by": MEMBER, "presence": "in_person", "at": STORED_AT}
        connection.execute(insert(activity_sign_in).values(**came))
        held = {"id": POST, "member": MEMBER, "position": "chair", "since": "2026-01-01", "worked_on": "2026-11-01"}
        connection.execute(insert(club_post).values(**held, removed=False))
        opened = {"id": CASE, "state": "open", "kind": "misuse", "member": MEMBER, "credential": CARD}
        connection.execute(insert(club_case).values(**opened, opened_by="job:misuse", opened_at=STORED_AT))
        connection.execute(insert(case_record).values(case=CASE, journal=JOURNAL, seq=1))
        connection.execute(insert(case_note).values(case=CASE, at=STORED_AT, by=STAFF, text="看过录像"))
        alert = {"key": f"lent.{CARD}.2026-11-22", "misuse": "lent", "credential": CARD, "case": CASE}
        alert |= {"first_at": STORED_AT, "last_at": STORED_AT, "places": '["demo"]'}
        connection.execute(insert(misuse_alert).values(**alert))
        breach = {"id": VIOLATION, "member": MEMBER, "misconduct": "card_lent", "on": "2026-11-20", "case": CASE}
        breach |= {"evidence": canonical([{"journal": JOURNAL, "seq": 1}]).decode(), "papers": "[]"}
        connection.execute(insert(violation).values(**breach, recorded_by=STAFF, at=STORED_AT))
        wish = {"id": ORDER, "member": MEMBER, "state": "proposed", "measure": "warning", "body": "committee"}
        wish |= {"since": "2026-11-23", "heard": True, "violations": canonical([VIOLATION]).decode()}
        connection.execute(insert(discipline_order).values(**wish, proposed_by=STAFF, changed_at=STORED_AT))
        asked = {"id": PROPOSAL, "rule": "joining.minimum_age", "value": "16", "effective_on": "2026-12-01"}
        asked |= {"why": "青少年班", "state": "proposed", "proposed_by": STAFF, "proposed_at": STORED_AT}
        connection.execute(insert(rule_proposal).values(**asked))


def fill_staff(database: Database) -> None:
    """Write down an account that nobody can sign in to, and a key that is good for nothing."""
    with database.begin() as connection:
        person = {"id": STAFF, "login": "chen.jie", "name": "陈洁", "roles": '["membership"]', "state": "active"}
        connection.execute(insert(staff).values(**person, password="", opened_at=STORED_AT))
        made = {"id": KEY, "hash": "", "name": "old till", "roles": '["desk"]', "made_at": STORED_AT}
        made |= {"until": STORED_AT, "revoked_at": STORED_AT}
        connection.execute(insert(api_key).values(**made))


def add_notice(database: Database, **fields: object) -> int:
    """Put a notice by telephone into the outbox and return its id."""
    row = {"topic": "fee_soon.1", "channel": "call", "template": "fee_soon", "language": "zh", "member": MEMBER,
           "address": "", "data": "{}", "due_at": STORED_AT, "state": "due", "tries": 0, "error": ""}  # fmt: skip
    with database.begin() as connection:
        added = insert(notice).values(**row | fields).returning(notice.c.id)
        return int(connection.execute(added).scalar_one())


def store_record(database: Database) -> None:
    """Store record 1, which the case is about."""
    store(database, make_decision())
