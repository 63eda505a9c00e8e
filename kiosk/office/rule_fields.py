"""What the acts on an entry of the rule book share: the entry, and the form for another value of it (S95)."""

from typing import Annotated, get_type_hints

from msgspec import Meta, structs

from kiosk.central.club.books import Look
from kiosk.central.club.rules import RuleView, rule_list
from kiosk.club.rulebook import Rules
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Draft, Ids
from kiosk.office.saying import meant

RULE = "rule"

Sentence = Annotated[str, Meta(min_length=1, max_length=1000)]
Who = Annotated[str, Meta(min_length=1, max_length=100)]


def draft_of_rule(look: Look, ids: Ids) -> Draft:
    """Return the form for another value of an entry, from today on."""
    rule = rule_of(look, ids["rule"])
    family, _, entry = rule.name.partition(".")
    types = {each.name: each.type for each in structs.fields(get_type_hints(Rules)[family])}
    return Draft(
        meant(rule.name, rule.meaning),
        {"value": rule.value, "effective_on": look.today},
        types={"value": types[entry]},
        entries={"value": entry},
    )


def rule_of(look: Look, name: str) -> RuleView:
    """Return an entry; raises InvalidInput where there is none."""
    for each in rule_list(look, name.partition(".")[0]):
        if each.name == name:
            return each
    raise InvalidInput(f"no such rule: {name[:64]!r}")
