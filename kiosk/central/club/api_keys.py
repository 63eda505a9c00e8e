"""Keys that programs send as bearer token (CONTRACT §4): shown once, kept as a hash, with roles and an end."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.passwords import secret_hash
from kiosk.central.club.refused import refuse
from kiosk.central.club.staff import ACTIVE, NAME_CHARACTERS_MAX, roles_of, staff_row
from kiosk.central.club.staff_tables import api_key, staff
from kiosk.club.roles import Role, Staff, against_roles
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

DAYS_MAX = 730
KEYS_MAX = 1000
PREFIX = "kiosk"


class ApiKey(msgspec.Struct, frozen=True):
    """A key, without its secret. `staff` is whose it is; None: a program's own."""

    id: str
    name: str
    staff: str | None
    roles: tuple[Role, ...]
    made_at: datetime
    until: datetime
    revoked_at: datetime | None


class MakeKey(msgspec.Struct, frozen=True):
    """The wish for a key, good for so many days."""

    name: str
    roles: tuple[Role, ...]
    days: int
    staff: str | None = None


def make_key(change: Change, wish: MakeKey) -> tuple[str, ApiKey]:
    """Make a key and return its text, to be shown once; raises InvalidInput, RuleRefused.

    One of a person's is made by that person and holds none but his own roles.
    """
    if not 1 <= wish.days <= DAYS_MAX or not 1 <= len(wish.name.strip()) <= NAME_CHARACTERS_MAX:
        raise InvalidInput(f"a key has a name of at most {NAME_CHARACTERS_MAX} characters and 1 to {DAYS_MAX} days")
    for refusal in against_roles(wish.roles, change.rules.roles):
        raise refuse(refusal, "roles")
    if wish.staff is not None and (wish.staff != change.actor.id or not _holds(change, wish.staff, wish.roles)):
        raise InvalidInput("a personal key is made by its person, with roles the person has")
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    row = {"id": key_id, "hash": secret_hash(secret), "name": wish.name.strip(), "staff": wish.staff}
    row |= {"roles": canonical(sorted(role.value for role in set(wish.roles))).decode()}
    row |= {"made_at": format_utc(change.now), "until": format_utc(change.now + timedelta(days=wish.days))}
    change.connection.execute(insert(api_key), row)
    made = next(each for each in api_keys(change, wish.staff) if each.id == key_id)
    change.note("api_key.make", "api_key", key_id, after=made)
    return f"{PREFIX}_{key_id}_{secret}", made


def revoke_key(change: Change, key_id: str, why: str = "") -> None:
    """Make a key good for nothing from now on. May be called twice; raises InvalidInput where there is none."""
    query = select(api_key.c.revoked_at).where(api_key.c.id == key_id).with_for_update()
    row = change.connection.execute(query).first()
    if row is None:
        raise InvalidInput(f"no key {key_id[:16]!r}")
    if row.revoked_at is None:
        at = format_utc(change.now)
        change.connection.execute(update(api_key).where(api_key.c.id == key_id).values(revoked_at=at))
        change.note("api_key.revoke", "api_key", key_id, after={"revoked_at": at}, why=why)


def api_keys(look: Look, staff_id: str | None = None) -> list[ApiKey]:
    """Return all keys, or those of one person, newest first, 1,000 at most."""
    names = ApiKey.__struct_fields__
    query = select(*(api_key.c[name] for name in names)).order_by(api_key.c.made_at.desc(), api_key.c.id)
    if staff_id is not None:
        query = query.where(api_key.c.staff == staff_id)
    rows = [dict(zip(names, row, strict=True)) for row in look.connection.execute(query.limit(KEYS_MAX))]
    return [msgspec.convert(row | {"roles": sorted(roles_of(row["roles"]))}, ApiKey) for row in rows]


def key_holder(look: Look, text: str) -> Staff | None:
    """Return who comes with a bearer token, as rules are asked about them; None where it is good for nothing.

    A program's id is `key:` and the key's. A person's key does what both the key and the person may, and counts as
    shown with the second factor where the person has one.
    """
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != PREFIX:
        return None
    row = look.connection.execute(select(api_key).where(api_key.c.id == key_id[:16])).first()
    if row is None or not hmac.compare_digest(row.hash, secret_hash(secret)):
        return None
    if row.revoked_at is not None or look.now >= parse_utc(row.until):
        return None
    roles = roles_of(row.roles)
    if row.staff is None:
        return Staff(f"key:{row.id}", roles, second_factor=True)
    owner = look.connection.execute(select(staff).where(staff.c.id == row.staff)).one()
    if owner.state != ACTIVE or owner.temporary:
        return None
    return Staff(owner.id, roles & roles_of(owner.roles), bool(owner.factor), owner.member)


def _holds(look: Look, staff_id: str, roles: Iterable[Role]) -> bool:
    row = staff_row(look, staff_id)
    return not row["temporary"] and set(roles) <= roles_of(row["roles"])
