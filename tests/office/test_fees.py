"""Fees as the office leads them: from the contract to the gate, arrears, receipts, tills and the close of a day."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask

from kiosk.central.club.books import Actor
from kiosk.central.database import Database
from kiosk.central.money import dunning, fees
from kiosk.central.money.ledger import prove
from kiosk.club.roles import Role
from tests.builders import FakeClock
from tests.central.club.builders import told
from tests.central.club.builders_people import ZONE
from tests.central.club.builders_points import run_job
from tests.office.accounts import make_staff, signed_in
from tests.office.builders_people import DAY, FORM, TODAY, UNIT, Club, Program
from tests.office.conftest import form_key

PLANS = [
    {"code": "year", "cycle": "year", "amount_minor": 120_000, "member_type": "person"},
    {"code": "unit", "cycle": "year", "amount_minor": 900_000, "member_type": "organisation"},
]
DUE = date(2027, 11, 22)


class Money(Club):
    """A club whose members pay by contract, with a finance department and a second person at the desk."""

    def __init__(self, app: Flask, database: Database, clock: FakeClock) -> None:
        self.app = app
        super().__init__(app, database, clock)

    def _open_doors(self) -> None:
        super()._open_doors()
        self.finance = Program(self._app, self.database, Role.FINANCE, clock=self.clock)
        self.second = Program(self._app, self.database, Role.DESK, clock=self.clock)

    def contract(self, member: str, plan: str = "year") -> None:
        """Write a member's plan down."""
        self.office.do(f"/fees/{member}/plan", plan=plan, contract="C-1", why="joins")

    def take(self, member: str, amount: str, status: int = 200, **more: Any) -> Any:
        """Take a fee at the desk."""
        return self.desk.do(f"/fees/{member}/payments", status, amount=amount, till="front", **more)

    def enter(self) -> tuple[str, int]:
        """Make a member by contract who has paid, with the card in the hand."""
        member = self.admit()
        self.contract(member)
        self.take(member, "1200")
        number = self.make_card(member)
        self.hand_over(number)
        return member, number

    def pass_nights(self, until: date) -> None:
        """Let the nights pass, the last forty each with its charges and reminders, up to a day."""
        for ahead in range(min((until - self.today).days, 40) - 1, -1, -1):
            day = until - ahead * DAY
            self.clock.wall = datetime(day.year, day.month, day.day, 10, tzinfo=ZONE)
            run_job(fees.run, self.books)
            run_job(dunning.run, self.books)
        self.set_day(until)

    def holds(self) -> bool:
        """Say whether the books hold."""
        return self.books.change(Actor("job:proof"), lambda change: prove(change).holds)


@pytest.fixture
def club(app: Flask, database: Database, clock: FakeClock) -> Iterator[Money]:
    """A club of one site whose indoor club is the gym; its books hold afterwards."""
    made = Money(app, database, clock)
    made.publish_consents()
    made.amend("benefits.scope_products", [{"scope": "indoor", "product": "gym"}])
    made.amend("fees.plans", PLANS)
    made.amend("fees.ahead_days", 7)
    yield made
    assert made.holds()


@pytest.mark.proves("S56", "S57", "S59", "R47", "R48", "R49", "R51")
def test_from_the_contract_to_the_gate_overdue_put_off_and_paid(club: Money) -> None:
    member = club.admit()
    club.office.do(f"/fees/{member}/plan", 409, plan="unit", contract="C-1")
    club.contract(member)
    club.make_card(member, status=409)  # the first fee is not paid
    assert club.take(member, "1200.01", 409)["reason"] == "more_than_owed"
    paid = club.take(member, "1200")
    assert (paid["owed_minor"], paid["cover"]["until"]) == (0, "2027-11-21")
    number = club.make_card(member)
    club.hand_over(number)
    assert club.gate_says(number) == "ok"
    club.pass_nights(DUE - DAY)
    assert club.gate_says(number) == "ok"
    club.pass_nights(DUE)
    assert (club.state(member), club.gate_says(number)) == ("arrears", "fee_overdue")
    until = str(DUE + 20 * DAY)
    club.office.do(f"/people/{member}/deferral", until=until, why="in hospital, letter of today")
    assert (club.state(member), club.gate_says(number)) == ("deferred", "ok")
    assert club.desk.see(f"/fees/{member}")["deferrals"][0]["until"] == until
    club.office.do(f"/people/{member}/deferral", 409, until=str(DUE + 40 * DAY), why="again")
    club.pass_nights(DUE + 21 * DAY)
    assert club.gate_says(number) == "fee_overdue"
    club.take(member, "1200", way="bank_card")
    assert (club.state(member), club.gate_says(number)) == ("valid", "ok")
    problem = club.office.do(f"/people/{member}/fee", 409, paid_until="2040-01-01", why="by hand")
    assert problem["reason"] == "paid_by_plan"


