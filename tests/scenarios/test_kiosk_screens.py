"""Members at a kiosk and a sale at the bar, in a real browser against real processes, while things go wrong."""

import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.central.care.surveys import feedback_page
from kiosk.central.club import coupons, tiers
from kiosk.club.tiers import Basis
from kiosk.core.releases import ReleaseWhy
from kiosk.web.words_attendant import RELEASE
from tests.faults.club import UNKNOWN_CARD
from tests.scenarios.screens import (
    ATTENDANT,
    CONSENTS,
    COUPON,
    FEE_MINOR,
    GIFT_POINTS,
    LINE_S,
    MONEY_S,
    PIN,
    POINTS,
    RESTART_S,
    TEA_MINOR,
    Guest,
    Hall,
    Kiosk,
    a_hall,
    a_kiosk,
)  # fmt: skip
from tests.support.leaks import LeakCheck
from tests.support.wait import eventually
from tests.web.browser import go, on, open_page, speak

pytestmark = [pytest.mark.browser, pytest.mark.mosquitto, pytest.mark.faketime]

LANGUAGES = ["zh", "en"]
SAID = {
    "zh": {
        "paid": "付款成功", "unheard": "还没有扣款", "credited": "款项会入账", "five": "5 小时", "lifted": "卡已拿开",
        "later": "联网后自动入账",
    },
    "en": {
        "paid": "Paid", "unheard": "Nothing is charged", "credited": "it will be credited", "five": "5 h",
        "lifted": "Card taken away", "later": "booked when the line is back",
    },
}  # fmt: skip
"""What the screens say in each language."""

WISHES = (
    ("points", "reward", "redeem"), ("activities", "sign_in"), ("data", "confirm"), ("feedback", "words", "leave"),
    ("votes", "paper", "pick", "hand_in"), ("surveys", "paper", "pick", "hand_in"),
)  # fmt: skip
"""What is pressed, one after the other, for each thing that a member can want there."""


def guests(number: int, zh: str, en: str, visits: str = "") -> dict[str, Guest]:
    """Return who stands at the kiosk in a story, when it speaks one language and when it speaks the other."""
    names = {"zh": zh, "en": en}
    return {
        language: Guest(f"K{number + place}", names[language], f"04A1B2C3{number + place}10", visits)
        for place, language in enumerate(LANGUAGES)
    }


