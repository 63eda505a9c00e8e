"""What speaks against an application."""

from datetime import date
from typing import Any

import pytest

from kiosk.club.eligibility import against, is_child, rejoins_from
from kiosk.club.joining import (
    CURABLE,
    ApplicantKind,
    Consent,
    Criterion,
    Document,
    JoiningReason,
    JoiningRules,
    Mark,
    Scope,
)
from kiosk.core.errors import InvalidInput
from tests.club.builders_people import TODAY, make_application, make_known, make_unit_application


def _reasons(rules: JoiningRules | None = None, unit: bool = False, **fields: Any) -> list[JoiningReason]:
    known = make_known(phone_of=fields.pop("phone_of", None))
    application = (make_unit_application if unit else make_application)(**fields)
    return [each.reason for each in against(application, known, rules or JoiningRules())]


@pytest.mark.proves("S04")
def test_nothing_speaks_against_an_applicant_in_order() -> None:
    assert _reasons() == []
    assert _reasons(unit=True) == []


@pytest.mark.proves("R01", "S04")
@pytest.mark.parametrize(
    ("born", "found"),
    [
        (date(2008, 6, 14), []),
        (date(2008, 6, 15), []),
        (date(2008, 6, 16), [JoiningReason.TOO_YOUNG]),
    ],
)
def test_the_age_is_counted_in_full_years_on_the_day_of_the_application(born: date, found: list[JoiningReason]) -> None:
    assert _reasons(born=born) == found


@pytest.mark.proves("R01")
def test_the_youngest_age_is_a_rule() -> None:
    assert _reasons(JoiningRules(minimum_age=16), born=date(2010, 6, 15)) == []
    assert _reasons(JoiningRules(minimum_age=16), born=date(2010, 6, 16)) == [JoiningReason.TOO_YOUNG]
    assert is_child(date(2010, 6, 16), TODAY, JoiningRules())


def test_a_birth_date_that_is_missing_is_asked_for() -> None:
    assert _reasons(born=None) == [JoiningReason.BIRTH_DATE_MISSING]


@pytest.mark.proves("R02", "S04")
def test_a_person_needs_full_capacity_unless_the_rules_do_without() -> None:
    assert _reasons(full_capacity=False) == [JoiningReason.NO_FULL_CAPACITY]
    assert _reasons(JoiningRules(full_capacity=False), full_capacity=False) == []


@pytest.mark.proves("R02", "S04", "S13")
def test_organisations_join_where_the_rules_admit_them() -> None:
    only_people = JoiningRules(kinds=(ApplicantKind.PERSON,))
    assert _reasons(only_people, unit=True) == [JoiningReason.KIND_NOT_ADMITTED]
    assert _reasons(only_people) == []


@pytest.mark.proves("R03", "R09", "S06")
@pytest.mark.parametrize("consent", [Consent.PURPOSE, Consent.CHARTER, Consent.REGULATIONS])
def test_each_consent_is_needed_in_the_version_that_holds(consent: Consent) -> None:
    given = dict.fromkeys(JoiningRules().consents, "1")
    missing = {key: value for key, value in given.items() if key is not consent}
    assert _reasons(consents=missing) == [JoiningReason.CONSENT_MISSING]
    assert _reasons(consents=given | {consent: "0"}) == [JoiningReason.CONSENT_OUTDATED]


@pytest.mark.proves("R04", "S03")
@pytest.mark.parametrize("document", [Document.FORM, Document.ID_COPY, Document.PHOTO])
def test_a_person_hands_in_form_copy_and_photo(document: Document) -> None:
    held = {each: 1 for each in (Document.FORM, Document.ID_COPY, Document.PHOTO) if each is not document}
    assert _reasons(documents=held) == [JoiningReason.DOCUMENT_MISSING]


@pytest.mark.proves("R05")
def test_another_plan_wants_the_original_beside_the_copy() -> None:
    rules = JoiningRules(person_checklist="original_and_copy")
    assert _reasons(rules, documents={Document.FORM: 1, Document.ID_COPY: 1}) == [JoiningReason.DOCUMENT_MISSING]
    assert _reasons(rules, documents={Document.FORM: 1, Document.ID_COPY: 1, Document.ID_ORIGINAL: 1}) == []


@pytest.mark.proves("R06")
def test_an_organisation_hands_in_form_and_proofs() -> None:
    assert _reasons(unit=True, documents={Document.FORM: 1}) == [JoiningReason.DOCUMENT_MISSING]


