"""From the gate's news to what its display shows."""

from typing import Any

import msgspec
import pytest

from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.texts import Language, member_text
from kiosk.web.feed import Decision, GateState, Passage, Point, Situation
from kiosk.web.shows import ShowPassage, ShowStatus, make_display, show_decision, show_status
from tests.builders import NOW
from tests.web.fakes import make_decision, make_state


def decision(**fields: Any) -> Decision:
    return msgspec.convert(make_decision(**fields), Decision)


def situation(blind: frozenset[str] = frozenset(), **fields: Any) -> Situation:
    state = msgspec.convert(make_state(**fields), GateState)
    return Situation(link=True, known=True, state=state, blind=blind)


def status_at(point_id: str, standing: Situation, connected: bool = True) -> ShowStatus:
    return show_status(standing, standing.point(point_id) or Point(point_id), NOW, connected)


@pytest.mark.parametrize("reason", [*DenyReason, *GrantReason])
def test_every_reason_has_an_outcome_and_texts_in_both_languages(reason: DenyReason | GrantReason) -> None:
    shown = show_decision(decision(granted=isinstance(reason, GrantReason), reason=reason.value))
    assert shown.outcome in ("granted", "attention", "denied")
    for language in Language:
        assert shown.title[language] == member_text(reason, language).title
        assert shown.advice[language] == member_text(reason, language).advice


def test_an_unknown_reason_reads_as_other() -> None:
    shown = show_decision(decision(granted=False, reason="reason_of_next_year"))
    assert shown.title["en"] == member_text(DenyReason.OTHER, Language.EN).title


def test_an_unknown_grant_reads_as_a_grant() -> None:
    shown = show_decision(decision(granted=True, reason="ok_of_next_year"))
    assert shown.title["en"] == member_text(GrantReason.OK, Language.EN).title


@pytest.mark.proves("S40", "S90")
def test_a_member_who_is_let_in_is_greeted_and_one_who_is_refused_is_not_named() -> None:
    let_in, refused = show_decision(decision()), show_decision(decision(granted=False, reason="fee_overdue"))
    assert (let_in.greeting, let_in.tier) == ("张女士", {"zh": "金卡会员", "en": "Gold"})
    assert (refused.greeting, refused.tier) == ("", {"zh": "", "en": ""})


@pytest.mark.proves("S40", "S57", "S76")
@pytest.mark.parametrize(
    ("note", "zh", "en"),
    [
        ({"code": "birthday"}, "生日快乐！", "Happy birthday!"),
        ({"code": "anniversary"}, "入会周年快乐！", "Happy club anniversary!"),
        ({"code": "welcome_new"}, "很高兴您加入我们", "Good to have you with us"),
        ({"code": "member_day"}, "今天是会员日", "It is members' day"),
        ({"code": "expires_soon", "days": 12}, "还有 12 天到期", "Expires in 12 days"),
        ({"code": "expires_soon", "days": 1}, "明天到期", "Expires tomorrow"),
        ({"code": "expires_soon", "days": 0}, "今天到期", "Expires today"),
    ],
)
def test_what_else_there_is_to_say_is_said_in_both_languages(note: dict[str, Any], zh: str, en: str) -> None:
    assert show_decision(decision(notes=[note])).notes == ({"zh": zh, "en": en},)


@pytest.mark.proves("S58")
def test_of_money_the_display_says_no_more_than_to_see_the_kiosk() -> None:
    notes = [{"code": code, "days": 3} for code in ("fee_due", "fee_soon", "points_run_out", "see_kiosk")]
    assert show_decision(decision(notes=notes)).notes == ({"zh": "请看自助机", "en": "Please see the kiosk"},)


def test_a_note_that_is_not_known_here_is_left_out() -> None:
    notes = [{"code": "note_of_next_year"}, {"code": "expires_soon"}, {"code": "expires_soon", "days": -1}]
    assert show_decision(decision(notes=notes)).notes == ()


def test_who_is_refused_is_told_nothing_else_before_others() -> None:
    assert show_decision(decision(granted=False, reason="fee_overdue", notes=[{"code": "birthday"}])).notes == ()


def test_a_gate_that_knows_of_no_notes_is_understood() -> None:
    assert show_decision(decision()).notes == ()


def test_a_tier_without_a_name_shows_its_id() -> None:
    assert show_decision(decision(tier_name={})).tier == {"zh": "gold", "en": "gold"}


def test_a_display_shows_its_own_access_point_only() -> None:
    show = make_display("entrance", lambda: NOW, lambda _: True)
    assert show(decision(access_point="pool")) is None
    assert show(decision()) is not None
    assert show(Passage("pool", taken=True)) is None
    assert show(Passage("entrance", taken=True)) == ShowPassage(taken=True)


def test_the_line_says_since_when_and_how_old_the_data_is() -> None:
    shown = status_at("entrance", situation(online=False, roster_age_s=600))
    assert (shown.online, shown.since_s, shown.roster_age_s) == (False, 31 * 60 + 7, 600)
    assert shown.data_as_of == "2026-11-22T08:21:07.412Z"


def test_a_time_that_cannot_be_read_does_not_stop_the_display() -> None:
    assert status_at("entrance", situation(since="yesterday")).since_s == 0


@pytest.mark.parametrize(
    ("fields", "at_the_entrance", "at_the_exit"),
    [
        ({}, "", ""),
        ({"lockdown": True}, "lockdown", ""),
        ({"journal_ok": False}, "no_journal", ""),
        ({"emergency": True, "lockdown": True}, "emergency", "emergency"),
        ({"blind": frozenset({"front"})}, "no_reader", ""),
        ({"blind": frozenset({"back"})}, "", "no_reader"),
    ],
)
def test_a_notice_is_shown_where_it_holds(fields: dict[str, Any], at_the_entrance: str, at_the_exit: str) -> None:
    standing = situation(**fields)
    assert status_at("entrance", standing).notice == at_the_entrance
    assert status_at("exit", standing).notice == at_the_exit


def test_what_is_not_known_of_the_gate_is_not_shown() -> None:
    shown = status_at("entrance", situation(), connected=False)
    assert (shown.notice, shown.online, shown.roster_revision) == ("no_gate", None, 0)
