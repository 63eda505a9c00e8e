"""A member by contract who paid, a till that is open, a use of fees, an event that does not match, for the office."""

from datetime import date

from sqlalchemy import insert

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.rules import Wish, amend
from kiosk.central.database import Database
from kiosk.central.money import fee_payments, fee_reports, fees, matching, proof, tills
from kiosk.central.money.fee_payments import PayFees
from kiosk.central.money.fee_tables import fee_reminder
from kiosk.central.money.provider_lines import take_statement
from kiosk.central.money.tables import ledger_alarm
from kiosk.central.money.top_ups import Place
from kiosk.club.paying_back import PayWay
from tests.builders import FakeClock
from tests.office.builders import MEMBER

FEES_IDS = {
    "payment": "f1",
    "charge": "1",
    "reminder": "1",
    "receipt": "demo-2026-000001",
    "till": "front",
    "site": "demo",
    "day": "2026-11-22",
    "fee_use": "1",
    "event": "order-9",
}
"""What `fill_fees` writes down, as paths name it."""

DESK = Actor("till-1")
PLANS = [{"code": "month", "cycle": "month", "amount_minor": 10_000}]


def fill_fees(database: Database) -> None:
    """Write down what the office shows of fees, for MEMBER, who had paid until the day before."""

    def work(change: Change) -> None:
        amend(change, [Wish("fees.plans", PLANS, change.today, "council", "asked")])
        fees.choose_plan(change, MEMBER, "month", "C-1", why="contract")
        wish = PayFees("f1", MEMBER, 4_000, PayWay.CASH, periods_ahead=1, place=Place("demo", "front"))
        fee_payments.pay(change, wish)
        log = {"member": MEMBER, "on": "2026-11-22", "channel": "phone", "outcome": "sent", "amount_minor": 100}
        change.connection.execute(insert(fee_reminder).values(**log, kind="fresh", note="", by="job:fee_reminders"))
        tills.save_till(change, "front", "demo", "前台")
        tills.open_till(change, "front", 20_000)
        fee_reports.note_use(change, "upkeep", 5_000, date(2026, 11, 1), "new nets")
        take_statement(change, PayWay.WECHAT, "id,amount_minor,at\norder-9,500,2026-11-21T09:00:00.000Z\n")
        matching.keep(change, matching.match(change, change.today), change.today)
        proof.prove_now(change)
        alarm = {"at": "2026-11-22T08:31:07.800Z", "posting": "f1", "by": "till-2", "was": "aa", "came": "bb"}
        change.connection.execute(insert(ledger_alarm).values(**alarm))

    Books(database, FakeClock()).change(DESK, work)
