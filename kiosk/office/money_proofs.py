"""The ledger's proof and alarms in the office: the nights, what is wrong and where, and what that keeps open (D1)."""

from datetime import date
from typing import Any

import msgspec

from kiosk.central.club.books import Change, Look
from kiosk.central.members import members_by
from kiosk.central.money import closing, ledger, proof, proof_records
from kiosk.central.money.alarms import Alarm
from kiosk.central.money.proof_records import Proof, Wrong
from kiosk.central.roster import rows_of
from kiosk.club.day_close import CloseReason
from kiosk.club.ledger import AccountKind, Unit
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.model import Site
from kiosk.office.actions import Action, Ids
from kiosk.office.amounts import shown
from kiosk.office.club_points_view import JustDo
from kiosk.office.listing import Listing, word
from kiosk.office.page import Badge, Link, Page, Table
from kiosk.office.places import names_of_sites
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import staff_by_id

LIST = "ledger"

_PROOF = (CloseReason.PROOF_MISSING, CloseReason.PROOF_FAILED)


class KeptOpen(msgspec.Struct, frozen=True):
    """The day that a site closes next, and why the proof keeps it open; null where it does not."""

    site: str
    day: date
    reason: CloseReason | None


class ProofPage(msgspec.Struct, frozen=True):
    """The last proof of every night, newest first, and what the newest one means for the days to close."""

    items: tuple[Proof, ...]
    days: tuple[KeptOpen, ...]
    next: str | None


class AlarmPage(msgspec.Struct, frozen=True):
    """Ids that came again with something else, newest first, 500 at most; `next` is null."""

    items: tuple[Alarm, ...]
    next: str | None


def list_proofs(look: Look, _query: NoQuery, _ids: Ids) -> ProofPage:
    """Return the last proof of every night."""
    nights: dict[str, Proof] = {}
    for each in proof_records.proofs(look):
        nights.setdefault(each.day, each)
    sites = sorted(row.id for row in rows_of(look.connection, "site") if isinstance(row, Site))
    return ProofPage(tuple(nights.values()), tuple(_kept_open(look, site) for site in sites), None)


def list_alarms(look: Look, _query: NoQuery, _ids: Ids) -> AlarmPage:
    """Return the alarms."""
    return AlarmPage(tuple(ledger.alarms(look)), None)


def prove_books(change: Change, _wish: JustDo, _ids: Ids) -> Proof:
    """Prove the books now."""
    found = proof.prove_now(change)
    change.note("ledger.prove", "ledger", "books", after={"holds": int(found.holds), "found": len(found.found)})
    return found


def proof_badge(found: Proof) -> Badge:
    """Return whether the books held, as a cell."""
    return Badge(told("books_hold"), "ok") if found.holds else Badge(told("books_fail"), "")


def _kept_open(look: Look, site: str) -> KeptOpen:
    day = closing.next_day(look, site)
    blocks = [each.reason for each in closing.preview(look, site, day).blocks if each.reason in _PROOF]
    return KeptOpen(site, day, blocks[0] if blocks else None)


def _proofs_page(look: Look, _ids: Ids) -> Listing:
    found = list_proofs(look, NoQuery(), {})
    rows = [(each.day, each.at, each.postings, proof_badge(each), len(each.found)) for each in found.items]
    wrong = found.items[0].found if found.items else ()
    free, sites = Badge(told("proof_lets"), "ok"), names_of_sites(look)
    days = [
        (sites.get(each.site, each.site), Link(each.day, f"/days/{each.site}/{each.day}"), word(each.reason) or free)
        for each in found.days
    ]
    return Listing(
        LIST,
        "proofs",
        "proofs_hint",
        ("proof_night", "time", "books_postings", "state", "proof_count"),
        rows,
        "no_proofs",
        "no_proofs_hint",
        tables=(
            Table(
                "proof_found", ("proof_check", "proof_where", "proof_off_by"), [_wrong(look, each) for each in wrong]
            ),
            Table("proof_days", ("till_site", "business_day", "state"), days),
        ),
    )


def account_text(look: Look, where: str) -> str:
    """Return an account of the ledger as staff know it: what it holds, and whose it is; another place as it is."""
    unit, _, rest = where.partition("/")
    kind, _, owner = rest.partition("/") if unit in list(Unit) else ("", "", where)
    person = next(iter(members_by(look.connection, "id", [owner])), None) if owner else None
    said = chosen("AccountKind", kind) if kind in list(AccountKind) else kind
    return f"{said} {person.member_no if person else owner}".strip() or where


def _wrong(look: Look, each: Wrong) -> tuple[Any, ...]:
    return (
        word(each.check),
        account_text(look, each.where),
        shown(each.off_by) if each.where.startswith("CNY") else each.off_by,
    )


def _alarms_page(look: Look, _ids: Ids) -> Listing:
    staff = staff_by_id(look)
    rows = [
        (each.at, _thing(each.posting), staff.get(each.by, each.by), *_booked(look, each.posting), each.was[:16],
         each.came[:16])
        for each in ledger.alarms(look)
    ]  # fmt: skip
    columns = ("time", "alarm_id", "alarm_by", "alarm_booked", "money_amount", "alarm_was", "alarm_came")
    return Listing("alarms", "ledger_alarms", "ledger_alarms_hint", columns, rows, "no_alarms", "no_alarms_hint")


def _thing(posting: str) -> Link:
    kind, _, id = posting.partition(":")
    return Link(posting, f"/sales/{id}" if kind == "sale" and id else "")


def _booked(look: Look, posting: str) -> tuple[Any, Any]:
    """Return what stands in the books under an id: what it is, and its largest line."""
    found = ledger.find(look, posting)
    if found is None:
        return None, None
    return word(found.posting.kind), shown(max(abs(each.amount) for each in found.posting.lines))


_SEES = Permission.MONEY_DECIDE

ACTIONS = (
    Action(
        "prove_books", "/days/proof", _SEES, JustDo, Proof, prove_books, "Prove the books now",
        about=LIST, then="/ledger/proofs", act=OfficeAction.DECIDE_MONEY,
    ),
)  # fmt: skip

ROUTES = (
    Route("/ledger/proofs", "list_proofs", "The last proof of every night, and the days that it keeps open", NoQuery,
          ProofPage, _SEES, run=list_proofs),
    Route("/ledger/alarms", "list_alarms", "Ids that came again with something else", NoQuery, AlarmPage, _SEES,
          run=list_alarms),
)  # fmt: skip

PAGES = (
    Page("/ledger/proofs", "proofs", _SEES, _proofs_page, "nav_money", "proofs", about=LIST),
    Page("/ledger/alarms", "ledger_alarms", _SEES, _alarms_page, "nav_money", "ledger_alarms"),
)
