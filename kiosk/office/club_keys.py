"""Keys of programs in the office: made and shown once, revoked (CONTRACT §4, S94)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.api_keys import DAYS_MAX, ApiKey, MakeKey, api_keys, make_key, revoke_key
from kiosk.central.club.books import Change, Look
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission, Role
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_staff_pages import role_names
from kiosk.office.listing import Listing
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import Done, staff_by_id

KIND, LIST = "api_key", "api_key_list"


class KeyPage(msgspec.Struct, frozen=True):
    """All keys without their secrets, newest first; `next` is null, as they come at once."""

    items: tuple[ApiKey, ...]
    next: str | None


class MakeApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key for a program, good for so many days."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, max_length=len(Role))]
    days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] = 365


class RevokeApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key is good for nothing from now on."""

    why: Annotated[str, Meta(min_length=1, max_length=500)]


class NewKey(msgspec.Struct, frozen=True):
    """A key's text, which is empty once it was shown."""

    id: str
    api_key: str


def make_api_key(change: Change, wish: MakeApiKey, _ids: Ids) -> NewKey:
    """Make a key."""
    text, made = make_key(change, MakeKey(wish.name, wish.roles, wish.days))
    return NewKey(made.id, text)


def revoke_api_key(change: Change, wish: RevokeApiKey, ids: Ids) -> Done:
    """Revoke a key."""
    revoke_key(change, ids["key"], wish.why)
    return Done(ids["key"])


def list_keys(look: Look, _query: NoQuery, _ids: Ids) -> KeyPage:
    """Return the keys."""
    return KeyPage(tuple(api_keys(look)), None)


def show_key(look: Look, _query: NoQuery, ids: Ids) -> ApiKey:
    """Return one key; raises InvalidInput where there is none."""
    for each in api_keys(look):
        if each.id == ids["key"]:
            return each
    raise InvalidInput("there is no such key")


def _list_page(look: Look, _ids: Ids) -> Listing:
    owners = staff_by_id(look)
    rows = [
        (
            Link(each.name, f"/api-keys/{each.id}"),
            owners.get(each.staff or "", None),
            role_names(each.roles),
            each.made_at,
            each.until,
            each.revoked_at,
        )
        for each in api_keys(look)
    ]
    columns = ("api_key", "api_key_owner", "roles", "api_key_made_at", "api_key_until", "api_key_revoked_at")
    return Listing(LIST, "api_keys", "api_keys_hint", columns, rows, "no_api_keys", "no_api_keys_hint")


def _page(look: Look, ids: Ids) -> str:
    known = show_key(look, NoQuery(), ids)
    good = known.revoked_at is None and look.now < known.until
    facts = (
        Fact("api_key_owner", staff_by_id(look).get(known.staff or "", None)),
        Fact("roles", role_names(known.roles)),
        Fact("api_key_made_at", known.made_at),
        Fact("api_key_until", known.until),
        Fact("api_key_revoked_at", known.revoked_at),
    )
    thing = Thing(
        KIND,
        known.id,
        known.name,
        ids,
        facts,
        view=known,
        state="api_key_good" if good else "api_key_ended",
        badge="ok" if good else "",
        up="/api-keys",
        up_label="api_keys",
    )
    return show_thing(look, thing)


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(show_key(look, NoQuery(), ids).name)


def _not_revoked(known: ApiKey) -> bool:
    return known.revoked_at is None


def _without_secret(answer: NewKey) -> NewKey:
    return msgspec.structs.replace(answer, api_key="")


ACTIONS = (
    Action(
        "make_api_key",
        "/api-keys",
        Permission.STAFF_WRITE,
        MakeApiKey,
        NewKey,
        make_api_key,
        "Make a key for a program; it is in the first answer alone",
        about=LIST,
        then="/api-keys/{id}",
        act=OfficeAction.EDIT_STAFF,
        kept=_without_secret,
    ),
    Action(
        "revoke_api_key",
        "/api-keys/{key}/revoke",
        Permission.STAFF_WRITE,
        RevokeApiKey,
        Done,
        revoke_api_key,
        "Revoke a key",
        about=KIND,
        then="/api-keys/{key}",
        possible=_not_revoked,
        act=OfficeAction.EDIT_STAFF,
        drafts=_draft,
    ),
)

ROUTES = (
    Route(
        "/api-keys",
        "list_api_keys",
        "Keys of programs and people",
        NoQuery,
        KeyPage,
        Permission.STAFF_WRITE,
        run=list_keys,
    ),
    Route("/api-keys/{key}", "show_api_key", "One key", NoQuery, ApiKey, Permission.STAFF_WRITE, run=show_key),
)

PAGES = (
    Page("/api-keys", "api_keys", Permission.STAFF_WRITE, _list_page, "nav_staff", "api_keys", about=LIST),
    Page("/api-keys/{key}", "api_key", Permission.STAFF_WRITE, _page, under="api_keys", about=KIND),
)
