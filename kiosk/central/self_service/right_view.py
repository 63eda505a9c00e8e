"""What a member may use, each with what is left: bought, paid ahead by the piece, or brought by the tier (S14, S53)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from kiosk.central.club import desk_rights, earners
from kiosk.central.club.books import Look
from kiosk.central.members import EntitlementRecord, entitlements_of
from kiosk.central.money import items, times
from kiosk.central.roster import rows_of
from kiosk.central.self_service.names import named
from kiosk.central.tables import credential, visit
from kiosk.club.benefits import RightKind
from kiosk.club.gate_rights import RIGHT_PREFIX, visit_rule
from kiosk.core.model import Product, VisitRule
from kiosk.core.self_service import ROWS_MAX, Both, RightView
from kiosk.core.visits import Usage, count_visit, visits_left

NAMES = {
    "car_wash": Both("洗车", "Car wash"),
    "oil_service": Both("换机油", "Oil service"),
    "hotline": Both("专线电话", "Hotline"),
    "tyre_change": Both("更换轮胎", "Tyre change"),
    "wiper_clean": Both("清洁雨刷", "Wiper cleaning"),
}
"""What the rule book's own rights of use are called; one of the club's own goes by its code."""

_USABLE = frozenset({RightKind.SERVICE, RightKind.FACILITY})


def rights_of(look: Look, member: str) -> tuple[RightView, ...]:
    """Return what a member may use now, what was bought first."""
    found = (*_bought(look, member), *_paid_ahead(look, member), *_of_tier(look, member))
    return found[:ROWS_MAX]


def _bought(look: Look, member: str) -> Iterator[RightView]:
    products = {row.id: row for row in rows_of(look.connection, "product") if isinstance(row, Product)}
    for held in entitlements_of(look.connection, [member]):
        begun = held.valid_from is None or held.valid_from <= look.today
        over = held.valid_until is not None and held.valid_until < look.today
        if held.unpaid or not begun or over or held.product.startswith(RIGHT_PREFIX):
            continue
        product = products.get(held.product, Product(held.product))
        what = named(product.name or product.id, product.name_en)
        yield RightView(what, _left(look, held, held.visits or product.visits), held.valid_until)


def _left(look: Look, held: EntitlementRecord, rule: VisitRule | None) -> int | None:
    if rule is None:
        return None
    mine = (credential.c.member == held.member, visit.c.entitlement == held.id)
    query = select(visit.c.at_ms).join(credential, credential.c.id == visit.c.credential).where(*mine)
    usage = Usage()
    for at_ms in look.connection.execute(query.order_by(visit.c.at_ms)).scalars():
        usage = count_visit(usage, at_ms, look.zone)
    return visits_left(rule, usage, look.now.astimezone(look.zone))


def _paid_ahead(look: Look, member: str) -> Iterator[RightView]:
    names = {each.kind: named(each.name, each.name_en) for each in items.items(look, all_of_them=True)}
    for each in times.entitled(look, member):
        yield RightView(names.get(each.goods, named(each.goods)), each.left, None)


def _of_tier(look: Look, member: str) -> Iterator[RightView]:
    if not earners.tiers_of(look, [member]):
        return
    for each in desk_rights.rights_with_use(look, member):
        if each.allowance.times is None and each.kind not in _USABLE:
            continue
        local: Any = look.now.astimezone(look.zone)
        left = visits_left(visit_rule(each.allowance), each.used, local) if each.allowance.times is not None else None
        yield RightView(NAMES.get(each.code, named(each.code)), left, None)