def test_a_checklist_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match="'nowhere'"):
        _reasons(JoiningRules(person_checklist="nowhere"))


@pytest.mark.proves("R12")
@pytest.mark.parametrize(
    ("unit", "mark", "found"),
    [
        (False, Mark.SIGNATURE, []),
        (False, Mark.OWN_EMAIL, []),
        (False, Mark.STAMP, [JoiningReason.MARK_MISSING]),
        (True, Mark.STAMP, []),
        (True, Mark.RESPONSIBLE_EMAIL, []),
        (True, Mark.SIGNATURE, [JoiningReason.MARK_MISSING]),
    ],
)
def test_one_mark_of_the_applicants_own_kind_is_enough(unit: bool, mark: Mark, found: list[JoiningReason]) -> None:
    assert _reasons(unit=unit, marks=frozenset({mark})) == found


@pytest.mark.proves("R15", "S04")
def test_the_criteria_follow_the_kind_of_club() -> None:
    assert _reasons(findings={}) == [JoiningReason.NOT_YET_ASSESSED]
    assert _reasons(findings={Criterion.HEALTH: False}) == [JoiningReason.NOT_SUITABLE]
    business = JoiningRules(criteria=(Criterion.PROFESSION,))
    assert _reasons(business, findings={Criterion.HEALTH: False}) == [JoiningReason.NOT_YET_ASSESSED]
    assert _reasons(business, findings={Criterion.PROFESSION: True}) == []


@pytest.mark.proves("R10")
def test_one_joins_the_indoor_club_the_outdoor_club_or_both() -> None:
    assert _reasons(scopes=frozenset(Scope)) == []
    assert _reasons(scopes=frozenset({Scope.OUTDOOR})) == []
    assert _reasons(scopes=frozenset()) == [JoiningReason.SCOPE_MISSING]
    indoor = JoiningRules(scopes=(Scope.INDOOR,))
    assert _reasons(indoor, scopes=frozenset(Scope)) == [JoiningReason.SCOPE_NOT_OFFERED]


@pytest.mark.proves("R14", "S19")
def test_a_phone_number_belongs_to_one_member() -> None:
    assert _reasons(phone_of="m7") == [JoiningReason.PHONE_TAKEN]
    assert _reasons(phone_of="m7", former="m7", left_on=date(2026, 1, 1)) == []
    assert _reasons(JoiningRules(one_phone_one_member=False), phone_of="m7") == []
    assert _reasons(phone="") == [JoiningReason.PHONE_MISSING]


def test_who_is_still_a_member_does_not_join_again() -> None:
    assert _reasons(former="m1") == [JoiningReason.STILL_A_MEMBER]
    assert _reasons(former="m1", left_on=TODAY) == []


def test_a_waiting_time_before_coming_back_is_in_calendar_months() -> None:
    rules = JoiningRules(rejoin_wait_months=3)
    assert rejoins_from(date(2026, 3, 15), rules) == TODAY
    assert _reasons(rules, former="m1", left_on=date(2026, 3, 15)) == []
    assert _reasons(rules, former="m1", left_on=date(2026, 3, 16)) == [JoiningReason.REJOINS_TOO_SOON]


@pytest.mark.proves("S04")
def test_everything_that_speaks_against_an_applicant_is_said_at_once() -> None:
    found = _reasons(
        born=TODAY, full_capacity=False, phone="", scopes=frozenset(), consents={}, documents={}, marks=frozenset(),
        findings={Criterion.HEALTH: False},
    )  # fmt: skip
    assert set(found) == {
        JoiningReason.TOO_YOUNG, JoiningReason.NO_FULL_CAPACITY, JoiningReason.PHONE_MISSING,
        JoiningReason.SCOPE_MISSING, JoiningReason.CONSENT_MISSING, JoiningReason.DOCUMENT_MISSING,
        JoiningReason.MARK_MISSING, JoiningReason.NOT_SUITABLE,
    }  # fmt: skip
    assert found.count(JoiningReason.CONSENT_MISSING) == 3
    assert found.count(JoiningReason.DOCUMENT_MISSING) == 3


def test_only_what_can_be_put_right_counts_as_curable() -> None:
    assert JoiningReason.DOCUMENT_MISSING in CURABLE
    assert JoiningReason.TOO_YOUNG not in CURABLE
