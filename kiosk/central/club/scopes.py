"""What joining the indoor or the outdoor club opens (R10): entitlements, decided at the gates like any other.

A unit joins for those who represent it: they hold what the unit holds, for as long as their mandate (S13).
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

from kiosk.central.club.books import Change
from kiosk.central.club.composing import mandates_where
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import EntitlementRecord, drop_entitlements, entitlements_of, save_entitlements
from kiosk.central.roster import rows_of
from kiosk.club.benefits import products_for
from kiosk.club.joining import Scope
from kiosk.core.model import Product

SCOPE_PREFIX = "scope."
"""First letters of entitlements that somebody's own application brought; `UNIT_PREFIX`, that a unit's brought."""

UNIT_PREFIX = "unit."


def grant_scopes(change: Change, member_id: str, scopes: Iterable[Scope]) -> None:
    """Give a member what the rules tie to the clubs joined, and take what an earlier application brought and this not.

    Raises RuleRefused where the roster has no such product.
    """
    known = {row.id for row in rows_of(change.connection, "product") if isinstance(row, Product)}
    wanted = {}
    for each in products_for(scopes, change.rules.benefits):
        if each.product not in known:
            raise RuleRefused(
                "no_such_product",
                {"product": each.product},
                what=f"the {each.scope} club",
                hint="Name it in the club's policy, or amend benefits.scope_products",
            )
        id = f"{SCOPE_PREFIX}{member_id}.{_short(each.product)}"
        wanted[id] = EntitlementRecord(id, member_id, each.product, valid_from=change.today)
    had = {each.id for each in entitlements_of(change.connection, [member_id]) if each.id.startswith(SCOPE_PREFIX)}
    if not wanted and not had:
        return
    save_entitlements(change.connection, list(wanted.values()))
    drop_entitlements(change.connection, sorted(had - wanted.keys()))
    change.touch(member_id)
    granted = sorted(each.product for each in wanted.values())
    change.note("scopes.grant", "member", member_id, before=sorted(had), after=granted)
    for person in sorted({each.member for each in mandates_where(change, "unit", [member_id])}):
        share_scopes(change, person)


def share_scopes(change: Change, member_id: str) -> None:
    """Give somebody what the units represented hold, each for the days of the mandate (S13).

    Who left a post and stays keeps for good what the unit brought: an ordinary member gets in as before (R68).
    """
    held = {each.id: each for each in entitlements_of(change.connection, [member_id])}
    had = {name: each for name, each in held.items() if name.startswith(UNIT_PREFIX)}
    wanted = {each.id: each for each in _shared(change, member_id, had)}
    if wanted == had:
        return
    save_entitlements(change.connection, [each for name, each in wanted.items() if had.get(name) != each])
    drop_entitlements(change.connection, sorted(had.keys() - wanted.keys()))
    change.touch(member_id)
    change.note("scopes.share", "member", member_id, before=sorted(had), after=sorted(wanted))


def _shared(change: Change, member_id: str, had: dict[str, EntitlementRecord]) -> Iterator[EntitlementRecord]:
    for each in mandates_where(change, "member", [member_id]):
        is_over = each.until is not None and each.until < change.today
        if is_over and not each.stays:
            continue
        # What the unit joins or leaves after the mandate is nothing to one who stayed.
        of_unit = had.values() if is_over else entitlements_of(change.connection, [each.unit])
        for right in of_unit:
            id = f"{UNIT_PREFIX}{member_id}.{_short(f'{each.unit} {right.product}')}"
            if is_over and right.id == id:
                yield EntitlementRecord(id, member_id, right.product, right.valid_from)
            elif not is_over and right.id.startswith(SCOPE_PREFIX):
                first = max(each.since, right.valid_from or date.min)
                last = None if each.stays else each.until
                yield EntitlementRecord(id, member_id, right.product, first, last)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
