"""What the member and staff read: nothing is missing, both languages say the same, and bystanders learn nothing."""

import re
from typing import Any

import pytest
from hypothesis import given

from kiosk.core.case import Case
from kiosk.core.decision import decide
from kiosk.core.model import Period
from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.staff_texts import STAFF, WORDS
from kiosk.core.texts import Language, MemberText, member_text, outcome_of, staff_text
from kiosk.core.visits import used_up
from tests.builders import NOW, make_usage, make_visits
from tests.strategies import cases

REASONS = [*DenyReason, *GrantReason]
BOTH = pytest.mark.parametrize("language", Language)
PRIVATE = (
    DenyReason.CREDENTIAL_REVOKED,
    DenyReason.CREDENTIAL_NOT_ENABLED,
    DenyReason.MEMBERSHIP_ENDED,
    DenyReason.MEMBERSHIP_SUSPENDED,
    DenyReason.FEE_OVERDUE,
)
TELLTALE = (
    "欠", "会费", "费用", "缴", "付款", "停用", "暂停会", "挂失", "注销", "黑名单", "违规", "等级", "银卡", "金卡",
    "fee", "pay", "paid", "owe", "overdue", "debt", "suspend", "revoke", "stolen", "blocked", "ban", "violat", "tier",
)  # fmt: skip


def _places(sentence: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", sentence))


@BOTH
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_title_and_an_advice_that_fit_the_display(reason: str, language: Language) -> None:
    text = member_text(reason, language)
    title_max, advice_max = (9, 28) if language is Language.ZH else (24, 84)
    assert 0 < len(text.title) <= title_max
    assert 0 < len(text.advice) <= advice_max
    assert text.advice.endswith("。" if language is Language.ZH else ".")
    assert "{" not in text.title + text.advice


@BOTH
@pytest.mark.parametrize("reason", REASONS)
def test_every_text_is_in_its_language(reason: str, language: Language) -> None:
    text = member_text(reason, language)
    written = text.title + text.advice + staff_text(reason, {}, language)
    has_han = re.search(r"[\u4e00-\u9fff]", written) is not None
    assert has_han == (language is Language.ZH)
    assert not re.search(r"[A-Za-z]", text.title + text.advice) or language is Language.EN


@pytest.mark.proves("S90")
@BOTH
@pytest.mark.parametrize("reason", REASONS)
def test_the_display_never_says_what_is_nobody_elses_business(reason: str, language: Language) -> None:
    text = member_text(reason, language)
    shown = (text.title + " " + text.advice).lower()
    assert [word for word in TELLTALE if re.search(rf"(?<![a-z]){word}", shown)] == []


@BOTH
def test_money_conduct_and_standing_read_alike_on_the_display_and_differ_for_staff(language: Language) -> None:
    assert len({member_text(reason, language) for reason in PRIVATE}) == 1
    assert len({staff_text(reason, {}, language) for reason in PRIVATE}) == len(PRIVATE)


@BOTH
@pytest.mark.parametrize("reason", [GrantReason.OK_STALE, GrantReason.OK_FORCED])
def test_who_is_let_in_by_exception_is_welcomed_like_everybody(reason: GrantReason, language: Language) -> None:
    assert member_text(reason, language) == member_text(GrantReason.OK, language)


@pytest.mark.parametrize("reason", [DenyReason.LOCKDOWN])
def test_a_shut_club_says_that_the_way_out_is_open(reason: DenyReason) -> None:
    assert "出口" in member_text(reason, Language.ZH).advice
    assert "way out" in member_text(reason, Language.EN).advice


@BOTH
def test_a_reason_that_is_not_known_reads_as_other(language: Language) -> None:
    assert member_text("struck_by_lightning", language) == member_text(DenyReason.OTHER, language)
    assert staff_text("struck_by_lightning", {"at": 1}, language) == staff_text(DenyReason.OTHER, {}, language)


def test_texts_are_a_title_and_an_advice_in_the_language_asked_for() -> None:
    assert member_text("fee_overdue", Language.ZH) == MemberText("请到前台", "工作人员会为您办理，谢谢。")
    assert member_text("fee_overdue", Language.EN).title == "See the front desk"


def test_staff_sentences_stand_for_every_reason_with_the_same_places_in_both_languages() -> None:
    assert list(STAFF) == REASONS
    for zh, en in STAFF.values():
        assert [_places(sentence) for sentence in zh] == [_places(sentence) for sentence in en]
        assert _places(zh[-1]) == _places(en[-1]) == []


@pytest.mark.parametrize(
    ("reason", "detail", "zh", "en"),
    [
        (
            DenyReason.NOT_PERMITTED_AT_THIS_TIME,
            {"product": "gym", "opens": "2026-11-23 06:00"},
            "gym：下次开放 2026-11-23 06:00。",
            "gym: opens 2026-11-23 06:00.",
        ),
        (
            DenyReason.NOT_PERMITTED_AT_THIS_TIME,
            {"product": "gym", "opens": ""},
            "gym：近期没有开放时段。",
            "gym: no opening in the next days.",
        ),
        (
            DenyReason.NO_VISITS_LEFT,
            {"product": "gym", "limit": 10, "used": 10, "per": "ever"},
            "gym：总次数已用完（10/10）。",
            "gym: 10 of 10 visits in all used.",
        ),
        (
            DenyReason.NO_VISITS_LEFT,
            {"product": "gym", "limit": 1, "used": 2, "per": "day"},
            "gym：今日次数已用完（2/1）。",
            "gym: 2 of 1 visits today used.",
        ),
        (
            DenyReason.FEE_OVERDUE,
            {"paid_until": "2026-10-31"},
            "会费只缴到 2026-10-31。",
            "Fee paid only until 2026-10-31.",
        ),
        (DenyReason.FEE_OVERDUE, {"unpaid": "e1"}, "权益 e1 尚未付款。", "Entitlement e1 is not paid."),
        (DenyReason.CREDENTIAL_REVOKED, {"by": "lost"}, "此卡已停用（挂失）。", "Card withdrawn (reported lost)."),
        (
            DenyReason.MEMBERSHIP_SUSPENDED,
            {"from": "2026-11-22", "until": ""},
            "会籍自 2026-11-22 起暂停。",
            "Membership suspended since 2026-11-22.",
        ),
        (DenyReason.TOO_SOON, {"product": "gym", "wait_s": 119}, "gym：还要等 119 秒。", "gym: 119 s to wait."),
        (DenyReason.TOO_SOON, {"product": "gym", "wait_s": 120}, "gym：还要等 2 分钟。", "gym: 2 min to wait."),
        (
            DenyReason.ROSTER_TOO_OLD,
            {"age_s": 15 * 86400},
            "名单已 15 天 没有更新：请检查网络。",
            "The roster is 15 days old: check the network.",
        ),
        (DenyReason.TIER_TOO_LOW, {"needed": "gold", "tier": ""}, "需要等级 gold。", "Needs tier gold."),
        (DenyReason.AREA_FULL, {"capacity": 2, "inside": 2}, "满员：2 人在内，限 2 人。", "Full: 2 inside, 2 allowed."),
    ],
)
def test_staff_read_the_nearest_miss(reason: DenyReason, detail: dict[str, Any], zh: str, en: str) -> None:
    assert staff_text(reason, detail, Language.ZH) == zh
    assert staff_text(reason, detail, Language.EN) == en


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (1, "1 秒", "1 s"),
        (119, "119 秒", "119 s"),
        (120, "2 分钟", "2 min"),
        (7199, "119 分钟", "119 min"),
        (7200, "2 小时", "2 hours"),
        (172799, "47 小时", "47 hours"),
        (172800, "2 天", "2 days"),
    ],
)
def test_durations_are_told_in_the_largest_unit_that_fits_twice(seconds: int, zh: str, en: str) -> None:
    detail = {"product": "gym", "wait_s": seconds}
    assert staff_text(DenyReason.TOO_SOON, detail, Language.ZH) == f"gym：还要等 {zh}。"
    assert staff_text(DenyReason.TOO_SOON, detail, Language.EN) == f"gym: {en} to wait."


