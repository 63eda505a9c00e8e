"""The rule book in the office: every entry with its source and history, and the act that amends one (S95)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.rules import RuleView, Wish, amend, rule_list
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.rulebook import Amendment
from kiosk.office.actions import Action, Ids
from kiosk.office.listing import SEARCH_CHARACTERS_MAX, Listing, Tab, asked
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.plain import in_brief
from kiosk.office.routes import NoQuery, Route
from kiosk.office.rule_fields import RULE, Sentence, Who, draft_of_rule, rule_of
from kiosk.office.rule_texts import rule_words, source_text
from kiosk.office.saying import meant, told

Family = Annotated[str, Meta(max_length=64, description="Only entries of this family.")]


class RuleQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries."""

    family: Family = ""


class RulePage(msgspec.Struct, frozen=True):
    """The entries of the rule book, family by family; `next` is null, as they come at once."""

    items: tuple[RuleView, ...]
    next: str | None


class AmendRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another value of an entry from the start of a local day on, today or later."""

    value: Any
    effective_on: date
    decided_by: Who
    why: Sentence


def list_rules(look: Look, query: RuleQuery, _ids: Mapping[str, str]) -> RulePage:
    """Return the rule book."""
    return RulePage(tuple(rule_list(look, query.family)), None)


def show_rule(look: Look, _query: NoQuery, ids: Ids) -> RuleView:
    """Return one entry; raises InvalidInput where there is none."""
    return rule_of(look, ids["rule"])


def amend_rule(change: Change, wish: AmendRule, ids: Ids) -> Amendment:
    """Write an amendment into the book."""
    asked = Wish(ids["rule"], wish.value, wish.effective_on, wish.decided_by, wish.why)
    return amend(change, [asked])[0]


def _list_page(look: Look, _ids: Ids) -> Listing:
    found = rule_list(look)
    families = list(dict.fromkeys(each.name.partition(".")[0] for each in found))
    chosen, search = asked("family"), asked("q", SEARCH_CHARACTERS_MAX)
    if search:
        wanted = search.casefold()
        found = [each for each in found if wanted in _searched(each)]
    elif chosen != "all":
        chosen = chosen if chosen in families else families[0]
        found = [each for each in found if each.name.startswith(f"{chosen}.")]
    tabs = [Tab(f"family_{each}", f"?family={each}", each == chosen and not search) for each in families]
    return Listing(
        "rules",
        "rules",
        "rules_hint",
        ("rule_meaning", "rule_value", "state", "source"),
        [_row(each) for each in found],
        "no_rules",
        "no_rules_hint",
        tabs=[*tabs, Tab("all", "?family=all", chosen == "all" and not search)],
        search=search,
        search_hint="rule_search_hint",
    )


def _row(rule: RuleView) -> tuple[Any, ...]:
    state: Any = Badge(told("rule_changed"), "attention") if rule.value != rule.default else None
    coming = rule.amendments[-1] if rule.amendments else None
    if coming is not None and coming.value != rule.value:
        state = told("rule_from", day=coming.effective_on)
    name = Link(meant(rule.name, rule.meaning), f"/rules/{rule.name}")
    return name, in_brief(rule_words(rule.name, rule.value)), state, source_text(rule.source)


def _searched(rule: RuleView) -> str:
    return f"{rule.name} {meant(rule.name, rule.meaning)} {rule.meaning} {rule.source}".casefold()


def _rule_page(look: Look, ids: Ids) -> str:
    rule = rule_of(look, ids["rule"])
    family = rule.name.partition(".")[0]
    history = Table(
        "rule_history",
        ("effective_on", "rule_new_value", "decided_by", "why"),
        [
            (each.effective_on, rule_words(rule.name, each.value), each.decided_by, each.why)
            for each in reversed(rule.amendments)
        ],
        empty="rule_never_changed",
    )
    facts = (
        Fact("rule_value", rule_words(rule.name, rule.value)),
        Fact("rule_default", rule_words(rule.name, rule.default)),
        Fact("rule", rule.name),
        Fact("source", source_text(rule.source) or "–"),
    )
    thing = Thing(
        RULE,
        rule.name,
        meant(rule.name, rule.meaning),
        ids,
        facts,
        view=rule,
        state="rule_changed" if rule.value != rule.default else "rule_as_regulated",
        badge="attention" if rule.value != rule.default else "ok",
        up=f"/rules?family={family}",
        up_label=f"family_{family}",
        tables=(history,),
    )
    return show_thing(look, thing)


ACTIONS = (
    Action(
        "amend_rule",
        "/rules/{rule}/amendments",
        Permission.RULES_DECIDE,
        AmendRule,
        Amendment,
        amend_rule,
        "Set an entry of the rule book from a day on",
        about=RULE,
        then="/rules/{rule}",
        act=OfficeAction.DECIDE_RULE,
        drafts=draft_of_rule,
    ),
)

ROUTES = (
    Route(
        "/rules",
        "list_rules",
        "The rule book with sources and history",
        RuleQuery,
        RulePage,
        Permission.RULES_READ,
        run=list_rules,
    ),
    Route(
        "/rules/{rule}",
        "show_rule",
        "One entry of the rule book",
        NoQuery,
        RuleView,
        Permission.RULES_READ,
        run=show_rule,
    ),
)

PAGES = (
    Page("/rules", "rules", Permission.RULES_READ, _list_page, "nav_club", "rules"),
    Page("/rules/{rule}", "rule", Permission.RULES_READ, _rule_page, "nav_club", under="rules", about=RULE),
)