@pytest.mark.proves("S58", "R53", "R54", "R55")
def test_reminders_in_vain_stop_service_and_a_payment_brings_it_back(club: Money) -> None:
    member, number = club.enter()
    classes = [{"code": "fresh", "age_days_min": 1, "channels": ["sms", "phone", "email"], "every_days": 7}]
    club.amend("dunning.classes", classes)
    club.pass_nights(DUE + 9 * DAY)
    shown = club.office.see(f"/fees/{member}")["reminders"]
    assert [(each["channel"], each["outcome"]) for each in shown] == [("sms", "sent"), ("phone", "sent")]
    assert [each["channel"] for each in told(club.books, template="fee_overdue", member=member)] == ["sms", "call"]
    path = f"/fees/{member}/reminders/{shown[1]['n']}/result"
    club.office.do(path, outcome="promised", note="on Friday")
    club.office.do(path.replace(member, "7f" * 8), 422, outcome="reached")
    assert club.desk.see("/arrears")["items"][0]["arrears"]["kind"] == "fresh"
    club.pass_nights(DUE + 22 * DAY)
    assert club.state(member) == "suspended"
    club.take(member, "1200", way="wechat")
    assert (club.state(member), club.gate_says(number)) == ("valid", "ok")
    assert club.desk.see("/arrears")["items"] == []


@pytest.mark.proves("S61", "R50")
def test_a_payment_brings_its_receipt_and_the_invoice_for_it(club: Money) -> None:
    member, _ = club.enter()
    [number] = [each["number"] for each in club.desk.see("/receipts")["items"]]
    assert number == "demo-2026-000001"
    assert club.desk.see(f"/receipts/{number}")["brings"]["kind"] == "ordinary"
    asked = club.desk.do(f"/receipts/{number}/invoice", title="林晓公司", tax_no="91440300MA5")
    assert (asked["kind"], asked["amount_minor"]) == ("special", 120_000)
    club.desk.do(f"/receipts/{number}/invoice/number", 403, invoice_no="1")
    assert club.finance.do(f"/receipts/{number}/invoice/number", invoice_no="26442")["invoice_no"] == "26442"
    top_up = club.desk.do(f"/money/{member}/top-ups", amount="100", way="wechat", id="t1")
    made = club.desk.do("/receipts", posting=top_up["id"])
    assert club.desk.see(f"/receipts/{made['number']}")["brings"]["note"] == "prepaid_no_tax"


def test_a_unit_pays_and_whoever_represents_it_passes(club: Money) -> None:
    unit = club.admit(UNIT)
    club.contract(unit, "unit")
    club.take(unit, "9000", way="transfer")
    assert club.desk.see(f"/fees/{unit}")["account"]["owed_minor"] == 0


def test_a_mistake_is_taken_back_and_a_charge_lifted_by_finance_alone(club: Money) -> None:
    member, number = club.enter()
    payment = club.desk.see(f"/fees/{member}")["payments"][0]["id"]
    club.desk.do(f"/fees/{member}/payments/{payment}/return", 403, why="mistake")
    club.finance.do(f"/fees/{member}/payments/{payment}/return", why="meant for somebody else")
    assert club.gate_says(number) == "fee_overdue"
    charge = club.desk.see(f"/fees/{member}")["charges"][0]["n"]
    club.finance.do(f"/fees/{'7f' * 8}/charges/{charge}/waiver", 422, why="another's path")
    club.finance.do(f"/fees/{member}/charges/{charge}/waiver", why="jubilee")
    assert club.gate_says(number) == "ok"


