"""Complete files, confirmations twice a year, and contacts that work."""

from datetime import date, timedelta

import msgspec
import pytest

from kiosk.club.completeness import (
    CompletenessRules,
    Confirmation,
    Contact,
    ContactKind,
    ContactState,
    FileField,
    Weight,
    YearDay,
    blind_spots,
    complete_by,
    confirmation_on,
    contact_state,
    score,
    unreachable,
)

RULES = CompletenessRules()
TWO = CompletenessRules(weights=(Weight(FileField.EMAIL, 1), Weight(FileField.PHONE, 2)))
DAY = timedelta(days=1)
GOOD_PHONE = Contact(ContactKind.PHONE, "13800000001")
GOOD_EMAIL = Contact(ContactKind.EMAIL, "lin@example.org")


@pytest.mark.proves("S17", "R158")
def test_a_score_counts_weights_and_names_what_is_missing_heaviest_first() -> None:
    assert score(FileField, RULES).percent == 100
    nothing = score([], TWO)
    assert (nothing.points, nothing.of, nothing.percent) == (0, 3, 0)
    assert nothing.missing == (FileField.PHONE, FileField.EMAIL)
    some = score([FileField.PHONE, FileField.INTERESTS], TWO)
    assert (some.points, some.percent, some.missing) == (2, 66, (FileField.EMAIL,))
    assert score([], CompletenessRules(weights=())).percent == 100


@pytest.mark.proves("R158")
def test_a_new_members_file_is_complete_at_once_unless_the_rules_give_time() -> None:
    assert complete_by(date(2026, 6, 15), RULES) == date(2026, 6, 15)
    assert complete_by(date(2026, 6, 15), CompletenessRules(new_file_days=7)) == date(2026, 6, 22)


@pytest.mark.proves("R116", "S17")
@pytest.mark.parametrize(
    ("confirmed_on", "today", "found"),
    [
        (date(2026, 12, 1), date(2026, 12, 31), Confirmation.CONFIRMED),
        (date(2026, 12, 1), date(2027, 1, 1), Confirmation.DUE),
        (date(2026, 12, 1), date(2027, 1, 31), Confirmation.DUE),
        (date(2026, 12, 1), date(2027, 2, 1), Confirmation.OVERDUE),
        (date(2027, 1, 1), date(2027, 11, 30), Confirmation.CONFIRMED),
        (date(2027, 1, 1), date(2027, 12, 1), Confirmation.DUE),
        (date(2027, 11, 30), date(2027, 12, 1), Confirmation.DUE),
    ],
)
def test_data_are_confirmed_at_the_start_and_at_the_end_of_each_year(
    confirmed_on: date, today: date, found: Confirmation
) -> None:
    assert confirmation_on(confirmed_on, RULES, today).state is found


@pytest.mark.proves("R116")
def test_a_year_has_two_dates_of_confirmation() -> None:
    days = [date(2027, 1, 1) + number * DAY for number in range(365)]
    asked = {confirmation_on(date(2026, 12, 1), RULES, day).asked_on for day in days}
    assert asked == {date(2027, 1, 1), date(2027, 12, 1)}


def test_the_dates_of_confirmation_are_rules() -> None:
    july = CompletenessRules(confirm_on=(YearDay(7, 1),), confirm_days=10)
    due = confirmation_on(date(2026, 6, 30), july, date(2026, 7, 1))
    assert (due.state, due.asked_on, due.due_on) == (Confirmation.DUE, date(2026, 7, 1), date(2026, 7, 11))
    assert confirmation_on(date(2026, 1, 1), july, date(2026, 6, 30)).asked_on == date(2025, 7, 1)
    never = confirmation_on(date(2020, 1, 1), CompletenessRules(confirm_on=()), date(2026, 7, 1))
    assert (never.state, never.asked_on) == (Confirmation.CONFIRMED, None)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"confirm_on": [{"month": 2, "day": 29}]}, CompletenessRules)


@pytest.mark.proves("S18", "R157")
@pytest.mark.parametrize(
    ("contact", "found"),
    [
        (GOOD_PHONE, ContactState.USABLE),
        (Contact(ContactKind.PHONE, "+4915112345678"), ContactState.USABLE),
        (Contact(ContactKind.PHONE, "1380000000"), ContactState.MALFORMED),
        (Contact(ContactKind.PHONE, "138000000012"), ContactState.MALFORMED),
        (Contact(ContactKind.PHONE, "12800000001"), ContactState.MALFORMED),
        (Contact(ContactKind.PHONE, ""), ContactState.MISSING),
        (GOOD_EMAIL, ContactState.USABLE),
        (Contact(ContactKind.EMAIL, "lin@example"), ContactState.MALFORMED),
        (Contact(ContactKind.EMAIL, "lin@@example.org"), ContactState.MALFORMED),
        (Contact(ContactKind.PHONE, "13800000001", failures=2), ContactState.USABLE),
        (Contact(ContactKind.PHONE, "13800000001", failures=3), ContactState.DEAD),
    ],
)
def test_a_contact_is_well_formed_and_alive_or_it_is_named(contact: Contact, found: ContactState) -> None:
    assert contact_state(contact, RULES) is found


@pytest.mark.proves("S18", "R157")
def test_blind_spots_are_named_and_who_has_only_such_is_unreachable() -> None:
    assert blind_spots([GOOD_PHONE, GOOD_EMAIL], RULES) == {}
    assert blind_spots([GOOD_PHONE], RULES) == {ContactKind.EMAIL: ContactState.MISSING}
    assert not unreachable([GOOD_PHONE], RULES)
    dead = Contact(ContactKind.PHONE, "13800000001", failures=9)
    assert unreachable([dead], RULES)
    assert unreachable([], RULES)
