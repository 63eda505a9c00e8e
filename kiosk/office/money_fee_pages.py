"""What the office shows of fees: a member's page with charges, payments and reminders, and who is in arrears."""

import msgspec

from kiosk.central.club.books import Look
from kiosk.central.money import dunning, fee_book, fee_payments
from kiosk.central.money.dunning import Dunned, ReminderRow
from kiosk.central.money.fee_book import ChargeRow, Deferral, HeldPlan, PaymentRow
from kiosk.central.money.fee_payments import FeeAccount
from kiosk.club.dunning import DunningAct
from kiosk.club.money_lives import ChargeState
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import ROWS, Listing, address_of, asked, word
from kiosk.office.page import Acts, Badge, Fact, Link, Table, Thing, show_thing
from kiosk.office.routes import NoQuery
from kiosk.office.saying import chosen, told
from kiosk.office.whom import people, person_of, staff_by_id

KIND, LIST, CHARGE, PAYMENT, REMINDER = "fees", "arrears", "fee_charge", "fee_payment", "fee_reminder"

_COLOURS = {ChargeState.PAID: "ok", ChargeState.WAIVED: "ok", ChargeState.DUE: "quiet", ChargeState.DEFERRED: "quiet"}


class FeeView(msgspec.Struct, frozen=True):
    """A member's fees: the contract, what is owed, every charge and payment, deferrals, and the log of reminders."""

    member: str
    member_no: str
    name: str
    plan: HeldPlan | None
    account: FeeAccount
    charges: tuple[ChargeRow, ...]
    payments: tuple[PaymentRow, ...]
    deferrals: tuple[Deferral, ...]
    reminders: tuple[ReminderRow, ...]


def show_fees(look: Look, _query: NoQuery, ids: Ids) -> FeeView:
    """Return a member's fees; raises InvalidInput where there is no such member."""
    person = person_of(look, ids["member"])
    return FeeView(
        person.id,
        person.member_no,
        person.name,
        fee_book.plan_of(look, person.id),
        fee_payments.account_of(look, person.id),
        tuple(fee_book.charges_of(look, person.id)),
        tuple(fee_book.payments_of(look, person.id)),
        tuple(fee_book.deferrals_of(look, person.id)),
        tuple(dunning.log_of(look, person.id)),
    )


def fee_page(look: Look, ids: Ids) -> str:
    """Show a member's fees."""
    view = show_fees(look, NoQuery(), ids)
    plan, account = view.plan, view.account
    until = told("fee_for_life") if account.cover.for_life else account.cover.until
    facts = [
        Fact("fee_plan", plan.code if plan else None),
        Fact("fee_cycle", word(plan.cycle) if plan else None),
        Fact("fee_amount", shown(plan.amount_minor) if plan else None),
        Fact("fee_contract", plan.contract if plan else None),
        Fact("since", plan.since if plan else None),
        Fact("member", Link(f"{view.member_no} {view.name}", f"/people/{view.member}")),
    ]
    thing = Thing(
        KIND,
        view.member,
        f"{told('fees')} {view.name} {view.member_no}",
        {"member": view.member},
        facts,
        view=view,
        up="/arrears",
        up_label="arrears",
        first=(
            Fact("fee_owed", shown(account.owed_minor)),
            Fact("fee_overdue", shown(account.overdue_minor)),
            Fact("paid_until", until),
        ),
        tables=(_charges(look, view), _payments(look, view), _reminders(look, view), _deferrals(look, view)),
    )
    return show_thing(look, thing)


def _charges(look: Look, view: FeeView) -> Table:
    rows = []
    for each in reversed(view.charges):
        state = fee_payments.state_of(look, each)
        acts = Thing(CHARGE, str(each.n), "", {"member": view.member, "charge": str(each.n)}, (), view=each)
        badge = Badge(chosen("ChargeState", state), _COLOURS.get(state, "attention"))
        last = each.last or told("fee_for_life")
        rows.append(
            (
                each.code,
                each.first,
                last,
                each.due_on,
                shown(each.amount_minor),
                shown(each.paid_minor),
                badge,
                Acts(acts),
            )
        )
    columns = ("fee_plan", "since", "until", "fee_due_on", "fee_amount", "fee_paid", "state", "actions")
    return Table("fee_charges", columns, rows, "no_fee_charges")


def _payments(look: Look, view: FeeView) -> Table:
    staff = staff_by_id(look)
    rows = []
    for each in view.payments:
        acts = Thing(PAYMENT, each.id, "", {"member": view.member, "payment": each.id}, (), view=each)
        way = chosen("PayWay", each.way) if each.way else told("fee_stored_value")
        rows.append((each.day, way, shown(each.amount_minor), staff.get(each.by, each.by), each.back_day, Acts(acts)))
    columns = ("fee_day", "fee_way", "fee_amount", "audit_who", "fee_taken_back", "actions")
    return Table("fee_payments", columns, rows, "no_fee_payments")


def _reminders(look: Look, view: FeeView) -> Table:
    staff = staff_by_id(look)
    rows = []
    for each in reversed(view.reminders):
        acts = Thing(REMINDER, str(each.n), "", {"member": view.member, "reminder": str(each.n)}, (), view=each)
        by = staff.get(each.by, "" if each.by.startswith("job:") else each.by)
        rows.append(
            (each.on, word(each.channel), word(each.outcome), shown(each.amount_minor), each.note, by, Acts(acts))
        )
    columns = ("reminder_on", "reminder_channel", "reminder_outcome", "fee_overdue", "note", "audit_who", "actions")
    return Table("fee_reminders", columns, rows, "no_fee_reminders")


def _deferrals(look: Look, view: FeeView) -> Table:
    staff = staff_by_id(look)
    rows = [(each.on, each.until, each.why, staff.get(each.by, each.by)) for each in reversed(view.deferrals)]
    return Table("fee_deferrals", ("approved_on", "until", "why", "audit_who"), rows, "no_fee_deferrals")


def arrears_page(look: Look, _ids: Ids) -> Listing:
    """Show who is in arrears."""
    after = asked("after", 16)
    found = dunning.in_arrears(look, after, ROWS + 1)
    who = people(look, [each.member for each in found])
    rows = [_arrears_row(each, who) for each in found[:ROWS]]
    columns = ("member", "fee_overdue", "arrears_since", "arrears_days", "arrears_class", "arrears_next", "fees")
    return Listing(
        LIST,
        "arrears",
        "arrears_hint",
        columns,
        rows,
        "no_arrears",
        "no_arrears_hint",
        first="?" if after else "",
        further=address_of(after=found[ROWS - 1].member) if len(found) > ROWS else "",
        people=True,
    )


def _arrears_row(each: Dunned, who: dict[str, Link]) -> tuple[object, ...]:
    arrears, step = each.arrears, each.step
    act = Badge(chosen("DunningAct", step.act), "" if step.act is DunningAct.TERMINATE else "attention")
    shown_at = Link(told("show"), f"/fees/{each.member}")
    if arrears is None:
        return who.get(each.member, ""), shown(0), None, None, None, act, shown_at
    kind = chosen("arrears_class", arrears.kind)
    return who.get(each.member, ""), shown(arrears.amount_minor), arrears.since, arrears.age_days, kind, act, shown_at