@pytest.mark.proves("S63")
def test_a_day_is_closed_with_counted_tills_and_the_money_is_told(club: Money) -> None:
    club.desk.do("/tills", 403, till="front", site="demo", name="前台")
    club.finance.do("/tills", till="front", site="demo", name="前台")
    club.desk.do("/tills/front/session", amount="200")
    club.enter()
    count = club.desk.do("/tills/front/counts", pieces=["100 14"], why="evening")
    assert (count["counted_minor"], count["expected_minor"]) == (140_000, 140_000)
    assert club.desk.do("/tills/front/witness", 409)["reason"] == "own_request"
    club.second.do("/tills/front/witness")
    assert club.finance.do("/tills/bank", 409, site="demo", amount="1000")["reason"] == "not_enough"
    assert "there is no site" in str(club.finance.do("/tills/bank", 422, site="nowhere", amount="10"))
    path = f"/days/demo/{TODAY}"
    reasons = {each["reason"] for each in club.finance.see(path)["preview"]["blocks"]}
    assert reasons >= {"day_not_over", "proof_missing"}
    club.set_day(TODAY + DAY, hour=5)
    club.finance.do("/days/proof")
    missing = club.finance.see(path)["preview"]["missing"]
    assert club.finance.do(f"{path}/close", 409)["reason"] == "device_not_named"
    closed = club.finance.do(f"{path}/close", without=missing, why="it is switched off")
    assert (closed["named"], closed["tills"][0]["counted_minor"]) == (missing, 140_000)
    assert club.finance.do(f"{path}/close", 409, without=missing)["reason"] == "closed_already"
    owed = club.finance.see("/money-reports/liabilities")
    assert owed["custody"]["till"] == 140_000


@pytest.mark.proves("S60", "S62", "R56", "R57", "R58", "R59", "R60")
def test_what_fees_brought_in_and_went_to_is_told_and_published(club: Money, app: Flask) -> None:
    club.enter()
    revenue = club.finance.see("/money-reports/revenue?by=quarter")["items"][-1]
    assert (revenue["amount_minor"], revenue["count"]) == (120_000, 1)
    wish = {"amount": "300", "on": str(TODAY), "what": "new nets"}
    club.finance.do("/fee-uses", 409, head="party", **wish)
    use = club.finance.do("/fee-uses", head="upkeep", **wish)["n"]
    assert club.finance.do(f"/fee-uses/{use}/approval", 409, why="mine")["reason"] == "own_request"
    club.manager.do(f"/fee-uses/{use}/approval", why="minutes of the council")
    club.set_day(date(2027, 1, 10))
    assert club.finance.see("/money-reports/matching")["items"] == []
    club.manager.do("/fee-uses/statements", why="half-year")
    published = app.test_client().get("/public/fees").text
    assert "¥1,200.00" in published
    assert "¥300.00" in published
    assert "¥900.00" in published
    assert app.test_client().get("/public/fees.json").json["items"][0]["statement"]["left_minor"] == 90_000


def test_the_pages_show_it_with_charts_and_files(club: Money, app: Flask, database: Database) -> None:
    member, _ = club.enter()
    browser = signed_in(app, database, make_staff(database, Role.DESK, Role.FINANCE, login="the.till"))
    page = browser.get(f"/fees/{member}").text
    assert "¥1,200.00" in page
    shown = browser.get("/money-reports/revenue").text
    assert 'role="img"' in shown
    assert "<desc" in shown
    assert "会员本金" in browser.get("/money-reports/liabilities").text
    assert browser.get("/money-reports/revenue?as=csv").data.startswith(b"\xef\xbb\xbf")
    assert browser.get("/receipts/demo-2026-000001/print").status_code == 200
    form = browser.get(f"/do/pay_fee/{member}")
    assert form.status_code == 200
    key = form_key(browser, f"/do/pay_fee/{member}")
    sent = browser.post(
        f"/do/pay_fee/{member}", data={"form_key": key, "once": "1", "amount": "1.234", "till": "front"}
    )
    assert sent.status_code == 422
    assert FORM["name"] in page
