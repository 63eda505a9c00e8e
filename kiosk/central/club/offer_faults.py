"""What offers and the choice of rule packs may not be, in words for whoever amends the book (R100, R101)."""

from collections.abc import Iterator

from kiosk.club import promotions
from kiosk.club.prices import no_better
from kiosk.club.rule_pack_data import PACKS
from kiosk.club.rule_packs import unknown_choices
from kiosk.club.rulebook import Rules


def offer_faults(rules: Rules) -> Iterator[str]:
    """Yield promotions that break their own limits, member days that are worth nothing, and packs there are not."""
    for fault in promotions.faults(rules.promotions):
        yield f"promotion {fault.promotion} is {fault.fault} (limit {fault.limit})"
    for day in rules.calendar.member_days:
        gives = day.points_percent > 100 or day.areas or day.gifts
        if not gives and day.code in no_better([day]):
            yield f"member day {day.code} is no better than any other day (R101)"
    for name in unknown_choices(rules.packs, PACKS):
        yield f"there is no rule pack or figure {name}"
