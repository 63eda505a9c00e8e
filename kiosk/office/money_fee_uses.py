"""What fees are used for: written down, approved by the council, and published every half-year (R58 to R60)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.money import fee_reports
from kiosk.central.money.fee_reports import Published, UseRow
from kiosk.club.calendar import add_months
from kiosk.club.fee_income import FeeStatement
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import Yuan, in_fen, shown
from kiosk.office.charts import ChartKind, Point, chart
from kiosk.office.club_points_view import SayWhy, Sentence
from kiosk.office.listing import Listing, number_in
from kiosk.office.page import Acts, Badge, Page, Table, Thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, told

USE, USES = "fee_use", "fee_uses"


class FeeUses(msgspec.Struct, frozen=True):
    """The uses of fees of the last twelve months, newest first, the statement to come, and those published."""

    items: tuple[UseRow, ...]
    draft: FeeStatement
    published: tuple[Published, ...]


class NoteFeeUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What fees are used for: the head as the rule book names it, how much in yuan, when, and what for."""

    head: Annotated[str, Meta(min_length=1, max_length=32)]
    amount: Yuan
    on: date
    what: Sentence


class ApproveFeeUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which body approved a use, and where that is written."""

    why: Sentence
    body: Annotated[str, Meta(min_length=1, max_length=32)] = "council"


def list_fee_uses(look: Look, _query: NoQuery, _ids: Ids) -> FeeUses:
    """Return the uses of fees and the statements."""
    found = fee_reports.uses(look, add_months(look.today, -12), look.today)
    return FeeUses(tuple(found), fee_reports.draft_statement(look), tuple(fee_reports.published(look)))


def note_fee_use(change: Change, wish: NoteFeeUse, _ids: Ids) -> UseRow:
    """Write a use of fees down."""
    return fee_reports.note_use(change, wish.head, in_fen(wish.amount), wish.on, wish.what)


def approve_fee_use(change: Change, wish: ApproveFeeUse, ids: Ids) -> UseRow:
    """Write down that a use was approved."""
    return fee_reports.approve_use(change, number_in(ids["fee_use"]) or 0, wish.body, why=wish.why)


def publish_statement(change: Change, wish: SayWhy, _ids: Ids) -> Published:
    """Publish the statement of the last half-year."""
    return fee_reports.publish(change, why=wish.why)


def _uses_page(look: Look, _ids: Ids) -> Listing:
    found = list_fee_uses(look, NoQuery(), {})
    rows = []
    for each in found.items:
        acts = Thing(USE, str(each.n), "", {"fee_use": str(each.n)}, (), view=each)
        state = (
            Badge(chosen("Body", each.approved_by), "ok") if each.approved_by else Badge(told("use_waits"), "attention")
        )
        rows.append((each.on, chosen("fee_head", each.head), shown(each.amount_minor), each.what, state, Acts(acts)))
    statements = [_statement_row(found.draft, told("statement_draft"))]
    statements += [_statement_row(each.statement, each.at) for each in found.published]
    heads = look.rules.income.heads
    return Listing(
        USES,
        "fee_uses",
        "fee_uses_hint",
        ("use_on", "use_head", "fee_amount", "use_what", "use_approved", "actions"),
        rows,
        "no_fee_uses",
        "no_fee_uses_hint",
        tables=(
            Table(
                "fee_statements",
                ("report_first", "report_last", "report_income", "report_used", "report_left", "statement_published"),
                statements,
            ),
        ),
        chart=chart(
            ChartKind.BARS,
            told("fee_uses"),
            [
                Point(chosen("fee_head", head), amount, shown(amount))
                for head, amount in found.draft.used
                if head in heads
            ],
        ),
    )


def _statement_row(said: FeeStatement, published: str) -> tuple[object, ...]:
    used = " ".join(f"{chosen('fee_head', head)} {shown(amount)}" for head, amount in said.used)
    return said.span.first, said.span.last, shown(said.income_minor), used, shown(said.left_minor), published


def _use_draft(look: Look, _ids: Ids) -> Draft:
    heads = [(each, chosen("fee_head", each)) for each in look.rules.income.heads]
    return Draft(values={"on": look.today}, choices={"head": heads})


def _approve_draft(look: Look, ids: Ids) -> Draft:
    use = fee_reports.use_of(look, number_in(ids["fee_use"]) or 0)
    return Draft(f"{use.what} {shown(use.amount_minor)}", {"body": look.rules.income.approver})


def _asked_by(look: Look, ids: Ids) -> Matter:
    return Matter(requested_by=fee_reports.use_of(look, number_in(ids["fee_use"]) or 0).by)


def _waits(use: UseRow) -> bool:
    return not use.approved_by


_P, _O = Permission, OfficeAction

ACTIONS = (
    Action(
        "note_fee_use", "/fee-uses", _P.MONEY_DECIDE, NoteFeeUse, UseRow, note_fee_use,
        "Write down what fees are used for", about=USES, then="/fee-uses", act=_O.DECIDE_MONEY, drafts=_use_draft,
    ),
    Action(
        "approve_fee_use", "/fee-uses/{fee_use}/approval", _P.MONEY_DECIDE, ApproveFeeUse, UseRow, approve_fee_use,
        "Write down that the council approved a use of fees", about=USE, then="/fee-uses",
        possible=_waits, act=_O.APPROVE_FEE_USE, matter=_asked_by, drafts=_approve_draft,
    ),
    Action(
        "publish_statement", "/fee-uses/statements", _P.MONEY_DECIDE, SayWhy, Published, publish_statement,
        "Publish the half-yearly statement", about=USES, then="/fee-uses", act=_O.DECIDE_MONEY,
    ),
)  # fmt: skip

ROUTES = (
    Route("/fee-uses", "list_fee_uses", "What fees were used for, and the statements", NoQuery, FeeUses,
          _P.MONEY_READ, run=list_fee_uses),
)  # fmt: skip

PAGES = (Page("/fee-uses", "fee_uses", _P.MONEY_READ, _uses_page, "nav_money", "fee_uses", about=USES),)