PLAIN, KILLED = guests(8101, "赵一鸣", "曹子建"), guests(8103, "褚双喜", "魏长生")
CHOOSING, COMING = guests(8105, "孙三省", "陶行之"), guests(8107, "李四光", "姜太初")
PAYING = guests(8109, "吴五常", "戚少商")
FIRST, SECOND = guests(8111, "陈晓岚", "邹静之"), guests(8113, "郑子昂", "窦一虎")
WISHERS, PAYERS = guests(8301, "卫子夫", "蒋南翔"), guests(8401, "韩百川", "杨万里")
HOLDERS = guests(8501, "朱九龄", "秦八月", visits="10")
APPLICANTS = {"zh": ("weizifu", "13812340001"), "en": ("jiangnanxiang", "13812340002")}
DRINKER, DRINKER_MINOR = Guest("K8201", "冯小桥", "04A1B2C3820110"), 30_000


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_running() -> Iterator[None]:
    """Fails the module, instead of each test, after which something goes on: stories start processes again."""
    check = LeakCheck()
    yield
    check.finish()


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall whose guests have no money yet, but for the drinker."""
    stories = (PLAIN, KILLED, CHOOSING, COMING, PAYING, FIRST, SECOND, WISHERS, PAYERS, HOLDERS)
    all_of_them = tuple(guest for story in stories for guest in story.values())
    with a_hall(tmp_path_factory.mktemp("hall"), all_of_them, DRINKER, DRINKER_MINOR) as opened:
        opened.offer_everything(WISHERS.values())
        opened.ask_fees(PAYERS.values())
        opened.give_coupons(HOLDERS.values())
        yield opened


@pytest.fixture
def kiosk(hall: Hall, browser: Browser) -> Iterator[Kiosk]:
    """The kiosk, with nobody there."""
    with a_kiosk(hall, browser) as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_double_press_and_a_second_tab_bring_one_code_that_is_paid_shown_and_credited_once(
    hall: Hall, kiosk: Kiosk, language: str
) -> None:
    page, guest = kiosk.page, PLAIN[language]
    kiosk.lay(guest)
    speak(page, language)
    go(page, "top_up")
    on(page, "top_up")
    page.locator("main [data-go=way]").first.dblclick()
    kiosk.sees_code()
    assert page.evaluate(PRESS_TWICE) == [200, 200]
    second = page.context.new_page()
    second.goto(page.url)
    on(second, "elsewhere")
    assert_nothing_of(guest, second)
    second.close()
    on(page, "pay")
    kiosk.pay(guest, 100)
    assert_paid(page, language, "¥100.00")
    assert hall.is_credited(guest)
    assert [each.state for each in hall.orders(guest)] == ["paid"]
    go(page, "finish")
    on(page, "attract")
    assert_nothing_of(guest, page)


PRESS_TWICE = """
async () => {
  const values = { for: "top_up", amount_minor: "10000", way: "wechat" };
  const session = document.querySelector(".kiosk").dataset.session;
  const press = () => fetch(document.body.dataset.do, {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ page: document.body.dataset.page, session, go: "pay", values }),
  });
  return (await Promise.all([press(), press()])).map((each) => each.status);
}
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kiosk_that_is_killed_after_its_code_was_paid_credits_all_the_same_and_invites_the_next(
    hall: Hall, kiosk: Kiosk, language: str
) -> None:
    guest = KILLED[language]
    kiosk.lay(guest)
    speak(kiosk.page, language)
    kiosk.order(57)
    kiosk.sees_code()
    kiosk.pay(guest, 57)
    hall.club.kill("web")
    on(kiosk.page, "lost")
    assert_nothing_of(guest, kiosk.page)
    hall.club.start("web")
    eventually(lambda: hall.is_credited(guest), MONEY_S)
    expect(kiosk.page.locator(".kiosk")).to_have_attribute("data-screen", "attract", timeout=RESTART_S * 1000)
    assert_nothing_of(guest, kiosk.page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_cut_while_an_amount_is_chosen_ends_with_nothing_charged_and_entry_goes_on(
    hall: Hall, kiosk: Kiosk, language: str
) -> None:
    page, guest = kiosk.page, CHOOSING[language]
    kiosk.lay(guest)
    speak(page, language)
    go(page, "top_up")
    on(page, "top_up")
    with hall.line_cut():
        go(page, "way")
        expect(page.locator(".banner-attention")).to_be_visible(timeout=LINE_S * 1000)
        assert hall.club.tap(guest.card)["granted"]
        go(page, "cancel")
        on(page, "ending")
        expect(page.locator("h1")).to_contain_text("(E21)")
        expect(page.locator(".foot")).to_have_attribute("data-online", "no")
    assert [each.code for each in hall.orders(guest) if each.state == "paid"] == []
    kiosk.lay(guest)
    go(page, "balance")
    expect(page.locator(".sum-big")).to_contain_text("¥0.00")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_cut_while_the_code_is_coming_only_makes_it_come_later(hall: Hall, kiosk: Kiosk, language: str) -> None:
    page, guest, provider = kiosk.page, COMING[language], hall.club.running["provider"]
    kiosk.lay(guest)
    speak(page, language)
    provider.signal(signal.SIGSTOP)
    try:
        kiosk.order(58)
        with hall.line_cut():
            expect(page.locator(".banner-attention")).to_contain_text(SAID[language]["unheard"], timeout=LINE_S * 1000)
            expect(page.locator("svg.code")).to_have_count(0)
            provider.signal(signal.SIGCONT)
            eventually(lambda: hall.code(guest), MONEY_S)
    finally:
        provider.signal(signal.SIGCONT)
    kiosk.sees_code()
    kiosk.pay(guest, 58)
    assert_paid(page, language, "¥58.00")
    assert hall.is_credited(guest)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_cut_and_a_clock_that_jumps_while_the_payment_is_waited_for_change_nothing_of_it(
    hall: Hall, kiosk: Kiosk, language: str
) -> None:
    page, guest = kiosk.page, PAYING[language]
    kiosk.lay(guest)
    speak(page, language)
    kiosk.order(59)
    kiosk.sees_code()
    try:
        with hall.line_cut():
            expect(page.locator(".banner-attention")).to_contain_text(SAID[language]["credited"], timeout=LINE_S * 1000)
            hall.move_box_clock(timedelta(hours=5))
            kiosk.pay(guest, 59)
            eventually(lambda: hall.is_credited(guest), MONEY_S)
            expect(page.locator(".foot")).to_contain_text(SAID[language]["five"], timeout=LINE_S * 1000)
            on(page, "pay")
            assert page.locator("[data-left-s]").inner_text() in {f"{n // 60}:{n % 60:02}" for n in range(1, 900)}
        assert_paid(page, language, "¥59.00")
    finally:
        hall.move_box_clock(timedelta())


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_card_a_reload_and_the_way_back_show_nothing_of_who_paid_and_the_money_is_the_payers(
    hall: Hall, kiosk: Kiosk, language: str
) -> None:
    page, first, second = kiosk.page, FIRST[language], SECOND[language]
    kiosk.lay(first)
    speak(page, language)
    expect(page.locator("[data-part=card-chip-text]")).to_have_text(SAID[language]["lifted"])
    kiosk.order(61)
    kiosk.sees_code()
    kiosk.lay(second)
    assert_nothing_of(first, page)
    assert "¥61" not in page.locator("main").inner_text()
    kiosk.pay(first, 61)
    eventually(lambda: hall.is_credited(first), MONEY_S)
    go(page, "balance")
    expect(page.locator(".sum-big")).to_contain_text("¥0.00")
    assert_nothing_of(first, page)
    for leave in (page.reload, lambda: (page.goto("about:blank"), page.go_back())):
        leave()
        on(page, "attract")
        assert_nothing_of(second, page)
    assert hall.orders(second) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_line", [True, False], ids=["line", "no line"])
def test_a_sale_at_the_bar_with_a_line_or_without_one_arrives_once(
    hall: Hall, browser: Browser, language: str, has_line: bool
) -> None:
    before = hall.sales()
    address = f"http://127.0.0.1:{hall.web_port}/till?lang={language}"
    with open_page(browser, address) as page:
        page.locator("[data-part=code]").fill("li")
        page.locator("[data-part=code]").press("Enter")
        if has_line:
            sell(hall, page)
        else:
            with hall.line_cut():
                expect(page.locator("[data-part=limits]")).to_be_visible(timeout=LINE_S * 1000)
                sell(hall, page)
                expect(page.locator("[data-part=result-note]")).to_contain_text(SAID[language]["later"])
    made = eventually(lambda: hall.sales() - before, MONEY_S)
    assert len(made) == 1
    spent = TEA_MINOR * len(before | made)
    eventually(lambda: hall.has(DRINKER) == DRINKER_MINOR - spent, MONEY_S)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_member_wishes_at_the_kiosk_stands_in_the_books(hall: Hall, kiosk: Kiosk, language: str) -> None:
    page, guest = kiosk.page, WISHERS[language]
    kiosk.lay(guest)
    speak(page, language)
    for taps in WISHES:
        for where in taps:
            go(page, where)
        on(page, "result")
        expect(page.locator(".notice-done"), taps[0]).to_be_visible()
        go(page, "home")
        on(page, "home")
    view = hall.view(guest)
    assert view.points.available == view.points.lifetime - GIFT_POINTS
    assert [each.signed_in for each in view.activities] == [True]
    assert [each.done for each in (*view.votes, *view.surveys)] == [True, True]
    assert view.confirmed_on is not None
    with hall.books.look() as look:
        assert hall.member(guest) in [each.member for each in feedback_page(look)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fee_that_is_due_is_paid_at_the_kiosk_and_makes_paid_once_until_the_day_that_was_told(
    hall: Hall, kiosk: Kiosk, language: str
) -> None:
    page, guest = kiosk.page, PAYERS[language]
    asked = hall.view(guest).ahead[0]
    assert hall.fees_of(guest) == (asked.amount_minor, [], None)
    kiosk.lay(guest)
    speak(page, language)
    go(page, "dues")
    expect(page.locator(".rows li")).to_contain_text("¥88.00")
    go(page, "way")
    kiosk.sees_code()
    kiosk.pay(guest, 88, fee=True)
    assert_paid(page, language, asked.until.isoformat())
    assert hall.fees_of(guest) == (0, [FEE_MINOR], asked.until)
    go(page, "home")
    go(page, "dues")
    expect(page.locator(".empty")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_member_sees_the_coupons_and_visits_of_the_books_and_what_the_next_tier_asks_for(
    hall: Hall, kiosk: Kiosk, language: str
) -> None:
    page, guest = kiosk.page, HOLDERS[language]
    assert hall.club.tap(guest.card)["granted"]
    eventually(lambda: [each.left for each in hall.view(guest).rights] == [9], MONEY_S)
    with hall.books.look() as look:
        (coupon,) = coupons.coupons_of(look, hall.member(guest))
        next_tier = tiers.outlook(look, hall.member(guest)).missing
    assert next_tier is not None
    kiosk.lay(guest)
    speak(page, language)
    go(page, "coupons")
    expect(page.locator(".offer")).to_have_count(2)
    expect(page.locator(".offer").first).to_contain_text(COUPON)
    expect(page.locator(".offer").first).to_contain_text(coupon.last.isoformat())
    expect(page.locator(".offer").last).to_contain_text({"zh": "剩 9 次", "en": "9 left"}[language])
    go(page, "home")
    go(page, "tier")
    bars = page.locator(".progress")
    expect(bars).to_have_count(len(next_tier.missing))
    for place, each in enumerate(next_tier.missing):
        expect(bars.nth(place).locator("progress")).to_have_attribute("max", str(each.needed))
        expect(bars.nth(place).locator("progress")).to_have_attribute("value", str(min(each.have, each.needed)))
    (gap,) = (each.needed - POINTS for each in next_tier.missing if each.basis is Basis.LIFETIME_POINTS)
    said = {"zh": f"还差 {gap:,}", "en": f"{gap:,} to go"}[language]
    expect(bars.filter(has_text=f"{POINTS} / ")).to_contain_text(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_joins_at_the_kiosk_or_calls_for_help_there_is_seen_at_the_desk(
    hall: Hall, kiosk: Kiosk, browser: Browser, language: str
) -> None:
    page, (name, phone) = kiosk.page, APPLICANTS[language]
    with hall.desk(browser, language) as desk:
        speak(page, language)
        page.locator("[data-part=help]").click()
        expect(page.locator("[data-part=toast]")).to_be_visible()
        answer = desk.locator("[data-refresh-s] a[href^='/do/answer_help_call']")
        expect(answer).to_be_visible(timeout=MONEY_S * 1000)
        go(page, "join")
        for _ in CONSENTS:
            on(page, "consent")
            go(page, "agree")
        for said in (phone, "19860517", name):
            on(page, "step")
            kiosk.type(said)
        on(page, "check")
        go(page, "apply")
        on(page, "result")
        desk.reload()
        expect(desk.locator("main")).to_contain_text(name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_taps_are_shown_at_the_gate_and_its_attendant_lets_somebody_in(
    hall: Hall, browser: Browser, language: str
) -> None:
    base, query = f"http://127.0.0.1:{hall.web_port}", f"?lang={language}"
    with (
        open_page(browser, f"{base}/gate/entrance{query}") as gate,
        open_page(browser, f"{base}/attendant{query}") as post,
    ):
        post.locator("[data-part=code]").fill(ATTENDANT)
        post.locator("[data-part=pin]").fill(PIN)
        post.locator("[data-part=pin]").press("Enter")
        post.locator(".point").first.click()
        expect(post.locator("body")).to_have_attribute("data-mood", "normal")
        expect(gate.locator("body")).to_have_attribute("data-online", "true", timeout=LINE_S * 1000)
        for card, outcome in ((WISHERS[language].card, "granted"), (UNKNOWN_CARD, "denied")):
            hall.club.tap(card)
            expect(gate.locator("body")).to_have_attribute("data-outcome", outcome)
        post.locator(".choice", has=post.locator("input[value=card_forgotten]")).click()
        post.locator("[data-part=release]").click()
        expect(post.locator("[data-part=released]")).to_be_visible()
        expect(gate.locator("body")).to_have_attribute("data-outcome", "attention")
        why = RELEASE[ReleaseWhy.CARD_FORGOTTEN.value]
        expect(post.locator(".tap").first).to_contain_text({"zh": why.zh, "en": why.en}[language])


def sell(hall: Hall, page: Page) -> None:
    """Sell a tea to the drinker, by the card, with a double press."""
    page.locator("[data-item=tea] button").click()
    hall.tap(DRINKER, "till")
    expect(page.locator("input[value=stored_value]")).to_be_checked()
    expect(page.locator("[data-part=pay]")).to_be_enabled()
    page.locator("[data-part=pay]").dblclick()
    expect(page.locator("[data-part=result]")).to_have_attribute("data-mood", "granted")


@pytest.mark.proves("S45")
def test_after_all_of_it_central_has_what_the_box_wrote_and_every_payment_is_one_credit(hall: Hall) -> None:
    hall.assert_nothing_was_lost_or_doubled()


def assert_paid(page: Page, language: str, balance: str) -> None:
    """Hold that a payment is shown, with the balance after it."""
    expect(page.locator(".kiosk")).to_have_attribute("data-screen", "ending", timeout=MONEY_S * 1000)
    expect(page.locator("h1")).to_contain_text(SAID[language]["paid"])
    expect(page.locator(".facts-result")).to_contain_text(balance)


def assert_nothing_of(guest: Guest, page: Page) -> None:
    """Hold that neither a name nor a number of a guest is anywhere in the page."""
    assert [each for each in (guest.name[0], guest.number[1:], guest.card) if each in page.content()] == []
