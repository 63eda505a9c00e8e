"""What a page of the office shows around its content: the navigation for this person's roles, and acts of a thing."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import request, url_for

from kiosk.office import families
from kiosk.office.actions import Action, filled, id_names
from kiosk.office.page import Page, Thing
from kiosk.office.security import Caller


class Item(NamedTuple):
    """One entry of the navigation."""

    label: str
    address: str
    current: bool


class Group(NamedTuple):
    """One part of the navigation; its own address is that of its first page."""

    label: str
    items: Sequence[Item]
    current: bool


def navigation(caller: Caller | None) -> list[Group]:
    """Return what somebody may open, by group; nothing for nobody."""
    if caller is None:
        return []
    here = _here()
    under = {each.name: each.under for each in families.PAGES}
    shown = {here}
    while here := under.get(here, ""):
        shown.add(here)
    groups = []
    for group in families.GROUPS:
        pages = [each for each in families.PAGES if each.group == group and each.label and _may(caller, each)]
        items = [Item(each.label, each.path, each.name in shown) for each in pages]
        if items:
            groups.append(Group(group, items, any(item.current for item in items)))
    return groups


def member_pages(caller: Caller | None, ids: Mapping[str, str]) -> list[Item]:
    """Return all that may be opened of the member that a page is about; nothing on other pages of the member's."""
    here = "person" if (found := _here()) == "member" else found
    if caller is None or "member" not in ids or here not in _OF_A_MEMBER:
        return []
    pages = {each.name: each for each in families.PAGES if each.name in _OF_A_MEMBER and _may(caller, each)}
    return [
        Item(label, filled(pages[name].path, ids), name == here)
        for name, label in _OF_A_MEMBER.items()
        if name in pages
    ]


_OF_A_MEMBER = {
    "desk_member": "desk",
    "person": "member_file",
    "points_of": "points",
    "attendance": "attendance",
    "member_money": "stored_value",
    "fees": "fees",
    "care_member": "care",
    "discipline": "discipline",
    "privacy": "privacy",
    "sensitive": "sensitive",
    "passages": "passages",
}
"""The pages of one member in the order of their tabs, with the keys of their texts."""


def home(caller: Caller) -> str:
    """Return the address of the first page that somebody may open; the own account where there is none."""
    return next((group.items[0].address for group in navigation(caller)), url_for("account.show"))


def buttons(caller: Caller | None, thing: Thing) -> list[tuple[Action, str]]:
    """Return the acts on a thing that are permitted and possible, with the addresses of their forms."""
    if caller is None:
        return []
    return [
        (action, form_address(action, thing.ids))
        for action in families.ACTIONS
        if action.about == thing.kind
        and action.permission in caller.permissions
        and set(action.id_names) <= set(thing.ids)
        and (action.possible is None or action.possible(thing.view))
    ]


def form_address(action: Action, ids: Mapping[str, Any] | None = None) -> str:
    """Return where an act has its form."""
    return filled("/".join(["/do", action.name, *(f"{{{name}}}" for name in action.id_names)]), ids or {})


def thing_address(caller: Caller | None, kind: str, thing_id: str) -> str:
    """Return the page of a thing as the audit trail names it, empty where there is none that somebody may open."""
    for page in families.PAGES:
        if page.about == kind and caller is not None and _may(caller, page):
            return filled(page.path, dict.fromkeys(id_names(page.path), thing_id))
    return ""


def _may(caller: Caller, page: Page) -> bool:
    return page.permission is None or page.permission in caller.permissions


def _here() -> str:
    """Return the name of the page that is open; of a form, that of the page of its thing."""
    blueprint, _, name = (request.endpoint or "").partition(".")
    if blueprint != "doing":
        return name
    action = families.action_named((request.view_args or {}).get("name", ""))
    about = action.about if action else ""
    return next((page.name for page in families.PAGES if about and page.about == about), "")
