"""What the rule book says in words: an entry by its meaning, its value by the kind of code it has, its source (S95)."""

from typing import Any, get_type_hints

from msgspec import inspect, structs

from kiosk.central.club.books import Look
from kiosk.club.rulebook import Rules
from kiosk.office.fields import inner_of
from kiosk.office.page import Word
from kiosk.office.rule_fields import rule_of
from kiosk.office.saying import meant, told


def rule_title(look: Look, name: str) -> str:
    """Return what an entry means; raises InvalidInput where there is none."""
    rule = rule_of(look, name)
    return meant(rule.name, rule.meaning)


def rule_words(name: str, value: Any) -> Any:
    """Return a value of an entry with its codes in words, by the kind of code that the entry has."""
    kind, _ = inner_of(inspect.type_info(_type(name)))
    item = getattr(kind, "item_type", kind)
    if not isinstance(item, inspect.EnumType) or value is None:
        return value
    enum = item.cls.__name__
    return [Word(enum, each) for each in value] if isinstance(value, list | tuple) else Word(enum, value)


def source_text(source: str) -> str:
    """Return where an entry comes from, with the club's papers by their name."""
    return source.replace("seeds ", f"{told('rule_papers')} ").replace(" against ", f" {told('rule_against')} ")


def _type(name: str) -> Any:
    family, _, entry = name.partition(".")
    return next(each.type for each in structs.fields(get_type_hints(Rules)[family]) if each.name == entry)
