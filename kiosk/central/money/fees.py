"""Fees by contract: a plan chosen at joining, charged when its periods begin, and until when that makes a member paid.

The ledger is where a fee is owed and paid; a member's standing, and with it the gates, follows from the charges.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from sqlalchemy import select

from kiosk.central.club import membership
from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.composing import compose, facts_of
from kiosk.central.club.files import file_of
from kiosk.central.club.jobs import Job, Step
from kiosk.central.club.nightly import step
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.club.turning import check_own_fees, turn
from kiosk.central.money import days, fee_book, ledger
from kiosk.central.money.fee_book import ChargeRow, HeldPlan
from kiosk.central.money.fee_tables import fee_plan
from kiosk.central.money.top_ups import caps_of
from kiosk.club import leaving
from kiosk.club.fees import Charge, Cover, Cycle, FeePlan, charges_until, paid_until
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.membership import ENDED, MemberAction, MemberFacts
from kiosk.club.money_lives import ChargeState
from kiosk.club.prepaid_limits import Ahead, Prepaid, against_selling
from kiosk.club.standing import end_of

JOB = "fee_charges"
CHARGED = "fee_charge:"
AHEAD_MAX = 24
"""Periods that are paid ahead at once, at most."""

_DAY = timedelta(days=1)


def debt_of(member: str) -> Account:
    """Return the account of what a member owes, below zero."""
    return Account(AccountKind.MEMBER_DEBT, member)


def plans_for(look: Look, member: str) -> list[FeePlan]:
    """Return the standards that a member can be contracted by, those for its kind first (R48)."""
    kind = file_of(look, member).kind.value
    fitting = [each for each in look.rules.fees.plans if each.member_type in ("", kind)]
    return sorted(fitting, key=lambda each: (not each.member_type, not each.service))


def choose_plan(change: Change, member: str, code: str, contract: str, *, why: str) -> HeldPlan:
    """Write down by which plan a member pays, as the contract of that number says; the first period is charged.

    It begins where what is paid ends: of a plan before it the day after its last charge. Raises RuleRefused where a
    unit or host pays, for a plan that is not offered to this kind of member, and past a limit on what is sold ahead.
    """
    lock_member(change, member)
    check_own_fees(change, member)
    facts = facts_of(change, member)
    if facts.approved_on is None or membership.standing(change, member).state in ENDED:
        raise RuleRefused("not_a_member", what=f"member {member}", hint="Let the person apply again")
    plan = next((each for each in plans_for(change, member) if each.code == code), None)
    if plan is None:
        raise RuleRefused("plan_not_offered", {"code": code[:64]}, what=f"member {member}")
    since, covered = _begin(change, member, facts)
    held = HeldPlan(
        0, member, plan.code, plan.cycle, plan.service, plan.amount_minor, contract, since, None, covered
    )  # fmt: skip
    held = fee_book.write_plan(change, held)
    change.note("fee.plan", "member", member, after=_shown(held), why=why)
    if not facts.owes_fees:
        membership.owe_fees(change, member, True, why=why)
    made = charge_due(change, member)
    check_ahead(change, made)
    return held


def charge_due(change: Change, member: str, ahead: int = 0) -> list[ChargeRow]:
    """Charge what a member's plan has made by today, and so many further periods; return what is new.

    The same again makes none twice: a charge is known by its plan and first day. Lock the member first.
    """
    held = fee_book.plan_of(change, member)
    if held is None:
        return []
    known = {each.first for each in fee_book.charges_of(change, member, [held.n])}
    last = membership_end(change, member)
    wanted = [each for each in wanted_charges(change, held, len(known), ahead) if last is None or each.first <= last]
    fresh = [each for each in wanted if each.first not in known]
    made = [fee_book.charge_of(change, _charge(change, held, each)) for each in fresh]
    if any(not each.amount_minor for each in made):
        follow(change, member, why="no fee is asked for")
    return made


def follow(change: Change, member: str, *, why: str) -> Cover:
    """Let a member's standing say what the charges say: paid to a day, for life, or no longer to that day.

    What stood only for want of a fee is over (§4 L5); one who is no member any more stays so.
    """
    found = cover(change, member)
    if membership.record_end(change, member) or membership.standing(change, member).state in ENDED:
        return found
    facts, today = facts_of(change, member), change.today

    def paid(before: MemberFacts) -> MemberFacts:
        if found.for_life:
            return msgspec.structs.replace(leaving.paid(before, before.paid_until or today, today), owes_fees=False)
        if found.until is None:
            return msgspec.structs.replace(before, paid_until=None)
        return msgspec.structs.replace(leaving.paid(before, found.until, today), paid_until=found.until)

    if facts.fees_inherited or paid(facts) == facts:
        return found
    lost = found.until is None or (facts.paid_until is not None and found.until < facts.paid_until)
    action = MemberAction.FALL_DUE if lost and not found.for_life else MemberAction.PAY
    turn(change, member, action, paid, why=why)
    return found


def cover(look: Look, member: str) -> Cover:
    """Return until when a member has paid by all plans of this membership, and by what was paid before them."""
    approved = facts_of(look, member).approved_on
    plans = [each for each in fee_book.plans_of(look, member) if approved is None or each.since >= approved]
    found = paid_until(each.charge for each in fee_book.charges_of(look, member, [each.n for each in plans]))
    if found.for_life or not plans:
        return found
    ends = [each for each in (plans[0].covered_until, found.until) if each is not None]
    return Cover(max(ends, default=None))


def membership_end(look: Look, member: str) -> date | None:
    """Return the last day of a membership that ends or has ended, None where no end is known."""
    facts = facts_of(look, member)
    ends = [each.last_day for each in facts.endings] + [each.last_day for each in facts.withdrawals]
    return min(ends, default=None) if ends else membership.left_on(look, member)


def check_ahead(look: Look, made: Sequence[ChargeRow]) -> None:
    """Return where periods may be sold that lie ahead; raises RuleRefused for the first limit of the rule packs."""
    charges = [each for each in made if each.amount_minor]
    if not charges:
        return
    known = fee_book.charges_of(look, charges[0].member)
    fresh = {each.n for each in charges}
    held_minor = sum(each.paid_minor for each in known if each.n not in fresh and _is_ahead(each, look.today))
    amount_minor = sum(each.amount_minor for each in charges)
    sale = Ahead(
        Prepaid.MEMBERSHIP, amount_minor, charges[0].first, charges[-1].last, held_minor=held_minor
    )  # fmt: skip
    refusal = against_selling(sale, look.today, caps_of(look))
    if refusal is not None:
        raise refuse(refusal, f"fee of member {charges[0].member}")


def run(books: Books, day: date, place: str) -> Step:
    """Charge what has become due, and end the plans of those who left, as a nightly job in small steps."""
    whose = select(fee_plan.c.member).where(fee_plan.c.until.is_(None))
    return step(books, JOB, day, place, whose, _charge_all)


def fee_jobs() -> tuple[Job, ...]:
    """Return the job that charges fees, which comes before the reminders."""
    return (Job(JOB, run),)


def _charge_all(change: Change, ids: Sequence[str]) -> None:
    for member in _with_something_due(change, ids):
        lock_member(change, member)
        charge_due(change, member)
        held, left = fee_book.plan_of(change, member), membership.left_on(change, member)
        if held is not None and left is not None:
            fee_book.end_plan(change, held, left)


def _with_something_due(look: Look, ids: Sequence[str]) -> list[str]:
    """Return for whom of some members there is a charge to make or a plan to end: on most nights very few."""
    held = fee_book.plans_held(look, ids)
    known = fee_book.first_days(look, [each.n for each in held.values()])
    found = []
    for member, composed in compose(look, held).items():
        end = end_of(composed.facts, look.rules.membership)
        firsts = known.get(held[member].n, frozenset())
        is_over = end is not None and end.last_day < look.today
        if is_over or any(each.first not in firsts for each in wanted_charges(look, held[member], len(firsts), 0)):
            found.append(member)
    return sorted(found)


def _begin(change: Change, member: str, facts: MemberFacts) -> tuple[date, date | None]:
    """Return from when a new plan counts, and what was paid before; the plan held until now ends the day before."""
    before = fee_book.plan_of(change, member)
    joined = facts.approved_on or change.today
    if before is None:
        covered = facts.paid_until
        return (max(covered + _DAY, joined), covered) if covered else (joined, None)
    charges = fee_book.charges_of(change, member, [before.n])
    if any(each.last is None for each in charges):
        raise RuleRefused("paid_for_life", what=f"member {member}")
    since = max((each.last + _DAY for each in charges if each.last), default=before.since)
    fee_book.end_plan(change, before, since - _DAY)
    return since, before.covered_until if not charges else None


def wanted_charges(look: Look, held: HeldPlan, known: int, ahead: int) -> Sequence[Charge]:
    """Return the charges of a plan until today and `ahead` more, those `known` ones included that were made before."""
    rules = look.rules.fees
    due = charges_until(held.plan, held.since, look.today, rules)
    if not ahead or held.cycle is Cycle.LIFETIME:
        return due or (charges_until(held.plan, held.since, held.since, rules) if ahead else ())
    count = max(len(due), known) + min(ahead, AHEAD_MAX)
    day = held.since
    made = charges_until(held.plan, held.since, day, rules)
    while len(made) < count:
        day = (made[-1].last or day) + _DAY
        made = charges_until(held.plan, held.since, day, rules)
    return made[:count]


def _charge(change: Change, held: HeldPlan, made: Charge) -> int:
    n = fee_book.write_charge(change, held, made)
    if made.amount_minor:
        place = days.place(change, "", change.now)
        pairs = [
            (debt_of(held.member), -made.amount_minor),
            (Account(AccountKind.REVENUE_FEES), made.amount_minor),
        ]
        memo = {"member": held.member, "plan": held.code, "first": made.first.isoformat()}
        posting = Posting(
            f"{CHARGED}{n}", PostingKind.CHARGE, lines_of(pairs), place.day, change.now, change.actor.id, memo=memo,
        )  # fmt: skip
        ledger.post(change, posting)
    change.note("fee.charge", "member", held.member, after={"charge": n, "amount_minor": made.amount_minor})
    return n


def _is_ahead(row: ChargeRow, today: date) -> bool:
    return row.state is ChargeState.PAID and (row.last is None or row.last >= today)


def _shown(held: HeldPlan) -> dict[str, str | int]:
    return {
        "plan": held.code,
        "contract": held.contract,
        "amount_minor": held.amount_minor,
        "since": held.since.isoformat(),
    }