def test_every_code_a_visit_rule_can_give_has_words() -> None:
    rules = [make_visits(ever=0), make_visits(ever=None, days=0)]
    rules += [make_visits(ever=None, per_period=0, period=period) for period in Period]
    for rule in rules:
        spent = used_up(rule, make_usage(86400), NOW)
        assert spent is not None
        assert ("per", spent["per"]) in WORDS


@given(cases())
def test_whatever_is_missing_can_be_told_to_staff(case: Case) -> None:
    decision = decide(case)
    for language in Language:
        sentence = staff_text(decision.event.reason, decision.detail, language)
        assert sentence
        assert "{" not in sentence


@pytest.mark.parametrize(
    ("granted", "reason", "outcome"),
    [
        (True, "ok", "granted"),
        (True, "ok_exit", "granted"),
        (True, "ok_soft_antipassback", "attention"),
        (True, "ok_stale", "attention"),
        (True, "ok_forced", "attention"),
        (True, "emergency", "attention"),
        (True, "ok_of_next_year", "granted"),
        (False, "fee_overdue", "denied"),
        (False, "reason_of_next_year", "denied"),
    ],
)
def test_a_reason_is_green_amber_or_red(granted: bool, reason: str, outcome: str) -> None:
    assert outcome_of(granted, reason) == outcome
