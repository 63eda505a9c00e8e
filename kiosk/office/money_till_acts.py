"""What is done with tills: opened, emptied into the safe, counted by denomination, witnessed (S63, D3)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import new_id
from kiosk.central.money import till_book, tills
from kiosk.central.money.till_book import Count, Session, Till, TillView
from kiosk.central.roster import rows_of
from kiosk.club.day_close import Pieces
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import Yuan, in_fen, in_yuan
from kiosk.office.club_card_parts import check_colleague, colleagues
from kiosk.office.club_points_view import JustDo
from kiosk.office.money_fields import Till as TillId
from kiosk.office.places import names_of_sites

KIND, LIST = "till", "tills"


class SaveTill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A till: its id, where it stands, and how it is called."""

    till: TillId
    site: Annotated[str, Meta(min_length=1, max_length=32)]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    closed: bool = False


class OpenTill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The float that a till begins with, in yuan."""

    amount: Yuan


class DropCash(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cash that goes from a till into the safe, in yuan, and who saw it: the id of an account."""

    amount: Yuan
    seen_by: Annotated[str, Meta(min_length=1, max_length=32)]


class CountTill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many notes and coins there are: one a line, the denomination in yuan, a space, and how many."""

    pieces: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9]{1,5}(\.[0-9])? [0-9]{1,6}\Z")], ...], Meta(max_length=20)
    ]
    why: Annotated[str, Meta(max_length=500)] = ""


class BankCash(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cash that goes from a site's safe to the bank, in yuan."""

    site: Annotated[str, Meta(min_length=1, max_length=32)]
    amount: Yuan


class Banked(msgspec.Struct, frozen=True):
    """What is left in a safe, in fen."""

    left_minor: int


def save_till(change: Change, wish: SaveTill, _ids: Ids) -> Till:
    """Write a till down."""
    _check_site(change, wish.site)
    return tills.save_till(change, wish.till, wish.site, wish.name, closed=wish.closed)


def open_till(change: Change, wish: OpenTill, ids: Ids) -> Session:
    """Open a till."""
    return tills.open_till(change, ids["till"], in_fen(wish.amount))


def drop_cash(change: Change, wish: DropCash, ids: Ids) -> TillView:
    """Put cash into the safe."""
    check_colleague(change, wish.seen_by, Permission.MONEY_READ)
    return tills.drop(change, ids["till"], new_id(), in_fen(wish.amount), wish.seen_by)


def count_till(change: Change, wish: CountTill, ids: Ids) -> Count:
    """Count a till."""
    pieces = [(in_fen(each.split()[0]), int(each.split()[1])) for each in wish.pieces]
    return tills.count_till(change, ids["till"], [Pieces(*each) for each in pieces], why=wish.why)


def witness_till(change: Change, _wish: JustDo, ids: Ids) -> Count:
    """Witness a count."""
    return tills.witness_count(change, ids["till"])


def bank_cash(change: Change, wish: BankCash, _ids: Ids) -> Banked:
    """Bring cash to the bank."""
    _check_site(change, wish.site)
    return Banked(tills.bank(change, wish.site, new_id(), in_fen(wish.amount)))


def _check_site(look: Look, site: str) -> None:
    if site not in {row.id for row in rows_of(look.connection, "site")}:
        raise InvalidInput(f"there is no site {site[:32]!r}")


def _draft(look: Look, ids: Ids) -> Draft:
    one = till_book.till_of(look, ids["till"])
    return Draft(one.name)


def _open_draft(look: Look, ids: Ids) -> Draft:
    return _draft(look, ids)._replace(values={"amount": in_yuan(look.rules.closing.float_minor)})


def _drop_draft(look: Look, ids: Ids) -> Draft:
    return _draft(look, ids)._replace(choices={"seen_by": colleagues(look, Permission.MONEY_READ)})


def _count_draft(look: Look, ids: Ids) -> Draft:
    lines = tuple(f"{in_yuan(each).removesuffix('.00')} 0" for each in look.rules.closing.denominations_minor)
    return _draft(look, ids)._replace(
        values={"pieces": tuple(each.replace("0.50", "0.5").replace("0.10", "0.1") for each in lines)}
    )


def _counted_by(look: Look, ids: Ids) -> Matter:
    count = till_book.view_of(look, ids["till"]).count
    return Matter(requested_by=count.counted_by if count else None)


def _is_open(view: TillView) -> bool:
    return view.session is not None


def _may_open(view: TillView) -> bool:
    return view.session is None and not view.till.closed


def _waits(view: TillView) -> bool:
    return view.waits_for_witness


def _site_draft(look: Look, _ids: Ids) -> Draft:
    return Draft(choices={"site": list(names_of_sites(look).items())})


_P, _O, _THEN = Permission, OfficeAction, "/tills/{till}"

ACTIONS = (
    Action(
        "save_till", "/tills", _P.MONEY_DECIDE, SaveTill, Till, save_till, "Write a till down",
        about=LIST, then="/tills", act=_O.DECIDE_MONEY, drafts=_site_draft,
    ),
    Action(
        "open_till", "/tills/{till}/session", _P.MONEY_TAKE, OpenTill, Session, open_till,
        "Open a till with its float", about=KIND, then=_THEN, possible=_may_open, act=_O.TAKE_MONEY, drafts=_open_draft,
    ),
    Action(
        "drop_cash", "/tills/{till}/drops", _P.MONEY_TAKE, DropCash, TillView, drop_cash,
        "Put cash from a till into the safe", about=KIND, then=_THEN, possible=_is_open, act=_O.TAKE_MONEY,
        drafts=_drop_draft,
    ),
    Action(
        "count_till", "/tills/{till}/counts", _P.MONEY_TAKE, CountTill, Count, count_till,
        "Count a till", about=KIND, then=_THEN, possible=_is_open, act=_O.TAKE_MONEY, drafts=_count_draft,
    ),
    Action(
        "witness_till", "/tills/{till}/witness", _P.MONEY_TAKE, JustDo, Count, witness_till,
        "Witness a count as a second person", about=KIND, then=_THEN, possible=_waits, act=_O.WITNESS_TILL,
        matter=_counted_by, drafts=_draft,
    ),
    Action(
        "bank_cash", "/tills/bank", _P.MONEY_DECIDE, BankCash, Banked, bank_cash,
        "Bring cash from a safe to the bank", about=LIST, then="/tills", act=_O.DECIDE_MONEY, drafts=_site_draft,
    ),
)  # fmt: skip
