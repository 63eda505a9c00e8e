"""The catalogue of notices: complete, and by ways that reach somebody."""

import pytest

from kiosk.club.applications import ApplicationNotice
from kiosk.club.discipline import OrderNotice
from kiosk.club.duty import DutyNotice
from kiosk.club.notices import CATALOGUE, Channel, Ground, NoticeCode, Recipient, channels_for

ALL_WAYS = frozenset(Channel)


@pytest.mark.proves("S74", "R08")
def test_everything_that_a_decision_announces_is_in_the_catalogue() -> None:
    announced = {*ApplicationNotice, *OrderNotice, *DutyNotice}
    assert {str(each) for each in announced} <= {str(each) for each in CATALOGUE}


@pytest.mark.proves("S74")
def test_every_code_has_its_notice_with_a_source_and_a_way() -> None:
    assert set(CATALOGUE) == set(NoticeCode)
    assert all(each.source and each.channels for each in CATALOGUE.values())
    assert all(len(each) <= 48 for each in NoticeCode)
    assert all(len(each) <= 16 for each in Channel)


@pytest.mark.proves("R08", "S05")
def test_an_applicant_is_told_the_result_both_ways() -> None:
    for code in (NoticeCode.APPLICATION_APPROVED, NoticeCode.APPLICATION_REJECTED):
        assert CATALOGUE[code].recipient is Recipient.APPLICANT
        assert CATALOGUE[code].ground is Ground.EVENT
        assert channels_for(code, ALL_WAYS, False)


@pytest.mark.proves("R54")
def test_a_late_fee_is_spoken_of_by_message_mail_and_call() -> None:
    assert channels_for(NoticeCode.FEE_OVERDUE, ALL_WAYS, False) == (Channel.SMS, Channel.EMAIL, Channel.CALL)


@pytest.mark.proves("S74")
def test_a_notice_goes_by_the_ways_that_reach_and_else_to_the_office() -> None:
    reachable = frozenset({Channel.EMAIL})
    assert channels_for(NoticeCode.CARD_EXPIRES, reachable, True) == (Channel.EMAIL,)
    assert channels_for(NoticeCode.CARD_EXPIRES, frozenset(), True) == (Channel.OFFICE,)
    assert channels_for(NoticeCode.CASE_OPENED, frozenset(), True) == (Channel.OFFICE,)


@pytest.mark.proves("S74")
def test_wishes_go_only_to_those_who_want_them_and_duties_to_all() -> None:
    assert channels_for(NoticeCode.BIRTHDAY, ALL_WAYS, True) == (Channel.APP, Channel.EMAIL)
    assert channels_for(NoticeCode.BIRTHDAY, ALL_WAYS, False) == ()
    assert channels_for(NoticeCode.BIRTHDAY, frozenset(), True) == ()
    told_anyway = {code for code, kind in CATALOGUE.items() if not kind.wish}
    assert {NoticeCode.MEMBERSHIP_SUSPENDED, NoticeCode.ATTENDANCE_WARNING, NoticeCode.FEE_OVERDUE} <= told_anyway
    assert all(channels_for(code, ALL_WAYS, False) for code in told_anyway)
